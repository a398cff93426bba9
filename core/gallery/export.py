"""A plain copy of the gallery that any program can open: one SQLite file that explains itself."""

import os
import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.domain.face import AlignedFace
from core.domain.template import Reference, Subject
from core.errors import ExportFailedError
from core.gallery.codec import VECTOR_TYPE, png_of
from core.gallery.database import SIDE_FILES
from core.security.key_record import sync_file, sync_folder

FORMAT = "pocketface plain export 1"

_TABLES = """
CREATE TABLE readme (about TEXT NOT NULL, meaning TEXT NOT NULL);
CREATE TABLE subjects (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, note TEXT NOT NULL, enrolled_at TEXT NOT NULL);
CREATE TABLE templates (
    id TEXT PRIMARY KEY, subject_id TEXT NOT NULL REFERENCES subjects (id), model_id TEXT NOT NULL,
    dimensions INTEGER NOT NULL, vector BLOB NOT NULL, captures INTEGER NOT NULL,
    quality INTEGER NOT NULL, source TEXT NOT NULL, enrolled_at TEXT NOT NULL);
CREATE TABLE crops (
    template_id TEXT PRIMARY KEY REFERENCES templates (id), png BLOB NOT NULL);
"""

_README = (
    ("this file", f"{FORMAT}. Nothing in it is encrypted: keep it as you would keep the faces."),
    ("subjects", "The enrolled people: opaque id, name, the operator's note, time of enrolment."),
    ("templates", "One row for each enrolled picture; subject_id points at subjects.id."),
    (
        "templates.model_id",
        "Hash over weights and preprocessing of the model that made the vector; vectors of "
        "different models cannot be compared.",
    ),
    (
        "templates.vector",
        "`dimensions` numbers, IEEE 754 binary32, little-endian, of unit length. The cosine "
        "similarity of two faces is the dot product of their vectors.",
    ),
    ("templates.captures", "How many pictures went into the vector."),
    ("templates.quality", "0 to 100, higher is better."),
    ("templates.source", "Where the picture came from."),
    ("crops", "The aligned face, 112 x 112 pixels, as a PNG file; missing where not kept."),
    ("enrolled_at", "ISO 8601 with UTC offset."),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A subject with all references and the pictures that are kept."""

    subject: Subject
    references: tuple[tuple[Reference, AlignedFace | None], ...]


def write_plain(target: Path, entries: Iterable[Entry]) -> int:
    """Write the copy, mode 0600, complete and on the disk, in one step.

    Returns:
        How many subjects it holds.

    Raises:
        ExportFailedError: What lay there before is untouched.
    """
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:32]}-")
        os.close(handle)
        draft = Path(name)
        try:
            count = _fill(draft, entries)
            sync_file(draft)
            for suffix in SIDE_FILES:  # of a database that lay there; they do not fit the new one
                target.with_name(target.name + suffix).unlink(missing_ok=True)
            draft.replace(target)
            sync_folder(target.parent)
        finally:
            for suffix in ("", *SIDE_FILES):
                draft.with_name(draft.name + suffix).unlink(missing_ok=True)
    except OSError as error:
        raise ExportFailedError(path=target, reason=error.strerror or "refused") from error
    except sqlite3.Error as error:
        raise ExportFailedError(path=target, reason=str(error)) from error
    return count


def _fill(draft: Path, entries: Iterable[Entry]) -> int:
    count = 0
    with closing(sqlite3.connect(draft)) as database:
        database.executescript(_TABLES)
        with database:
            database.executemany("INSERT INTO readme VALUES (?, ?)", _README)
            for entry in entries:
                _add(database, entry)
                count += 1
    return count


def _add(database: sqlite3.Connection, entry: Entry) -> None:
    subject = entry.subject
    enrolled = subject.enrolled_at.isoformat()
    database.execute(
        "INSERT INTO subjects VALUES (?, ?, ?, ?)",
        (subject.subject_id, subject.name, subject.note, enrolled),
    )
    for reference, aligned in entry.references:
        template = reference.template
        database.execute(
            "INSERT INTO templates VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                reference.reference_id,
                subject.subject_id,
                template.model,
                template.vector.size,
                template.vector.astype(VECTOR_TYPE).tobytes(),
                template.captures,
                reference.quality,
                reference.source,
                reference.enrolled_at.isoformat(),
            ),
        )
        if aligned is not None:
            database.execute(
                "INSERT INTO crops VALUES (?, ?)", (reference.reference_id, png_of(aligned))
            )
