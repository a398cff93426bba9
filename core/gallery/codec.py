"""Subjects, templates and pictures as sealed bytes, and back.

The gallery key wraps the data key; the data key wraps one key a subject; that key seals all that
is told about the subject. Each seal is bound to its table, row and owner, so that no row can take
another's place. What is read inside a seal is what was written: damage shows at the seal.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from io import BytesIO

import msgspec
import numpy as np
from PIL import Image

from core.domain.face import AlignedFace
from core.domain.template import (
    ModelId,
    Reference,
    ReferenceId,
    Subject,
    SubjectId,
    Template,
)
from core.errors import GalleryTamperedError, SealBrokenError
from core.gallery.names import name_key, plain_text
from core.gallery.tables import CropRow, ReferenceRow, SubjectRow, TemplateRow
from core.security.sealing import bind, keyed_digest, new_key, seal, unseal

VECTOR_TYPE = np.dtype("<f4")  # float32, little-endian on every machine


class _Profile(msgspec.Struct, frozen=True, array_like=True):
    name: str
    note: str
    consent: str = ""
    retain_until: date | None = None


class _TemplateParts(msgspec.Struct, frozen=True, array_like=True):
    vector: bytes
    captures: int
    source: str


_TEMPLATE_DECODER = msgspec.msgpack.Decoder(_TemplateParts)


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
    consent: str = ""
    retain_until: date | None = None

    @property
    def subject_id(self) -> SubjectId:
        """Its id."""
        return SubjectId(self.row.id)

    def subject(self, references: int) -> Subject:
        """As the rest of the program knows it."""
        return Subject(
            self.subject_id,
            self.name,
            self.row.enrolled_at,
            references,
            self.note,
            self.consent,
            self.retain_until,
        )


def name_digest(data_key: bytes, name: str) -> bytes:
    """Equal for names that differ by case only; tells nothing without the key."""
    return keyed_digest(data_key, "subject name", name_key(name))


def seal_subject(
    row: SubjectRow,
    data_key: bytes,
    name: str,
    note: str = "",
    consent: str = "",
    retain_until: date | None = None,
) -> OpenSubject:
    """Give `row` a new key and everything sealed; its id and times are set by the caller."""
    key = new_key()
    wrap_key(row, key, data_key)
    texts = plain_text(note), plain_text(consent)
    return reseal_profile(OpenSubject(row, key, name, *texts, retain_until), data_key)


def wrap_key(row: SubjectRow, key: bytes, data_key: bytes) -> None:
    """Put a subject's key into its row, under the gallery's data key."""
    row.sealed_key = seal(data_key, key, bind("subjects", "key", row.id))


def reseal_profile(subject: OpenSubject, data_key: bytes) -> OpenSubject:
    """Write what is told about `subject` into its row."""
    parts = _Profile(subject.name, subject.note, subject.consent, subject.retain_until)
    row = subject.row
    raw = msgspec.msgpack.encode(parts)
    row.sealed_profile = seal(subject.key, raw, bind("subjects", "profile", row.id))
    row.name_digest = name_digest(data_key, subject.name)
    return subject


def open_subject(row: SubjectRow, data_key: bytes) -> OpenSubject:
    """Key and profile of a subject.

    Raises:
        GalleryTamperedError: The row was altered, or stands under another subject's name.
    """
    subject = _open_profile(row, data_key)
    if row.name_digest != name_digest(data_key, subject.name):
        raise GalleryTamperedError(row=f"subjects/{row.id}")
    return subject


def readdress_subject(row: SubjectRow, data_key: bytes) -> OpenSubject:
    """Make the subject found by the name in its profile, after another profile was put there.

    Raises:
        GalleryTamperedError: The row was altered.
    """
    subject = _open_profile(row, data_key)
    row.name_digest = name_digest(data_key, subject.name)
    return subject


def seal_template(row: ReferenceRow, key: bytes, template: Template, source: str) -> TemplateRow:
    """A row with vector and source, sealed.

    Args:
        row: The reference; id, subject and quality are set already.
        source: Where the capture came from.
    """
    vector = np.ascontiguousarray(template.vector, dtype=VECTOR_TYPE).tobytes()
    parts = msgspec.msgpack.encode(_TemplateParts(vector, template.captures, plain_text(source)))
    sealed = seal(key, parts, _template_place(row, template.model))
    return TemplateRow(reference_id=row.id, model_id=template.model, sealed_template=sealed)


def open_reference(row: ReferenceRow, template: TemplateRow, key: bytes) -> Reference:
    """The reference in `row` as the model of `template` knows it.

    Raises:
        GalleryTamperedError: A row was altered or belongs to another subject or model.
    """
    with _tampering_named(f"references/{row.id}"):
        model = ModelId(template.model_id)
        raw = unseal(key, template.sealed_template, _template_place(row, model))
        parts = _TEMPLATE_DECODER.decode(raw)
        vector = np.frombuffer(parts.vector, dtype=VECTOR_TYPE).astype(np.float32)
        return Reference(
            ReferenceId(row.id),
            SubjectId(row.subject_id),
            Template(vector, model, parts.captures),
            row.enrolled_at,
            row.quality,
            parts.source,
        )


def open_subject_key(subject_id: str, sealed_key: bytes, data_key: bytes) -> bytes:
    """A subject's key alone, from the columns of its row. Raises GalleryTamperedError."""
    with _tampering_named(f"subjects/{subject_id}"):
        return unseal(data_key, sealed_key, bind("subjects", "key", subject_id))


def open_vector(
    sealed: bytes, reference_id: str, subject_id: str, model: ModelId, quality: int, key: bytes
) -> bytes:
    """A template's vector alone, from the columns of its rows: float32 (D,), little-endian.

    Raises:
        GalleryTamperedError: A row was altered or belongs to another subject or model.
    """
    with _tampering_named(f"references/{reference_id}"):
        place = bind("references", "template", reference_id, subject_id, model, str(quality))
        return _TEMPLATE_DECODER.decode(unseal(key, sealed, place)).vector


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


def _open_profile(row: SubjectRow, data_key: bytes) -> OpenSubject:
    with _tampering_named(f"subjects/{row.id}"):
        key = unseal(data_key, row.sealed_key, bind("subjects", "key", row.id))
        raw = unseal(key, row.sealed_profile, bind("subjects", "profile", row.id))
        told = msgspec.msgpack.decode(raw, type=_Profile)
        return OpenSubject(row, key, told.name, told.note, told.consent, told.retain_until)


def _packed(aligned: AlignedFace) -> _CropParts:
    a, b, c, d, e, f = (float(value) for value in aligned.transform.ravel())
    return _CropParts(png_of(aligned), (a, b, c, d, e, f))


def _unpacked(parts: _CropParts) -> AlignedFace:
    with Image.open(BytesIO(parts.png), formats=["PNG"]) as picture:
        rgb = np.asarray(picture.convert("RGB"), dtype=np.uint8)
    transform = np.array(parts.transform, dtype=np.float64).reshape(2, 3)
    return AlignedFace(np.ascontiguousarray(rgb[..., ::-1]), transform)


def _template_place(row: ReferenceRow, model: ModelId) -> bytes:
    return bind("references", "template", row.id, row.subject_id, model, str(row.quality))


def _crop_place(reference: ReferenceRow) -> bytes:
    return bind("crops", "crop", reference.id, reference.subject_id)


@contextmanager
def _tampering_named(row: str) -> Iterator[None]:
    try:
        yield
    except (SealBrokenError, msgspec.MsgspecError, ValueError) as error:
        raise GalleryTamperedError(row=row) from error
