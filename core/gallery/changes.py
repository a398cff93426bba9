"""Writing to the gallery so that it can be taken back: every row as it was is kept.

A subject's row is never removed by a change, only hidden, so that its key and references are
there when the change is undone. A reference that is removed lies sealed in the journal.
"""

import secrets as randomness
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from core.domain.event import EventKind
from core.domain.face import AlignedFace
from core.domain.history import EntryKind
from core.domain.template import ReferenceId, SubjectId, Template
from core.errors import GalleryTamperedError, SubjectExistsError
from core.gallery.audit import record
from core.gallery.codec import (
    OpenSubject,
    name_digest,
    open_subject,
    readdress_subject,
    reseal_profile,
    seal_crop,
    seal_subject,
    seal_template,
)
from core.gallery.images import Image, ReferenceImage, SubjectImage, seal_image
from core.gallery.names import canonical_name
from core.gallery.queries import active_row, row_of_digest
from core.gallery.store import Secrets
from core.gallery.tables import JournalPartRow, JournalRow, ReferenceRow, SubjectRow

ID_BYTES = 16  # as random as a UUID; rows need their ids before they are sealed
SUBJECTS, REFERENCES = "subjects", "references"


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A reference to be stored.

    Attributes:
        templates: One for each model that knows it.
        quality: Unified, 0–100.
        aligned: None where no picture is to be kept.
    """

    templates: Sequence[Template]
    quality: int
    source: str
    aligned: AlignedFace | None
    enrolled_at: datetime


@dataclass(frozen=True, slots=True)
class _Touched:
    subject_id: str
    key: bytes | None  # None for a subject whose row is damaged: it can be hidden, and no more
    before: Image | None


class Changes:
    """One change in progress, inside one writing session; `finish` puts it into the journal."""

    def __init__(self, session: Session, secrets: Secrets) -> None:
        self.session = session
        self.secrets = secrets
        self._touched: dict[tuple[str, str], _Touched] = {}

    def open(self, subject_id: SubjectId) -> OpenSubject:
        """A subject that is not deleted.

        Raises:
            SubjectUnknownError: There is none.
            GalleryTamperedError: Its row does not open.
        """
        return open_subject(active_row(self.session, subject_id), self.secrets.data_key)

    def add_subject(
        self,
        name: str,
        note: str = "",
        consent: str = "",
        retain_until: date | None = None,
        *,
        subject_id: SubjectId | None = None,
        enrolled_at: datetime | None = None,
    ) -> OpenSubject:
        """A new subject without references.

        Args:
            subject_id: A free id of 32 hexadecimal digits; None makes one.

        Raises:
            NameInvalidError: The name cannot be used.
            SubjectExistsError: It is taken.
        """
        wanted = canonical_name(name)
        self._need_free_name(wanted)
        row = SubjectRow(
            id=subject_id or _new_id(),
            enrolled_at=enrolled_at or datetime.now(UTC),
            deleted_at=None,
            merged_into=None,
        )
        subject = seal_subject(row, self.secrets.data_key, wanted, note, consent, retain_until)
        self.session.add(row)
        self.session.flush()
        self._touch(SUBJECTS, row.id, subject, None)
        return subject

    def rename(self, subject: OpenSubject, name: str) -> OpenSubject:
        """Another name. Raises NameInvalidError, SubjectExistsError."""
        wanted = canonical_name(name)
        self._need_free_name(wanted, but_for=subject.row.id)
        return self._reprofile(subject, replace(subject, name=wanted))

    def set_terms(
        self, subject: OpenSubject, consent: str, retain_until: date | None
    ) -> OpenSubject:
        """Another consent note and retention date."""
        return self._reprofile(
            subject, replace(subject, consent=consent, retain_until=retain_until)
        )

    def hide(self, row: SubjectRow, merged_into: SubjectId | None = None) -> None:
        """Let a subject disappear, damaged or not."""
        try:
            key = open_subject(row, self.secrets.data_key).key
        except GalleryTamperedError:
            key = None
        found = _Touched(row.id, key, SubjectImage.of(row))
        self._touched.setdefault((SUBJECTS, row.id), found)
        row.deleted_at = datetime.now(UTC)
        row.merged_into = merged_into
        self.session.flush()

    def add_picture(
        self, subject: OpenSubject, picture: Picture, reference_id: ReferenceId | None = None
    ) -> ReferenceRow:
        """A new reference.

        Args:
            reference_id: A free id of 32 hexadecimal digits; None makes one.
        """
        row = ReferenceRow(
            id=reference_id or _new_id(),
            subject_id=subject.row.id,
            quality=picture.quality,
            enrolled_at=picture.enrolled_at,
        )
        self.session.add(row)
        self.session.flush()
        for template in picture.templates:
            self.session.add(seal_template(row, subject.key, template, picture.source))
        if picture.aligned is not None:
            self.session.add(seal_crop(row, subject.key, picture.aligned))
        self.session.flush()
        self._touch(REFERENCES, row.id, subject, None)
        return row

    def remove_picture(self, subject: OpenSubject, row: ReferenceRow) -> None:
        """Take a reference away, with its templates and its picture."""
        self._touch(REFERENCES, row.id, subject, ReferenceImage.of(self.session, row))
        # By statement: the database takes templates and picture along.
        self.session.execute(delete(ReferenceRow).where(ReferenceRow.id == row.id))
        self.session.expire_all()

    def restore_subject(self, row: SubjectRow, image: SubjectImage) -> OpenSubject:
        """Make a subject what it was. Raises SubjectExistsError, GalleryTamperedError."""
        before = SubjectImage.of(row)
        image.restore(row)
        with self.session.no_autoflush:  # a taken name would fail as a fault, not as a sentence
            subject = readdress_subject(row, self.secrets.data_key)
            if row.deleted_at is None:
                self._need_free_name(subject.name, but_for=row.id)
        self.session.flush()
        self._touch(SUBJECTS, row.id, subject, before)
        return subject

    def restore_picture(self, subject: OpenSubject, image: ReferenceImage) -> None:
        """Put a reference back that was removed."""
        row = image.restore(self.session)
        self._touch(REFERENCES, row.id, subject, None)

    def finish(
        self,
        kind: EntryKind,
        event: EventKind,
        subject_id: SubjectId | None = None,
        count: int = 1,
        *,
        undoes: int | None = None,
        detail: str = "",
    ) -> int:
        """Write the change into journal and audit.

        Returns:
            The number of the journal's entry.
        """
        entry = JournalRow(
            at=datetime.now(UTC), kind=kind.value, parts=len(self._touched), undoes=undoes
        )
        self.session.add(entry)
        self.session.flush()
        for (place, row_id), touched in self._touched.items():
            self._add_part(entry.number, place, row_id, touched)
        record(self.session, self.secrets.audit_key, event, subject_id, count, detail)
        return entry.number

    def _add_part(self, entry: int, place: str, row_id: str, touched: _Touched) -> None:
        part = JournalPartRow(
            entry=entry, subject_id=touched.subject_id, place=place, row_id=row_id
        )
        if touched.before is not None:
            if touched.key is None:
                return  # cannot be sealed; without this part the entry cannot be undone
            seal_image(part, touched.key, touched.before)
        self.session.add(part)

    def _reprofile(self, before: OpenSubject, after: OpenSubject) -> OpenSubject:
        self._touch(SUBJECTS, before.row.id, before, SubjectImage.of(before.row))
        subject = reseal_profile(after, self.secrets.data_key)
        self.session.flush()
        return subject

    def _touch(self, place: str, row_id: str, subject: OpenSubject, before: Image | None) -> None:
        """Keep the first image only, and none of what belongs to a subject that is new."""
        new = self._touched.get((SUBJECTS, subject.row.id))
        if place == REFERENCES and new is not None and new.before is None:
            return
        found = _Touched(subject.row.id, subject.key, before)
        self._touched.setdefault((place, row_id), found)

    def _need_free_name(self, name: str, but_for: str | None = None) -> None:
        row = row_of_digest(self.session, name_digest(self.secrets.data_key, name))
        if row is not None and row.id != but_for:
            raise SubjectExistsError(name=name)


def _new_id() -> str:
    return randomness.token_hex(ID_BYTES)
