"""Subjects, templates and pictures as sealed bytes, and back.

The gallery key wraps the data key; the data key wraps one key a subject; that key seals all that
is told about the subject. Each seal is bound to its table, row and owner, so that no row can take
another's place. What is read inside a seal is what was written: damage shows at the seal.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

import msgspec
import numpy as np
from PIL import Image

from core.domain.face import AlignedFace
from core.domain.template import (
    Capture,
    ModelId,
    Reference,
    ReferenceId,
    Subject,
    SubjectId,
    Template,
)
from core.errors import GalleryTamperedError, SealBrokenError
from core.gallery.names import name_key, plain_text
from core.gallery.tables import CropRow, ReferenceRow, SubjectRow
from core.security.sealing import bind, keyed_digest, new_key, seal, unseal

VECTOR_TYPE = np.dtype("<f4")  # float32, little-endian on every machine


class _Profile(msgspec.Struct, frozen=True, array_like=True):
    name: str
    note: str


class _TemplateParts(msgspec.Struct, frozen=True, array_like=True):
    vector: bytes
    captures: int
    source: str


class _CropParts(msgspec.Struct, frozen=True, array_like=True):
    png: bytes
    transform: tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class OpenSubject:
    """A subject's row, opened.

    Attributes:
        key: Seals everything of this subject.
    """

    row: SubjectRow
    key: bytes
    name: str
    note: str

    def subject(self, references: int) -> Subject:
        """As the rest of the program knows it."""
        return Subject(
            SubjectId(self.row.id), self.name, self.row.enrolled_at, references, self.note
        )


def name_digest(data_key: bytes, name: str) -> bytes:
    """Equal for names that differ by case only; tells nothing without the key."""
    return keyed_digest(data_key, "subject name", name_key(name))


def seal_subject(row: SubjectRow, data_key: bytes, name: str, note: str) -> OpenSubject:
    """Give `row` a new key and everything sealed; its id and times are set by the caller."""
    key = new_key()
    row.sealed_key = seal(data_key, key, bind("subjects", "key", row.id))
    return reseal_profile(OpenSubject(row, key, name, plain_text(note)), data_key)


def reseal_profile(subject: OpenSubject, data_key: bytes) -> OpenSubject:
    """Write name and note of `subject` into its row."""
    profile = msgspec.msgpack.encode(_Profile(subject.name, subject.note))
    row = subject.row
    row.sealed_profile = seal(subject.key, profile, bind("subjects", "profile", row.id))
    row.name_digest = name_digest(data_key, subject.name)
    return subject


def open_subject(row: SubjectRow, data_key: bytes) -> OpenSubject:
    """Key, name and note of a subject.

    Raises:
        GalleryTamperedError: The row was altered, or stands under another subject's name.
    """
    with _tampering_named(f"subjects/{row.id}"):
        key = unseal(data_key, row.sealed_key, bind("subjects", "key", row.id))
        raw = unseal(key, row.sealed_profile, bind("subjects", "profile", row.id))
        profile = msgspec.msgpack.decode(raw, type=_Profile)
        if row.name_digest != name_digest(data_key, profile.name):
            raise SealBrokenError
        return OpenSubject(row, key, profile.name, profile.note)


def seal_template(row: ReferenceRow, key: bytes, capture: Capture) -> None:
    """Seal vector and source of `capture` into `row`, whose clear columns are set already."""
    vector = np.ascontiguousarray(capture.embedding.vector, dtype=VECTOR_TYPE).tobytes()
    parts = msgspec.msgpack.encode(_TemplateParts(vector, 1, plain_text(capture.source)))
    row.sealed_template = seal(key, parts, _template_place(row))


def open_reference(row: ReferenceRow, key: bytes) -> Reference:
    """The reference in `row`.

    Raises:
        GalleryTamperedError: The row was altered or belongs to another subject or model.
    """
    with _tampering_named(f"references/{row.id}"):
        raw = unseal(key, row.sealed_template, _template_place(row))
        parts = msgspec.msgpack.decode(raw, type=_TemplateParts)
        vector = np.frombuffer(parts.vector, dtype=VECTOR_TYPE).astype(np.float32)
        return Reference(
            ReferenceId(row.id),
            SubjectId(row.subject_id),
            Template(vector, ModelId(row.model_id), parts.captures),
            row.enrolled_at,
            row.quality,
            parts.source,
        )


def seal_crop(reference: ReferenceRow, key: bytes, aligned: AlignedFace) -> CropRow:
    """A row with the aligned picture, losslessly packed and sealed."""
    return CropRow(
        reference_id=reference.id,
        sealed_crop=seal(key, msgspec.msgpack.encode(_packed(aligned)), _crop_place(reference)),
    )


def open_crop(crop: CropRow, reference: ReferenceRow, key: bytes) -> AlignedFace:
    """The aligned picture, every pixel as it was.

    Raises:
        GalleryTamperedError: The row was altered or belongs to another reference.
    """
    with _tampering_named(f"crops/{crop.reference_id}"):
        raw = unseal(key, crop.sealed_crop, _crop_place(reference))
        return _unpacked(msgspec.msgpack.decode(raw, type=_CropParts))


def png_of(aligned: AlignedFace) -> bytes:
    """The picture as a PNG file."""
    # By Pillow, so that a gallery opens where a library that OpenCV needs is missing.
    rgb = np.ascontiguousarray(aligned.pixels[..., ::-1])
    file = BytesIO()
    Image.fromarray(rgb).save(file, format="PNG")
    return file.getvalue()


def _packed(aligned: AlignedFace) -> _CropParts:
    a, b, c, d, e, f = (float(value) for value in aligned.transform.ravel())
    return _CropParts(png_of(aligned), (a, b, c, d, e, f))


def _unpacked(parts: _CropParts) -> AlignedFace:
    with Image.open(BytesIO(parts.png), formats=["PNG"]) as picture:
        rgb = np.asarray(picture.convert("RGB"), dtype=np.uint8)
    transform = np.array(parts.transform, dtype=np.float64).reshape(2, 3)
    return AlignedFace(np.ascontiguousarray(rgb[..., ::-1]), transform)


def _template_place(row: ReferenceRow) -> bytes:
    return bind("references", "template", row.id, row.subject_id, row.model_id, str(row.quality))


def _crop_place(reference: ReferenceRow) -> bytes:
    return bind("crops", "crop", reference.id, reference.subject_id)


@contextmanager
def _tampering_named(row: str) -> Iterator[None]:
    try:
        yield
    except (SealBrokenError, msgspec.MsgspecError, ValueError) as error:
        raise GalleryTamperedError(row=row) from error
