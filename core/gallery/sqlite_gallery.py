"""The gallery on the disk: everything told about a subject sealed, every write one transaction."""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.domain.erasure import ErasureCertificate
from core.domain.event import EventKind
from core.domain.face import AlignedFace
from core.domain.history import ChangePreview, EntryKind, HistoryEntry, SubjectChange
from core.domain.template import (
    Capture,
    ModelId,
    Reference,
    ReferenceId,
    Subject,
    SubjectId,
    Template,
)
from core.errors import (
    GalleryTamperedError,
    SubjectUnknownError,
)
from core.gallery import erasure, history, merging
from core.gallery.changes import Changes, Picture
from core.gallery.codec import OpenSubject, name_digest, open_crop, open_subject
from core.gallery.model_templates import ModelTemplates
from core.gallery.names import canonical_name, name_key
from core.gallery.opening import open_or_create
from core.gallery.queries import (
    active_row,
    count_references,
    crops,
    row_of_digest,
)
from core.gallery.reading import all_references, all_subjects, damaged_rows, own_references, states
from core.gallery.store import Store
from core.gallery.tables import CropRow, ReferenceRow, SubjectRow
from core.gallery.transfer import Transfer
from core.gallery.vectors import TemplateVectors
from core.ports import KeyStore
from core.settings import Folders

_log = logging.getLogger(__name__)


