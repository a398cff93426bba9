"""Receipts: a decision written down and signed, so that it can be checked again later."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from core.domain.decision import Decision
from core.domain.receipt import Receipt, ReceiptFrame, ReceiptModel, SignedReceipt
from core.errors import ReceiptUnreadableError, ReceiptUnwritableError
from core.ports import Ledger
from core.security.signing import is_signed

PURPOSE = "pocketface receipt 1"
MAX_BYTES = 64 * 1024 * 1024  # a frame of 8K as PNG is half of it; anything longer is no receipt
SAME_SCORE = 1e-3  # other machines round float32 products differently, by less than this
PRIVATE_FILE = 0o600


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a receipt tells beyond the decision.

    Attributes:
        source_sha256: Of a picture's file; empty for other sources.
        frame: The frame in question; None without one, and `quality` then empty.
        picture_png: That frame; empty if it is not to be kept.
    """

    program_version: str
    at: datetime
    claim_name: str
    model: ReceiptModel
    source: str
    source_sha256: str
    quality: Mapping[str, int]
    frame: int | None
    picture_png: bytes


def make_receipt(decision: Decision, told: Circumstances, ledger: Ledger) -> SignedReceipt:
    """The receipt of a verification, signed by the gallery."""
    assert decision.claim is not None, "a receipt is of a claim"
    receipt = Receipt(
        program_version=told.program_version,
        at=told.at.isoformat(),
        outcome=decision.outcome.value,
        claim=decision.claim,
        claim_name=told.claim_name,
        score=decision.score.value if decision.score else None,
        point=decision.point,
        model=told.model,
        comparisons=decision.comparisons,
        agreeing=decision.agreeing,
        needed=decision.needed,
        reasons=tuple(reason.value for reason in decision.reasons),
        source=told.source,
        source_sha256=told.source_sha256,
        quality=dict(told.quality),
        frame=told.frame,
        frames=tuple(
            ReceiptFrame(
                index=entry.index,
                captured_at_s=entry.captured_at,
                score=entry.score.value if entry.score else None,
                matched=entry.matched,
                quality=entry.quality,
                issues=tuple(sorted(entry.issues)),
            )
            for entry in decision.evidence
        ),
        picture_png=told.picture_png,
    )
    signature = ledger.sign(PURPOSE, _message(receipt))
    return SignedReceipt(
        receipt=receipt, public_key=ledger.public_key.hex(), signature=signature.hex()
    )


def write_receipt(path: Path, signed: SignedReceipt) -> None:
    """Write the file, mode 0600, in one step; what lay there is replaced.

    Raises:
        ReceiptUnwritableError: What lay there is untouched.
    """
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(signed), indent=2) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or "the system refuses it"
        raise ReceiptUnwritableError(path=path, reason=reason) from error


def read_receipt(path: Path) -> SignedReceipt:
    """The receipt in a file; whether it is genuine is another question.

    Raises:
        ReceiptUnreadableError: The file cannot be read or holds something else.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or "the system refuses it"
        raise ReceiptUnreadableError(path=path, reason=reason) from error
    if len(raw) > MAX_BYTES:
        raise ReceiptUnreadableError(path=path, reason="it is far too long")
    try:
        return msgspec.json.decode(raw, type=SignedReceipt)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ReceiptUnreadableError(
            path=path, reason=f"it is no receipt of this program ({error})"
        ) from error


def is_genuine(signed: SignedReceipt) -> bool:
    """Whether nothing in it was altered since the owner of its public key signed it."""
    return is_signed(
        bytes.fromhex(signed.public_key),
        PURPOSE,
        _message(signed.receipt),
        bytes.fromhex(signed.signature),
    )


def follows(receipt: Receipt) -> bool:
    """Whether the stated outcome follows from the stated scores and threshold."""
    agreed = [one.score for one in receipt.frames if one.matched and one.score is not None]
    enough = receipt.agreeing >= receipt.needed and len(agreed) >= receipt.needed
    high = receipt.score is not None and receipt.score >= receipt.point.threshold
    if receipt.outcome == "accepted":
        return enough and high and all(score >= receipt.point.threshold for score in agreed)
    return not (enough and high)


def same_score(stated: float | None, found: float | None) -> bool:
    """Whether two scores are one, but for rounding."""
    if stated is None or found is None:
        return stated is found
    return abs(stated - found) <= SAME_SCORE


def _message(receipt: Receipt) -> bytes:
    """One encoding of one content: fields in the order of the record, no spaces."""
    return msgspec.json.encode(receipt, order="deterministic")
