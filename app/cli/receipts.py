"""`verify --receipt` and `audit check-receipt`: a decision on paper, and whether it holds."""

import hashlib
import re
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from app.cli.answer import NO_EXIT, YES_EXIT, Answer
from app.cli.judging import Judged, claim_of, judge
from app.cli.render import Line, Style
from app.cli.request import Request
from app.cli.session import folders_of, opened_gallery, opened_services
from app.cli.trust_documents import ReceiptChecked
from app.version import program_version
from core.attempts.receipt import (
    Circumstances,
    follows,
    is_genuine,
    make_receipt,
    read_receipt,
    same_score,
)
from core.domain.frame import Frame
from core.domain.receipt import Receipt, ReceiptModel, SignedReceipt
from core.domain.template import Subject
from core.errors import UNDECIDED_EXIT, UsageError
from core.opencv import cv2
from core.wiring import Services

_KEY = re.compile(r"[0-9a-f]{64}")
Signer = Literal["this gallery", "the given key", "unknown"]
_FOLLOWS = {
    True: "The outcome follows from the scores and the threshold in it.",
    False: "The outcome does not follow from the scores and the threshold in it.",
}
_REPRODUCED = {
    True: "Deciding again gave the same.",
    False: "Deciding again gave something else.",
    None: "It was not decided again.",
}
_STYLES = {True: Style.GOOD, False: Style.BAD, None: Style.PLAIN}
_OUTCOMES = {
    "accepted": "accepted as",
    "rejected": "not accepted as",
    "inconclusive": "undecided on",
}


@dataclass(frozen=True, slots=True)
class ReceiptWish:
    """A receipt that was asked for.

    Attributes:
        with_picture: Whether it holds the frame in question.
    """

    path: Path
    with_picture: bool


@dataclass(frozen=True, slots=True)
class Repeated:
    """What deciding again gave; `reproduced` is None where there was nothing to decide on."""

    reproduced: bool | None
    score: float | None
    notes: tuple[str, ...]


def receipt_of(
    services: Services, judged: Judged, subject: Subject, wish: ReceiptWish
) -> SignedReceipt:
    """The signed receipt of a verification of `subject`."""
    pack, best = services.vision.pack, judged.best
    quality = {} if best is None or best.quality is None else best.quality.components
    told = Circumstances(
        program_version=program_version(),
        at=datetime.now(UTC),
        claim_name="" if services.settings.kiosk else subject.name,
        model=ReceiptModel(name=pack.name, model_id=pack.model_id, sha256=pack.card.sha256),
        source=judged.source,
        source_sha256="" if judged.image is None else _sha256(judged.image),
        quality={component.value: value for component, value in quality.items()},
        frame=None if best is None else best.frame.index,
        picture_png=_png(best.frame) if best is not None and wish.with_picture else b"",
    )
    return make_receipt(judged.decision, told, services.store.ledger)


def check(
    request: Request, file: Path, image: Path | None, source: str | None, public_key: str | None
) -> Answer:
    """Whether a receipt is genuine and, as far as there are the means, its decision holds."""
    if public_key is not None and not _KEY.fullmatch(public_key):
        raise UsageError(
            reason="--public-key is 64 hexadecimal digits, as `audit head` prints them"
        )
    signed = read_receipt(file)
    genuine, sound = is_genuine(signed), follows(signed.receipt)
    signer: Signer = "unknown"
    if signed.public_key == public_key:
        signer = "the given key"
    elif public_key is None and signed.public_key == _own_key(request):
        signer = "this gallery"
    repeated = Repeated(None, None, ())
    if genuine and sound and signer == "this gallery":
        repeated = _repeat(request, signed.receipt, image, source)
    return _answer(signed, genuine, sound, signer, repeated)


def _own_key(request: Request) -> str | None:
    """The public key of the gallery here; None where there is none."""
    if not folders_of(request).gallery_file.exists():
        return None
    with opened_gallery(request) as store:
        return store.ledger.public_key.hex()