class SqliteGallery:
    """The enrolled people; one caller at a time, from any thread. Implements `ports.Gallery`."""

    def __init__(self, store: Store, *, keep_crops: bool) -> None:
        """Work on an open store.

        Args:
            keep_crops: Whether captures stored from now on keep their aligned picture.
        """
        self.store = store
        self._keep_crops = keep_crops

    @classmethod
    def open(
        cls, folders: Folders, key_store: KeyStore, *, keep_crops: bool = True
    ) -> "SqliteGallery":
        """Open the gallery in `folders`, or make one where there is none.

        Raises:
            GalleryError: Locked, newer, corrupt or unwritable; it is as it was.
            KeyStoreError: The key is missing, wrong, refused or cannot be reached.
        """
        store = open_or_create(folders, key_store)
        _log.info("gallery opened; its key is in %s", key_store.place)
        return cls(store, keep_crops=keep_crops)

    # Who is enrolled.

    def subjects(self) -> tuple[Subject, ...]:
        """All subjects that are not deleted, by name; damaged ones are left out and logged."""
        with self.store.reading() as session:
            return all_subjects(session, self._data_key)

    def find(self, name: str) -> Subject:
        """The subject of that name, regardless of case. Raises SubjectUnknownError."""
        wanted = canonical_name(name)
        with self.store.reading() as session:
            row = row_of_digest(session, name_digest(self._data_key, wanted))
            if row is None:
                raise SubjectUnknownError(name=wanted)
            return _as_subject(session, open_subject(row, self._data_key))

    def references(
        self, model: ModelId, subject_id: SubjectId | None = None
    ) -> tuple[Reference, ...]:
        """References made with `model`, oldest first.

        Of all subjects: damaged entries are left out and logged. Of one: they raise
        GalleryTamperedError.
        """
        with self.store.reading() as session:
            if subject_id is None:
                return tuple(all_references(session, self._data_key, model))
            subject = open_subject(active_row(session, subject_id), self._data_key)
            return tuple(own_references(session, subject, model))

    def crop(self, reference_id: ReferenceId) -> AlignedFace | None:
        """The aligned picture of a reference; None where none is kept."""
        with self.store.reading() as session:
            found = session.execute(crops().where(ReferenceRow.id == reference_id)).first()
            return None if found is None else self._open_crop(*found)

    def thumbnail(self, subject_id: SubjectId) -> AlignedFace | None:
        """The picture of best quality that opens; None where none is kept."""
        with self.store.reading() as session:
            active_row(session, subject_id)
            best = session.execute(
                crops()
                .where(SubjectRow.id == subject_id)
                .order_by(ReferenceRow.quality.desc(), ReferenceRow.enrolled_at)
            ).first()
            return None if best is None else self._open_crop(*best)

    def damaged(self) -> tuple[str, ...]:
        """Read every page and open every seal; the entries that do not open.

        Raises:
            GalleryCorruptError: The file itself is damaged.
        """
        self.store.database.check()
        with self.store.reading() as session:
            return tuple(damaged_rows(session, self._data_key))

    # Changes, each one entry of the journal.

    def enrol(
        self,
        name: str,
        captures: Sequence[Capture],
        note: str = "",
        consent: str = "",
        retain_until: date | None = None,
    ) -> Subject:
        """Create a subject with one reference a capture.

        Raises:
            NameInvalidError: The name cannot be used.
            SubjectExistsError: It is taken.
        """
        _need_captures(captures)
        with self.store.writing() as session:
            changes = Changes(session, self.store.secrets)
            subject = changes.add_subject(name, note, consent, retain_until)
            self._add(changes, subject, captures)
            changes.finish(
                EntryKind.ENROLLED, EventKind.ENROLLED, subject.subject_id, len(captures)
            )
            return subject.subject(len(captures))

    def add_references(self, subject_id: SubjectId, captures: Sequence[Capture]) -> Subject:
        """Add references to a subject. Raises SubjectUnknownError."""
        _need_captures(captures)
        with self.store.writing() as session:
            changes = Changes(session, self.store.secrets)
            subject = changes.open(subject_id)
            self._add(changes, subject, captures)
            changes.finish(
                EntryKind.REFERENCES_ADDED, EventKind.REFERENCES_ADDED, subject_id, len(captures)
            )
            return _as_subject(session, subject)

    def rename(self, subject_id: SubjectId, name: str) -> Subject:
        """Change a name, or only its case.

        Raises:
            SubjectExistsError: The name belongs to somebody else.
            SubjectUnknownError: There is no such subject.
        """
        with self.store.writing() as session:
            changes = Changes(session, self.store.secrets)
            subject = changes.rename(changes.open(subject_id), name)
            changes.finish(EntryKind.RENAMED, EventKind.RENAMED, subject_id)
            return _as_subject(session, subject)

    def set_terms(self, subject_id: SubjectId, consent: str, retain_until: date | None) -> Subject:
        """Note on what consent, and until which day, a subject is kept."""
        with self.store.writing() as session:
            changes = Changes(session, self.store.secrets)
            subject = changes.set_terms(changes.open(subject_id), consent, retain_until)
            changes.finish(EntryKind.TERMS_CHANGED, EventKind.TERMS_CHANGED, subject_id)
            return _as_subject(session, subject)

    def delete(self, subject_id: SubjectId) -> int:
        """Hide a subject, damaged or not, until that is undone; the journal's entry."""
        with self.store.writing() as session:
            changes = Changes(session, self.store.secrets)
            changes.hide(active_row(session, subject_id))
            return changes.finish(EntryKind.DELETED, EventKind.DELETED, subject_id)

    def merge(self, into: SubjectId, other: SubjectId) -> Subject:
        """Give all references of `other` to `into`; see `merging.merge`."""
        with self.store.writing() as session:
            merging.merge(Changes(session, self.store.secrets), into, other)
            return self._active(session, into)

    def preview_merge(self, into: SubjectId, other: SubjectId) -> ChangePreview:
        """What `merge` would do."""
        return self._preview(
            lambda session: merging.merge(Changes(session, self.store.secrets), into, other)
        )

    def split(self, subject_id: SubjectId, references: Sequence[ReferenceId], name: str) -> Subject:
        """Move references to a new subject; see `merging.split`."""
        with self.store.writing() as session:
            changes = Changes(session, self.store.secrets)
            subject = merging.split(changes, subject_id, references, name)
            return _as_subject(session, subject)

    def newest_merge(self, subject_id: SubjectId) -> int | None:
        """The newest merge into a subject, for `undo`; None if none can be undone."""
        with self.store.reading() as session:
            return history.newest_merge(session, subject_id)

    # Taking back.

    def history(self) -> tuple[HistoryEntry, ...]:
        """All changes that are remembered, newest first."""
        with self.store.reading() as session:
            return history.read_history(session, self.store.secrets)

    def undo(self, number: int | None = None) -> HistoryEntry:
        """Take back a change, or the newest that stands. Raises UndoImpossibleError."""
        with self.store.writing() as session:
            done = history.undo(session, self.store.secrets, number)
            return history.read_entry(session, self.store.secrets, done)

    def preview_undo(self, number: int | None = None) -> ChangePreview:
        """What `undo` would do. Raises UndoImpossibleError."""
        return self._preview(lambda session: history.undo(session, self.store.secrets, number))

    def redo(self) -> HistoryEntry:
        """Carry out again what was undone last. Raises UndoImpossibleError."""
        with self.store.writing() as session:
            done = history.redo(session, self.store.secrets)
            return history.read_entry(session, self.store.secrets, done)

    def forget(self, until: datetime) -> int:
        """Make all final that was changed or deleted before `until`.

        Returns:
            How many deleted subjects were removed for good.
        """
        with self.store.writing() as session:
            history.forget(session, until)
            gone = erasure.purge(session, self.store.secrets, until)
        if gone:
            self.store.database.empty_log()
        return gone

    # Erasing.

    def erase(self, subject_id: SubjectId) -> ErasureCertificate:
        """Destroy all that is kept of a subject, deleted or not, for good.

        Raises:
            SubjectUnknownError: There is none.
        """
        with self.store.writing() as session:
            removed = erasure.remove(session, self.store.secrets, subject_id)
        return erasure.certify(self.store.database, removed)

    def due(self, day: date) -> tuple[Subject, ...]:
        """Who should have been erased by `day`, deleted ones included, by name."""
        found: list[Subject] = []
        with self.store.reading() as session:
            for row in session.scalars(select(SubjectRow)):
                try:
                    subject = open_subject(row, self._data_key)
                except GalleryTamperedError as error:
                    _log.warning("entry %s does not open", error.facts["row"])
                    continue
                if subject.retain_until is not None and subject.retain_until < day:
                    found.append(_as_subject(session, subject))
        return tuple(sorted(found, key=lambda subject: name_key(subject.name)))

    # Beyond the people of this gallery, and of one model.

    @property
    def transfer(self) -> Transfer:
        """Exports and imports."""
        return Transfer(self.store, keep_crops=self._keep_crops)

    @property
    def templates(self) -> ModelTemplates:
        """Which models know which references."""
        return ModelTemplates(self.store)

    @property
    def vectors(self) -> TemplateVectors:
        """Its templates by number."""
        return TemplateVectors(self.store)

    def close(self) -> None:
        """Release the database; harmless when called twice."""
        self.store.database.close()

    @property
    def _data_key(self) -> bytes:
        return self.store.secrets.data_key

    def _add(self, changes: Changes, subject: OpenSubject, captures: Sequence[Capture]) -> None:
        for capture in captures:
            picture = Picture(
                templates=[Template(capture.embedding.vector, capture.embedding.model)],
                quality=capture.quality.unified,
                source=capture.source,
                aligned=capture.aligned if self._keep_crops else None,
                enrolled_at=datetime.now(UTC),
            )
            changes.add_picture(subject, picture)

    def _active(self, session: Session, subject_id: SubjectId) -> Subject:
        return _as_subject(session, open_subject(active_row(session, subject_id), self._data_key))

    def _open_crop(
        self, crop: CropRow, reference: ReferenceRow, subject_row: SubjectRow
    ) -> AlignedFace:
        return open_crop(crop, reference, open_subject(subject_row, self._data_key).key)

    def _preview(self, change: Callable[[Session], int]) -> ChangePreview:
        """Carry the change out, look at what is different, and take it back."""
        with self.store.trying() as session:
            number = change(session)
            touched = history.touched_subjects(session, number)
            kind = history.read_entry(session, self.store.secrets, number).kind
            after = states(session, self._data_key, touched)
        with self.store.reading() as session:
            before = states(session, self._data_key, touched)
        changes = tuple(
            SubjectChange(one, before.get(one), after[one])
            for one in touched
            if one in after and before.get(one) != after[one]
        )
        return ChangePreview(number, kind, changes)


def _need_captures(captures: Sequence[Capture]) -> None:
    if not captures:
        raise ValueError("an enrolment has at least one capture")


def _as_subject(session: Session, subject: OpenSubject) -> Subject:
    return subject.subject(count_references(session, subject.row.id))
