"""`people erase|terms` and `gallery expire`: how long somebody is kept, and the end of it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from app.cli.answer import NO_EXIT, YES_EXIT, Answer
from app.cli.render import Block, Line, Style, Table, confirm
from app.cli.request import Request
from app.cli.session import opened_gallery
from app.cli.trust_documents import Certificate, Due, Erased, Expired, TermsSet
from app.present.history import certificate_sentences
from core.domain.erasure import ErasureCertificate
from core.domain.template import Subject
from core.errors import FAULT_EXIT, UsageError
from core.gallery.draft import replacing
from core.ports import Gallery

NEVER = "never"


def day_of(text: str | None) -> date | None:
    """The date in ISO 8601; None for no limit.

    Raises:
        UsageError: It is no date.
    """
    if text is None or text == NEVER:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            reason=f"'{text}' is no date; write one like 2027-12-31, or '{NEVER}'"
        ) from error


def set_terms(request: Request, name: str, consent: str | None, keep_until: str | None) -> Answer:
    """Note on what consent, and until which day, somebody is kept; what is not given stays."""
    if consent is None and keep_until is None:
        raise UsageError(reason="Give --consent or --keep-until, or both")
    day = day_of(keep_until)
    with opened_gallery(request) as store:
        subject = store.gallery.find(name)
        subject = store.gallery.set_terms(
            subject.subject_id,
            subject.consent if consent is None else consent,
            subject.retain_until if keep_until is None else day,
        )
    lines = tuple(Line(text, Style.GOOD) for text in terms_words(subject))
    return Answer(
        TermsSet(name=subject.name, consent=subject.consent, keep_until=_iso(subject)), lines
    )


def terms_words(subject: Subject) -> tuple[str, ...]:
    """Consent and last day in words."""
    last = subject.retain_until
    until = f"until {last.isoformat()}" if last else "without a last day"
    consent = f"Consent: {subject.consent}" if subject.consent else "No consent is noted."
    return (f"{subject.name} is kept {until}.", consent)


def erase(request: Request, name: str, yes: bool, certificate: Path | None) -> Answer:
    """Destroy all that is kept of somebody, once confirmed."""
    with opened_gallery(request) as store:
        subject = store.gallery.find(name)
        question = (
            f"Erase {subject.name} with all {subject.references} references for good? "
            "This cannot be undone; `people delete` can."
        )
        if not yes and not confirm(question):
            return Answer(Erased(certificate=None), (Line("Nothing was erased."),), NO_EXIT)
        done = store.gallery.erase(subject.subject_id)
    document = Erased(certificate=_document(done))
    if certificate is not None:
        _write(certificate, (done,))
    lines = [Line(f"{subject.name} was erased.", Style.GOOD)]
    lines.extend(Line(sentence) for sentence in certificate_sentences(done))
    return Answer(document, tuple(lines), YES_EXIT if done.complete else FAULT_EXIT)


def expire(request: Request, yes: bool, dry_run: bool, certificate: Path | None) -> Answer:
    """List whose last day is over and, once confirmed, erase them."""
    with opened_gallery(request) as store:
        subjects = store.gallery.due(datetime.now(UTC).date())
        due = tuple(Due(name=one.name, keep_until=_iso(one) or "") for one in subjects)
        if not due:
            return Answer(Expired(due=(), certificates=()), (Line("Nobody's last day is over."),))
        listed: list[Block] = [
            Table(("due", "last day"), tuple((one.name, one.keep_until) for one in due))
        ]
        people = "this person" if len(due) == 1 else f"these {len(due)} people"
        asked = dry_run or yes or confirm(f"{_named(subjects)}: erase {people} for good?")
        if dry_run or not asked:
            words = "Nothing was erased."
            code = YES_EXIT if dry_run else NO_EXIT
            return Answer(Expired(due=due, certificates=()), (*listed, Line(words)), code)
        done = _erase_all(store.gallery, subjects)
    if certificate is not None:
        _write(certificate, done)
    lines = [Line(sentence) for one in done for sentence in certificate_sentences(one)]
    document = Expired(due=due, certificates=tuple(_document(one) for one in done))
    code = YES_EXIT if all(one.complete for one in done) else FAULT_EXIT
    return Answer(document, (*listed, Line(f"Erased: {len(done)}.", Style.GOOD), *lines), code)


def _erase_all(gallery: Gallery, subjects: Sequence[Subject]) -> list[ErasureCertificate]:
    done: list[ErasureCertificate] = []
    for subject in subjects:
        # Who had been merged into somebody before them in the list went together with them.
        if not any(subject.subject_id in one.subjects for one in done):
            done.append(gallery.erase(subject.subject_id))
    return done


def _write(path: Path, certificates: Sequence[ErasureCertificate]) -> None:
    documents = [_document(one) for one in certificates]
    with replacing(path) as draft:
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(documents), indent=2) + b"\n")


def _document(certificate: ErasureCertificate) -> Certificate:
    return Certificate(
        at=certificate.at.isoformat(),
        subjects=certificate.subjects,
        references=certificate.references,
        pictures=certificate.pictures,
        journal_entries=certificate.journal_entries,
        audit_entry=certificate.event,
        audit_digest=certificate.digest,
        log_empty=certificate.log_empty,
        backups_cleaned=certificate.backups_cleaned,
        backups_left=certificate.backups_left,
        complete=certificate.complete,
    )


def _iso(subject: Subject) -> str | None:
    return None if subject.retain_until is None else subject.retain_until.isoformat()


def _named(subjects: Sequence[Subject]) -> str:
    return ", ".join(subject.name for subject in subjects)
