"""Reading a plain SQLite export back, of this format and of the first one.

The file comes from outside: it is opened read-only, nothing in it is run, and every value is
checked before it is believed.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from core.domain.face import AlignedFace
from core.domain.holdings import HeldReference, HeldSubject
from core.domain.template import ReferenceId, SubjectId, Template
from core.gallery.archive_errors import (
    ArchiveDamagedError,
    ArchiveForeignError,
    ArchiveInvalidError,
    ArchiveNewerError,
)
from core.gallery.archive_format import MAX_PNG_BYTES, MAX_REFERENCES, MAX_TEXT
from core.gallery.export import APPLICATION_ID, VERSION
from core.gallery.foreign_values import checked_crop, checked_id, checked_name, checked_template
from core.gallery.names import name_key

SQLITE_MAGIC = b"SQLite format 3\x00"
MAX_VALUE_BYTES = 2 * MAX_PNG_BYTES  # SQLite hands out no longer text or blob
MAX_QUALITY = 100
_FIRST_TABLES = {"readme", "subjects", "templates", "crops"}

_PEOPLE = {
    1: "SELECT id, name, note, '', NULL, enrolled_at FROM subjects ORDER BY rowid",
    2: "SELECT id, name, note, consent, retain_until, enrolled_at FROM subjects ORDER BY rowid",
}
_CAPTURES = {
    1: "SELECT id, quality, source, enrolled_at FROM templates WHERE subject_id = ? "
    "ORDER BY rowid LIMIT ?",
    2: "SELECT id, quality, source, enrolled_at FROM captures WHERE subject_id = ? "
    "ORDER BY rowid LIMIT ?",
}
_TEMPLATES = {
    1: "SELECT model_id, dimensions, vector, captures FROM templates WHERE id = ?",
    2: "SELECT model_id, dimensions, vector, captures FROM templates WHERE capture_id = ?",
}
# The first format did not say how a crop came out of its picture, so the crop is the picture.
_CROPS = {
    1: "SELECT png, '1 0 0 0 1 0' FROM crops WHERE template_id = ?",
    2: "SELECT png, transform FROM crops WHERE capture_id = ?",
}


def is_sqlite(path: Path) -> bool:
    """Whether the file begins as every SQLite file does; False where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC
    except OSError:
        return False


@contextmanager
def open_sqlite(path: Path) -> Iterator[sqlite3.Connection]:
    """A foreign SQLite file, read-only and without any trust.

    Raises:
        ArchiveError: It is damaged, or cannot be read.
    """
    try:
        # As a URI, so that neither the file nor anything beside it is written.
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(uri, uri=True)) as database:
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
            database.execute("PRAGMA trusted_schema = OFF")
            database.execute("PRAGMA cell_size_check = ON")
            yield database
    except (sqlite3.Error, UnicodeDecodeError, OverflowError) as error:
        raise ArchiveDamagedError(path=path, reason=f"SQLite says: {error}") from error
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise ArchiveForeignError(path=path, reason=reason) from error


def tables_of(database: sqlite3.Connection) -> set[str]:
    """The names of the real tables; views, which could be anything, do not count."""
    found = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {str(name) for (name,) in found}


@dataclass(frozen=True, slots=True)
class PlainExport:
    """An open plain export.

    Attributes:
        subjects_count: How many people it holds.
    """

    path: Path
    database: sqlite3.Connection
    version: int

    @property
    def subjects_count(self) -> int:
        """How many people it holds."""
        (count,) = self.database.execute("SELECT count(*) FROM subjects").fetchone()
        return int(count)

    def subjects(self) -> Iterator[HeldSubject]:
        """All people. Raises ArchiveInvalidError, ArchiveDamagedError."""
        seen: set[str] = set()
        for row in self.database.execute(_PEOPLE[self.version]):
            try:
                held = self._subject(row, seen)
            except (ValueError, TypeError) as error:
                raise ArchiveInvalidError(path=self.path, reason=str(error)) from error
            yield held

    def _subject(self, row: tuple[object, ...], seen: set[str]) -> HeldSubject:
        subject_id, name, note, consent, until, enrolled = row
        if (key := name_key(_text(name))) in seen:
            raise ValueError("two people in it have the same name")
        seen.add(key)
        captures = self.database.execute(
            _CAPTURES[self.version], (subject_id, MAX_REFERENCES + 1)
        ).fetchall()
        if len(captures) > MAX_REFERENCES:
            raise ValueError(f"somebody in it has more than {MAX_REFERENCES} pictures")
        return HeldSubject(
            subject_id=SubjectId(checked_id(_text(subject_id))),
            name=checked_name(_text(name)),
            enrolled_at=_moment(enrolled),
            references=tuple(self._reference(capture) for capture in captures),
            note=_text(note),
            consent=_text(consent),
            retain_until=None if until is None else date.fromisoformat(_text(until)),
        )

    def _reference(self, row: tuple[object, ...]) -> HeldReference:
        capture, quality, source, enrolled = row
        if not isinstance(quality, int) or not 0 <= quality <= MAX_QUALITY:
            raise ValueError("a quality in it is not 0 to 100")
        templates = self.database.execute(_TEMPLATES[self.version], (capture,)).fetchall()
        crop = self.database.execute(_CROPS[self.version], (capture,)).fetchone()
        return HeldReference(
            reference_id=ReferenceId(checked_id(_text(capture))),
            enrolled_at=_moment(enrolled),
            quality=quality,
            source=_text(source),
            templates=tuple(_template(*template) for template in templates),
            crop=None if crop is None else _crop(*crop),
        )


@contextmanager
def open_plain(path: Path) -> Iterator[PlainExport]:
    """A plain export.

    Raises:
        ArchiveError: Foreign, damaged or newer.
    """
    with open_sqlite(path) as database:
        (application,) = database.execute("PRAGMA application_id").fetchone()
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if application == APPLICATION_ID and version > VERSION:
            raise ArchiveNewerError(path=path, version=version)
        if application == 0 and tables_of(database) >= _FIRST_TABLES:
            version = 1
        elif application != APPLICATION_ID or version != VERSION:
            raise ArchiveForeignError(path=path, reason="it is no export of a gallery")
        yield PlainExport(path, database, version)


def _template(model: object, dimensions: object, vector: object, captures: object) -> Template:
    if not isinstance(vector, bytes) or not isinstance(captures, int):
        raise TypeError("a template in it is none")
    template = checked_template(vector, _text(model), captures)
    if template.vector.size != dimensions:
        raise ValueError("a template in it has another length than it says")
    return template


def _crop(png: object, transform: object) -> AlignedFace:
    if not isinstance(png, bytes):
        raise TypeError("a picture in it is none")
    try:
        numbers = [float(number) for number in _text(transform).split()]
    except ValueError as error:
        raise ValueError("a picture in it was warped by numbers that are none") from error
    return checked_crop(png, numbers)


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(value))
    except ValueError as error:
        raise ValueError("a time in it is none") from error
    if moment.tzinfo is None:
        raise ValueError("a time in it has no zone")
    return moment


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise ValueError("a text in it is none, or far too long")
    return value
