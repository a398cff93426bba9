"""`audit verify|head|export|check-receipt`: what was done, and proof that it still says so."""

from pathlib import Path

from app.cli.answer import NO_EXIT, YES_EXIT, Answer
from app.cli.render import Line, Style
from app.cli.request import Request
from app.cli.session import opened_gallery
from app.cli.trust_documents import AuditChecked, AuditExported, AuditHead
from app.present.audit import audit_lines, report_sentences
from core.gallery.draft import replacing


def verify(request: Request) -> Answer:
    """Whether an event was removed, altered or moved."""
    with opened_gallery(request) as store:
        report = store.ledger.check()
    document = AuditChecked(
        whole=not report.faults, events=report.events, head=report.head, faults=report.faults
    )
    answer, *more = report_sentences(report)
    style = Style.BAD if report.faults else Style.GOOD
    lines = (Line(answer, style), *(Line(sentence) for sentence in more))
    return Answer(document, lines, NO_EXIT if report.faults else YES_EXIT)


def head(request: Request) -> Answer:
    """The newest event's digest and the public key of receipts, to be kept elsewhere."""
    with opened_gallery(request) as store:
        report, public_key = store.ledger.check(), store.ledger.public_key.hex()
    lines = (_head(report.head), Line(f"Public key of receipts: {public_key}"))
    return Answer(AuditHead(head=report.head, public_key=public_key), lines)


def export(request: Request, target: Path) -> Answer:
    """Write all events, one JSON document a line."""
    with opened_gallery(request) as store:
        events = store.ledger.events()
    with replacing(target) as draft:
        draft.write_bytes(b"".join(audit_lines(events)))
    words = Line(f"Wrote {len(events)} events to {target}.", Style.GOOD)
    return Answer(AuditExported(path=str(target), events=len(events)), (words,))


def _head(text: str) -> Line:
    return Line(f"Newest event: {text}" if text else "There is no event yet.")
