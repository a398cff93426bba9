"""Rows of the gallery as they were before a change, sealed so that only their subject opens them.

What is told about a person lies in an image still sealed as in its row; the seal around it keeps
images from being altered, exchanged or given to another change.
"""

from datetime import datetime

import msgspec
from sqlalchemy.orm import Session

from core.errors import GalleryTamperedError, SealBrokenError
from core.gallery.queries import templates_of
from core.gallery.tables import CropRow, JournalPartRow, ReferenceRow, SubjectRow, TemplateRow
from core.security.sealing import bind, seal, unseal


class SubjectImage(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A subject's row but for its key, which never changes with a change."""

    sealed_profile: bytes
    deleted_at: datetime | None
    merged_into: str | None

    @classmethod
    def of(cls, row: SubjectRow) -> "SubjectImage":
        """The row as it is."""
        return cls(row.sealed_profile, row.deleted_at, row.merged_into)

    def restore(self, row: SubjectRow) -> None:
        """Make the row what it was; the digest of the name is the caller's."""
        row.sealed_profile = self.sealed_profile
        row.deleted_at = self.deleted_at
        row.merged_into = self.merged_into


class ReferenceImage(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A reference's row with all its templates and its picture."""

    reference_id: str
    subject_id: str
    quality: int
    enrolled_at: datetime
    templates: tuple[tuple[str, bytes], ...]
    sealed_crop: bytes | None

    @classmethod
    def of(cls, session: Session, row: ReferenceRow) -> "ReferenceImage":
        """The rows as they are."""
        crop = session.get(CropRow, row.id)
        return cls(
            row.id,
            row.subject_id,
            row.quality,
            row.enrolled_at,
            tuple((one.model_id, one.sealed_template) for one in templates_of(session, row.id)),
            None if crop is None else crop.sealed_crop,
        )

    def restore(self, session: Session) -> ReferenceRow:
        """Put the rows back."""
        row = ReferenceRow(
            id=self.reference_id,
            subject_id=self.subject_id,
            quality=self.quality,
            enrolled_at=self.enrolled_at,
        )
        session.add(row)
        session.flush()
        for model, sealed in self.templates:
            session.add(TemplateRow(reference_id=row.id, model_id=model, sealed_template=sealed))
        if self.sealed_crop is not None:
            session.add(CropRow(reference_id=row.id, sealed_crop=self.sealed_crop))
        session.flush()
        return row


Image = SubjectImage | ReferenceImage
_decoder: msgspec.msgpack.Decoder[Image] = msgspec.msgpack.Decoder(Image)


def seal_image(part: JournalPartRow, key: bytes, image: Image) -> None:
    """Seal `image` into a part whose other columns are set."""
    part.sealed_before = seal(key, msgspec.msgpack.encode(image), _place(part))


def open_image(part: JournalPartRow, key: bytes) -> Image | None:
    """What was before; None if there was nothing.

    Raises:
        GalleryTamperedError: The part was altered.
    """
    if part.sealed_before is None:
        return None
    try:
        return _decoder.decode(unseal(key, part.sealed_before, _place(part)))
    except (SealBrokenError, msgspec.MsgspecError) as error:
        raise GalleryTamperedError(row=f"journal_parts/{part.number}") from error


def _place(part: JournalPartRow) -> bytes:
    return bind("journal", "part", str(part.entry), part.place, part.row_id, part.subject_id)
