"""The gallery on the disk: everything told about a subject sealed, every write one transaction."""

import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.domain.face import AlignedFace
from core.domain.template import (
    Capture,
    ModelId,
    Reference,
    ReferenceId,
    Subject,
    SubjectId,
)
from core.errors import (
    ExportFailedError,
    GalleryTamperedError,
    SubjectExistsError,
    SubjectUnknownError,
)
from core.gallery.audit import Event, EventKind, read_events, record
from core.gallery.codec import (
    OpenSubject,
    name_digest,
    open_crop,
    open_reference,
    open_subject,
    reseal_profile,
    seal_crop,
    seal_subject,
    seal_template,
)
from core.gallery.database import Database
from core.gallery.export import Entry, write_plain
from core.gallery.names import canonical_name, name_key
from core.gallery.opening import open_or_create
from core.gallery.queries import (
    active_row,
    count_references,
    crops,
    references_of,
    references_with_subjects,
    row_of_digest,
    subjects_counted,
)
from core.gallery.tables import CropRow, ReferenceRow, SubjectRow
from core.ports import KeyStore
from core.settings import Folders

ID_BYTES = 16  # as random as a UUID; rows need their ids before they are sealed

_log = logging.getLogger(__name__)


class SqliteGallery:
    """The enrolled people; one caller at a time, from any thread. Implements `ports.Gallery`."""

    def __init__(self, database: Database, data_key: bytes, *, keep_crops: bool) -> None:
        self._database = database
        self._data_key = data_key
        self._keep_crops = keep_crops

    @classmethod
    def open(
        cls, folders: Folders, key_store: KeyStore, *, keep_crops: bool = True
    ) -> "SqliteGallery":
        """Open the gallery in `folders`, or make one where there is none.

        A new key is made only together with a new gallery.

        Args:
            keep_crops: Whether captures stored from now on keep their aligned picture.

        Raises:
            GalleryError: Locked, newer, corrupt or unwritable; it is as it was.
            KeyStoreError: The key is missing, wrong, refused or cannot be reached.
        """
        database, data_key = open_or_create(folders.gallery_file, key_store)
        _log.info("gallery opened; its key is in %s", key_store.place)
        return cls(database, data_key, keep_crops=keep_crops)

    def subjects(self) -> tuple[Subject, ...]:
        """All subjects that are not deleted, by name; damaged ones are left out and logged."""
        found: list[Subject] = []
        with self._database.reading() as session:
            for row, references in session.execute(subjects_counted()):
                try:
                    found.append(open_subject(row, self._data_key).subject(references))
                except GalleryTamperedError as error:
                    _log.warning("entry %s does not open", error.facts["row"])
        return tuple(sorted(found, key=lambda subject: (name_key(subject.name), subject.name)))

    def find(self, name: str) -> Subject:
        """The subject of that name, regardless of case. Raises SubjectUnknownError."""
        wanted = canonical_name(name)
        with self._database.reading() as session:
            row = row_of_digest(session, name_digest(self._data_key, wanted))
            if row is None:
                raise SubjectUnknownError(name=wanted)
            return self._as_subject(session, open_subject(row, self._data_key))

    def references(
        self, model: ModelId, subject_id: SubjectId | None = None
    ) -> tuple[Reference, ...]:
        """References made with `model`, oldest first.

        Of all subjects: damaged entries are left out and logged. Of one: they raise
        GalleryTamperedError.
        """
        with self._database.reading() as session:
            if subject_id is not None:
                subject = self._active(session, subject_id)
                rows = references_of(session, subject_id, model)
                return tuple(open_reference(row, subject.key) for row in rows)
            return tuple(self._all_references(session, model))

    def enrol(self, name: str, captures: Sequence[Capture], note: str = "") -> Subject:
        """Create a subject with one reference a capture.

        Raises:
            NameInvalidError: The name cannot be used.
            SubjectExistsError: It is taken.
        """
        _need_captures(captures)
        wanted = canonical_name(name)
        with self._database.writing() as session:
            self._need_free_name(session, wanted)
            row = SubjectRow(id=_new_id(), enrolled_at=datetime.now(UTC), deleted_at=None)
            subject = seal_subject(row, self._data_key, wanted, note)
            session.add(row)
            session.flush()
            self._store(session, subject, captures)
            record(session, EventKind.ENROLLED, SubjectId(row.id), len(captures))
            return subject.subject(len(captures))

    def add_references(self, subject_id: SubjectId, captures: Sequence[Capture]) -> Subject:
        """Add references to a subject. Raises SubjectUnknownError."""
        _need_captures(captures)
        with self._database.writing() as session:
            subject = self._active(session, subject_id)
            self._store(session, subject, captures)
            record(session, EventKind.REFERENCES_ADDED, subject_id, len(captures))
            return self._as_subject(session, subject)

    def rename(self, subject_id: SubjectId, name: str) -> Subject:
        """Change a name, or only its case.

        Raises:
            SubjectExistsError: The name belongs to somebody else.
            SubjectUnknownError: There is no such subject.
        """
        wanted = canonical_name(name)
        with self._database.writing() as session:
            subject = self._active(session, subject_id)
            self._need_free_name(session, wanted, but_for=subject_id)
            subject = reseal_profile(replace(subject, name=wanted), self._data_key)
            record(session, EventKind.RENAMED, subject_id)
            return self._as_subject(session, subject)

    def delete(self, subject_id: SubjectId) -> None:
        """Hide a subject, damaged or not, until `restore` or `purge`."""
        with self._database.writing() as session:
            row = active_row(session, subject_id)
            row.deleted_at = datetime.now(UTC)
            record(session, EventKind.DELETED, subject_id)

    def restore(self, subject_id: SubjectId) -> Subject:
        """Undo `delete`; a subject that is not deleted stays as it is.

        Raises:
            SubjectExistsError: Somebody else took the name meanwhile.
            SubjectUnknownError: There is no such subject, or it was purged.
        """
        with self._database.writing() as session:
            row = session.get(SubjectRow, subject_id)
            if row is None:
                raise SubjectUnknownError(name=subject_id)
            subject = open_subject(row, self._data_key)
            if row.deleted_at is not None:
                self._need_free_name(session, subject.name)
                row.deleted_at = None
                record(session, EventKind.RESTORED, subject_id)
            return self._as_subject(session, subject)

    def purge(self) -> int:
        """Remove deleted subjects, their keys, references and pictures for good.

        Their bytes are overwritten in the database and its log. Backups made before an upgrade
        still hold them, sealed.
        """
        with self._database.writing() as session:
            gone = session.scalars(
                select(SubjectRow.id).where(SubjectRow.deleted_at.is_not(None))
            ).all()
            for subject_id in gone:
                session.execute(delete(SubjectRow).where(SubjectRow.id == subject_id))
                record(session, EventKind.PURGED, SubjectId(subject_id))
        if gone:
            self._database.empty_log()
        return len(gone)

    def crop(self, reference_id: ReferenceId) -> AlignedFace | None:
        """The aligned picture of a reference; None where none is kept."""
        with self._database.reading() as session:
            found = session.execute(crops().where(ReferenceRow.id == reference_id)).first()
            return None if found is None else self._open_crop(*found)

    def thumbnail(self, subject_id: SubjectId) -> AlignedFace | None:
        """The picture of best quality, the oldest of equals; None where none is kept."""
        query = (
            crops()
            .where(SubjectRow.id == subject_id)
            .order_by(ReferenceRow.quality.desc(), ReferenceRow.enrolled_at, ReferenceRow.id)
            .limit(1)
        )
        with self._database.reading() as session:
            active_row(session, subject_id)
            best = session.execute(query).first()
            return None if best is None else self._open_crop(*best)

    def damaged(self) -> tuple[str, ...]:
        """Read every page and open every seal; the entries that do not open.

        Raises:
            GalleryCorruptError: The file itself is damaged.
        """
        self._database.check()
        found: list[str] = []
        with self._database.reading() as session:
            for row in session.scalars(select(SubjectRow).order_by(SubjectRow.id)):
                try:
                    subject = open_subject(row, self._data_key)
                except GalleryTamperedError as error:
                    found.append(str(error.facts["row"]))
                    continue
                found += _damaged_parts(session, subject)
        return tuple(found)

    def events(self) -> tuple[Event, ...]:
        """What was done, oldest first."""
        with self._database.reading() as session:
            return read_events(session)

    def export_plain(self, target: Path) -> int:
        """Write an unencrypted, self-contained SQLite copy; how many subjects it holds.

        Damaged entries are left out and logged. Whatever lay at `target` is replaced.
        """
        if target.absolute().parent.resolve() == self._database.path.parent.resolve():
            raise ExportFailedError(path=target, reason="that is the folder of the gallery itself")
        with self._database.reading() as session:
            count = write_plain(target, self._entries(session))
        with self._database.writing() as session:
            record(session, EventKind.EXPORTED, count=count)
        return count

    def close(self) -> None:
        """Release the database; harmless when called twice."""
        self._database.close()

    def _need_free_name(
        self, session: Session, name: str, but_for: SubjectId | None = None
    ) -> None:
        row = row_of_digest(session, name_digest(self._data_key, name))
        if row is not None and row.id != but_for:
            raise SubjectExistsError(name=name)

    def _active(self, session: Session, subject_id: SubjectId) -> OpenSubject:
        return open_subject(active_row(session, subject_id), self._data_key)

    def _open_crop(
        self, crop: CropRow, reference: ReferenceRow, subject_row: SubjectRow
    ) -> AlignedFace:
        return open_crop(crop, reference, open_subject(subject_row, self._data_key).key)

    def _as_subject(self, session: Session, subject: OpenSubject) -> Subject:
        session.flush()
        return subject.subject(count_references(session, subject.row.id))

    def _store(self, session: Session, subject: OpenSubject, captures: Sequence[Capture]) -> None:
        for capture in captures:
            row = ReferenceRow(
                id=_new_id(),
                subject_id=subject.row.id,
                model_id=capture.embedding.model,
                quality=capture.quality.unified,
                enrolled_at=datetime.now(UTC),
            )
            seal_template(row, subject.key, capture)
            session.add(row)
            session.flush()
            if self._keep_crops:
                session.add(seal_crop(row, subject.key, capture.aligned))

    def _all_references(self, session: Session, model: ModelId) -> Iterator[Reference]:
        rows = session.execute(references_with_subjects(model))
        keys: dict[str, bytes | None] = {}
        for subject_row, row in rows:
            try:
                if subject_row.id not in keys:
                    keys[subject_row.id] = None  # stays so, and is told once, if it is damaged
                    keys[subject_row.id] = open_subject(subject_row, self._data_key).key
                if key := keys[subject_row.id]:
                    yield open_reference(row, key)
            except GalleryTamperedError as error:
                _log.warning("entry %s does not open", error.facts["row"])

    def _entries(self, session: Session) -> Iterator[Entry]:
        rows = session.scalars(select(SubjectRow).where(SubjectRow.deleted_at.is_(None)))
        for row in rows.all():
            try:
                subject = open_subject(row, self._data_key)
            except GalleryTamperedError as error:
                _log.warning("entry %s does not open", error.facts["row"])
                continue
            pairs = tuple(_pictures(session, subject))
            yield Entry(subject.subject(len(pairs)), pairs)


def _need_captures(captures: Sequence[Capture]) -> None:
    if not captures:
        raise ValueError("an enrolment has at least one capture")


def _new_id() -> str:
    return secrets.token_hex(ID_BYTES)


def _pictures(
    session: Session, subject: OpenSubject
) -> Iterator[tuple[Reference, AlignedFace | None]]:
    for row in references_of(session, subject.row.id):
        crop = session.get(CropRow, row.id)
        try:
            aligned = None if crop is None else open_crop(crop, row, subject.key)
            yield open_reference(row, subject.key), aligned
        except GalleryTamperedError as error:
            _log.warning("entry %s does not open", error.facts["row"])


def _damaged_parts(session: Session, subject: OpenSubject) -> Iterator[str]:
    for row in references_of(session, subject.row.id):
        crop = session.get(CropRow, row.id)
        checks: list[Callable[[], object]] = [partial(open_reference, row, subject.key)]
        if crop is not None:
            checks.append(partial(open_crop, crop, row, subject.key))
        for check in checks:
            try:
                check()
            except GalleryTamperedError as error:
                yield str(error.facts["row"])
