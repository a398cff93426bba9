"""The records of an archive (.pfgallery), version 1; ARCHIVE.md describes the format for others."""

import re
from datetime import date, datetime
from typing import Annotated, Literal

import msgspec

from core.security.key_record import Argon2Cost
from core.security.sealing import bind

FORMAT: Literal["pocketface gallery"] = "pocketface gallery"
VERSION: Literal[1] = 1
SUFFIX = ".pfgallery"
MANIFEST = "manifest.json"
MANIFEST_SEAL = "manifest.seal"
EVENTS = "audit.json"
SUBJECTS, TEMPLATES, CROPS = "subjects", "templates", "crops"
PART_NAME = re.compile(r"(subjects|templates|crops)/([0-9]{6})\.json|audit\.json")

# A group of parts is closed at this many subjects or references: about 8 MB with pictures.
GROUP_SUBJECTS = 256
GROUP_REFERENCES = 256
# What is read at once, and how much may be claimed. All are far above what this program writes.
MAX_PART_BYTES = 256 * 1024**2
MAX_MANIFEST_BYTES = 32 * 1024**2  # a part's entry has about 130 bytes, so 200,000 parts fit
MAX_PARTS = 200_000
MAX_DIRECTORY_BYTES = 64 * 1024**2  # of the zip's own table, which is read before anything else
MAX_SUBJECTS = 10_000_000
MAX_REFERENCES = 4096  # of one subject
MAX_TEMPLATES = 64  # of one reference, one a model
MAX_DIMENSIONS = 4096
MAX_TEXT = 64 * 1024  # characters of a note
MAX_PNG_BYTES = 256 * 1024  # 112 x 112 pixels take 38 kB without any packing
# A hostile file must not ask for all memory or an hour.
MAX_KDF_MEMORY_KIB = 256 * 1024
MAX_KDF_ITERATIONS = 10

# Opaque words; this program makes 32 hexadecimal digits for rows and 16 for models.
ID_PATTERN = "^[0-9a-z-]{1,64}$"
MODEL_PATTERN = "^[0-9a-z._-]{1,64}$"
Id = Annotated[str, msgspec.Meta(pattern=ID_PATTERN)]
Model = Annotated[str, msgspec.Meta(pattern=MODEL_PATTERN)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**40)]
Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all records of the format share."""


class Opening(msgspec.Struct, frozen=True):
    """As much of a manifest as every version has."""

    format: str
    version: Annotated[int, msgspec.Meta(ge=1)]


class Sealing(Strict, frozen=True, kw_only=True):
    """How a sealed archive is opened.

    Attributes:
        cost: Of Argon2id, which turns the passphrase into the key of `wrapped_key`.
        wrapped_key: The key of the archive.
    """

    cost: Argon2Cost
    wrapped_key: Annotated[bytes, msgspec.Meta(min_length=60, max_length=60)]


class Counts(Strict, frozen=True, kw_only=True):
    """How much an archive holds."""

    subjects: Count
    references: Count
    templates: Count
    crops: Count
    events: Count


class ModelEntry(Strict, frozen=True, kw_only=True):
    """A model whose templates are in the archive.

    Attributes:
        card: What `core.domain.model_card.ModelCard` states, as plain values for people and other
            programs to read; an import does not depend on it. None where it was not at hand.
    """

    model: Model
    card: dict[str, object] | None


class Part(Strict, frozen=True, kw_only=True):
    """One file of the archive, as it lies in it."""

    name: Annotated[str, msgspec.Meta(max_length=64)]
    bytes: Count
    sha256: Digest


class Manifest(Strict, frozen=True, kw_only=True):
    """What the archive is.

    Attributes:
        sealed: None for a plain archive.
        schema: Of the gallery that it was made from.
    """

    format: Literal["pocketface gallery"] = FORMAT
    version: Literal[1] = VERSION
    id: Id
    made_at: Moment
    program_version: Annotated[str, msgspec.Meta(max_length=64)]
    schema: Annotated[str, msgspec.Meta(max_length=64)]
    sealed: Sealing | None
    counts: Counts
    models: Annotated[tuple[ModelEntry, ...], msgspec.Meta(max_length=1024)]
    parts: Annotated[tuple[Part, ...], msgspec.Meta(max_length=MAX_PARTS)]


class ReferenceRecord(Strict, frozen=True, kw_only=True):
    """A reference without what its pictures gave."""

    id: Id
    enrolled_at: Moment
    quality: Annotated[int, msgspec.Meta(ge=0, le=100)]
    source: Text


class SubjectRecord(Strict, frozen=True, kw_only=True):
    """A subject with its references."""

    id: Id
    name: Text
    note: Text
    consent: Text
    retain_until: date | None
    enrolled_at: Moment
    references: Annotated[tuple[ReferenceRecord, ...], msgspec.Meta(max_length=MAX_REFERENCES)]


class TemplateRecord(Strict, frozen=True, kw_only=True):
    """A vector: little-endian float32, of unit length; JSON carries it as base64."""

    reference: Id
    model: Model
    captures: Annotated[int, msgspec.Meta(ge=1, le=2**31)]
    vector: Annotated[bytes, msgspec.Meta(min_length=4, max_length=4 * MAX_DIMENSIONS)]


class CropRecord(Strict, frozen=True, kw_only=True):
    """An aligned picture as PNG, and the map from the frame's pixels to it."""

    reference: Id
    png: Annotated[bytes, msgspec.Meta(max_length=MAX_PNG_BYTES)]
    transform: tuple[float, float, float, float, float, float]


class EventRecord(Strict, frozen=True, kw_only=True):
    """An entry of the audit; only to be read, no import writes it into another gallery."""

    number: Count
    at: Moment
    kind: Text
    subject: Id | None
    count: Count
    detail: Text = ""


def key_place(archive: str) -> bytes:
    """What the wrapped key of an archive is bound to."""
    return bind("pfgallery", "key", archive)


def part_place(archive: str, name: str) -> bytes:
    """What a sealed part is bound to: no part can take another's place, in any archive."""
    return bind("pfgallery", "part", archive, name)


def part_name(kind: str, number: int) -> str:
    """Of the `number`th group, counted from 1."""
    return f"{kind}/{number:06}.json"
