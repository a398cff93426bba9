"""What a receipt of one decision states; at once the record and the signed file's content."""

from typing import Annotated, Literal

import msgspec

from core.domain.operating_point import OperatingPoint

Hex32 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]  # 32 bytes
Hex64 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{128}$")]  # 64 bytes


class ReceiptModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The model that compared.

    Attributes:
        sha256: Of the weights.
        model_id: Of weights and preprocessing.
    """

    name: str
    model_id: str
    sha256: Hex32


class ReceiptFrame(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One frame's part; `captured_at_s` by the frames' own clock, `quality` 0–100."""

    index: int
    captured_at_s: float
    score: float | None
    matched: bool
    quality: int | None
    issues: tuple[str, ...]


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One decision with what it rests on.

    Attributes:
        at: ISO 8601, UTC, by this computer's clock.
        claim: Opaque id of the subject who was claimed.
        claim_name: The name at that time; empty where names are hidden.
        score: Lowest of the frames that agreed; for a refusal the highest seen.
        comparisons: References that each frame was compared with.
        source: Identity of the camera, or name of the file.
        source_sha256: Of a picture's file; empty for other sources.
        quality: ISO/IEC 29794-5 component → 0–100, of the frame in question.
        frame: Index of that frame: the best that agreed, or the best that was seen.
        picture_png: That frame; empty if it was not to be kept.
    """

    program_version: str
    at: str
    outcome: Literal["accepted", "rejected", "inconclusive"]
    claim: str
    claim_name: str
    score: float | None
    point: OperatingPoint
    model: ReceiptModel
    comparisons: int
    agreeing: int
    needed: int
    reasons: tuple[str, ...]
    source: str
    source_sha256: str
    quality: dict[str, int]
    frame: int | None
    frames: tuple[ReceiptFrame, ...]
    picture_png: bytes


class SignedReceipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The file.

    Attributes:
        public_key: Ed25519, of the gallery that decided.
        signature: Over the receipt in one agreed encoding.
    """

    format: Literal["pocketface receipt 1"] = "pocketface receipt 1"
    receipt: Receipt
    public_key: Hex32
    signature: Hex64