def _repeat(request: Request, receipt: Receipt, image: Path | None, source: str | None) -> Repeated:
    if image is None and source is None and not receipt.picture_png:
        return Repeated(None, None, ("Give the picture or --source to decide again.",))
    with opened_services(replace(request, model=receipt.model.name)) as services:
        pack = services.vision.pack
        if (pack.model_id, pack.card.sha256) != (receipt.model.model_id, receipt.model.sha256):
            return Repeated(None, None, (f"'{receipt.model.name}' is another model by now.",))
        subjects = [one for one in services.gallery.subjects() if one.subject_id == receipt.claim]
        if not subjects:
            return Repeated(None, None, ("Nobody with the receipt's id is enrolled any more.",))
        [subject] = subjects
        # The threshold of then, whatever is set now.
        then = replace(services, vision=replace(services.vision, point=receipt.point))
        if image is None and source is None:
            return _repeat_frame(then, receipt, subject)
        return _repeat_all(then, receipt, subject, image, source)


def _repeat_all(
    services: Services, receipt: Receipt, subject: Subject, image: Path | None, source: str | None
) -> Repeated:
    notes: list[str] = []
    if image is not None and _sha256(image) != receipt.source_sha256:
        notes.append(f"'{image}' is not the file that the receipt is about.")
    decision = judge(services, claim_of(services, subject), image, source).decision
    score = decision.score.value if decision.score else None
    same = decision.outcome.value == receipt.outcome and same_score(receipt.score, score)
    return Repeated(same and not notes, score, (*notes, *_changed(receipt, decision.comparisons)))


def _repeat_frame(services: Services, receipt: Receipt, subject: Subject) -> Repeated:
    """Compare the picture in the receipt again, and its score with the one that it had."""
    stated = [one.score for one in receipt.frames if one.index == receipt.frame]
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "receipt.png"
        picture.write_bytes(receipt.picture_png)
        decision = judge(services, claim_of(services, subject), picture, None).decision
    score = decision.score.value if decision.score else None
    same = bool(stated) and same_score(stated[-1], score)
    return Repeated(same, score, _changed(receipt, decision.comparisons))


def _changed(receipt: Receipt, comparisons: int) -> tuple[str, ...]:
    if comparisons == receipt.comparisons:
        return ()
    return (
        f"The person has {comparisons} references now, and had {receipt.comparisons} then: scores "
        "may differ for that reason.",
    )


def _answer(
    signed: SignedReceipt, genuine: bool, sound: bool, signer: Signer, repeated: Repeated
) -> Answer:
    receipt = signed.receipt
    document = ReceiptChecked(
        genuine=genuine,
        signer=signer,
        follows=sound,
        reproduced=repeated.reproduced,
        score=repeated.score,
        outcome=receipt.outcome,
        at=receipt.at,
        claim_name=receipt.claim_name,
        notes=repeated.notes,
    )
    if not genuine:
        line = Line("The receipt was altered: its signature does not fit.", Style.BAD)
        return Answer(document, (line,), NO_EXIT)
    who = receipt.claim_name or receipt.claim
    stated = Line(f"It says: {_OUTCOMES[receipt.outcome]} {who}, {receipt.at}.")
    if signer == "unknown":
        lines = (
            Line("Nothing was altered, but nobody here knows who signed it.", Style.CAUTION),
            stated,
            Line("Give the signer's --public-key, as its `audit head` prints it."),
        )
        return Answer(document, lines, UNDECIDED_EXIT)
    good = sound and repeated.reproduced is not False
    found = (
        Line(f"Nothing was altered since {signer} signed it.", Style.GOOD),
        stated,
        Line(_FOLLOWS[sound], Style.PLAIN if sound else Style.BAD),
        Line(_REPRODUCED[repeated.reproduced], _STYLES[repeated.reproduced]),
        *(Line(note) for note in repeated.notes),
    )
    return Answer(document, found, YES_EXIT if good else NO_EXIT)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _png(frame: Frame) -> bytes:
    done, encoded = cv2.imencode(".png", frame.pixels)
    assert done, "a frame is a picture"
    return encoded.tobytes()
