"""Destroying all that is kept of a subject: key, rows, pictures, journal, freed pages, backups."""

import logging
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core.domain.erasure import ErasureCertificate
from core.domain.event import Event, EventKind
from core.domain.template import SubjectId
from core.errors import (
    GalleryCorruptError,
    GalleryLockedError,
    GalleryUnwritableError,
    SubjectUnknownError,
)
from core.gallery.audit import record
from core.gallery.database import Database
from core.gallery.schema import check_header
from core.gallery.storage_errors import backups_folder
from core.gallery.store import Secrets
from core.gallery.tables import CropRow, JournalPartRow, ReferenceRow, SubjectRow
from core.security.key_record import sync_file

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Removed:
    """What an erasure took out of the database; see ErasureCertificate."""

    subjects: tuple[SubjectId, ...]
    references: int
    pictures: int
    journal_entries: int
    event: Event


def remove(session: Session, secrets: Secrets, subject_id: SubjectId) -> Removed:
    """Delete the rows of a subject, deleted or damaged or not, and of those merged into it.

    Raises:
        SubjectUnknownError: There is none.
    """
    if session.get(SubjectRow, subject_id) is None:
        raise SubjectUnknownError(name=subject_id)
    ids = _with_merged(session, subject_id)
    mine = select(ReferenceRow.id).where(ReferenceRow.subject_id.in_(ids))
    references = session.scalars(select(func.count()).where(ReferenceRow.id.in_(mine))).one()
    pictures = session.scalars(select(func.count()).where(CropRow.reference_id.in_(mine))).one()
    # All of an entry, not only their parts: another's former rows may be pictures of this person.
    entries = session.scalars(
        select(JournalPartRow.entry).where(JournalPartRow.subject_id.in_(ids)).distinct()
    ).all()
    session.execute(delete(JournalPartRow).where(JournalPartRow.entry.in_(entries)))
    session.execute(delete(SubjectRow).where(SubjectRow.id.in_(ids)))
    event = record(session, secrets.audit_key, EventKind.ERASED, subject_id, len(ids))
    return Removed(
        tuple(SubjectId(one) for one in ids),
        references,
        pictures,
        len(entries),
        event,
    )


def purge(session: Session, secrets: Secrets, until: datetime) -> int:
    """Remove subjects that were deleted before `until`; how many there were."""
    gone = session.scalars(select(SubjectRow.id).where(SubjectRow.deleted_at < until)).all()
    for subject_id in gone:
        session.execute(delete(SubjectRow).where(SubjectRow.id == subject_id))
        record(session, secrets.audit_key, EventKind.PURGED, SubjectId(subject_id))
    return len(gone)


def certify(database: Database, removed: Removed) -> ErasureCertificate:
    """Clean what lies outside the rows, and say what is known of it."""
    cleaned, left = clean_backups(database.path, removed.subjects)
    return ErasureCertificate(
        at=removed.event.at,
        subjects=removed.subjects,
        references=removed.references,
        pictures=removed.pictures,
        journal_entries=removed.journal_entries,
        event=removed.event.number,
        digest=removed.event.digest.hex(),
        log_empty=_leave_no_page(database),
        backups_cleaned=cleaned,
        backups_left=tuple(path.name for path in left),
    )


def clean_backups(database: Path, subjects: Sequence[SubjectId]) -> tuple[int, tuple[Path, ...]]:
    """Take subjects out of the backups made before upgrades.

    Returns:
        How many backups are clean, and those that could not be cleaned.
    """
    cleaned, failed = 0, []
    for path in sorted(backups_folder(database).glob("*.sqlite")):
        try:
            check_header(path)
            _clean(path, subjects)
            cleaned += 1
        except (OSError, sqlite3.Error, GalleryCorruptError) as error:
            _log.warning("a backup could not be cleaned: %s", type(error).__name__)
            failed.append(path)
    return cleaned, tuple(failed)


def _with_merged(session: Session, subject_id: str) -> list[str]:
    found = [subject_id]
    for one in found:  # grows while it is walked: merges may be nested
        query = select(SubjectRow.id).where(SubjectRow.merged_into == one)
        found += [other for other in session.scalars(query) if other not in found]
    return found


def _leave_no_page(database: Database) -> bool:
    """Write the database anew and empty its log; False where another program stands in the way."""
    try:
        database.compact()
    except (GalleryLockedError, GalleryUnwritableError):
        return False
    return database.empty_log()


def _clean(backup: Path, subjects: Sequence[SubjectId]) -> None:
    """Every schema keeps its subjects in this table, and all that is theirs goes with the row."""
    with closing(sqlite3.connect(backup, isolation_level=None)) as raw:
        raw.execute("PRAGMA foreign_keys = ON")
        raw.execute("PRAGMA secure_delete = ON")
        tables = {name for (name,) in raw.execute("SELECT name FROM sqlite_master")}
        raw.execute("BEGIN IMMEDIATE")
        for subject_id in subjects:
            if "journal_parts" in tables:
                raw.execute(
                    "DELETE FROM journal_parts WHERE entry IN "
                    "(SELECT entry FROM journal_parts WHERE subject_id = ?)",
                    (subject_id,),
                )
            raw.execute("DELETE FROM subjects WHERE id = ?", (subject_id,))
        raw.execute("COMMIT")
        raw.execute("VACUUM")
    sync_file(backup)
