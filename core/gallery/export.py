"""A plain copy of the gallery that any program can open: one SQLite file that explains itself."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from core.domain.holdings import HeldReference, HeldSubject
from core.domain.watch import ALONE, Watch
from core.errors import ExportFailedError
from core.gallery.codec import VECTOR_TYPE, png_of
from core.gallery.database import SIDE_FILES
from core.gallery.draft import replacing

FORMAT = "pocketface plain export"
VERSION = 2
# In the head of every SQLite file, so that an import knows what it is before it reads a row.
APPLICATION_ID = int.from_bytes(b"pfpl", "big")

_TABLES = """
CREATE TABLE readme (about TEXT NOT NULL, meaning TEXT NOT NULL);
CREATE TABLE subjects (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, note TEXT NOT NULL, consent TEXT NOT NULL,
    retain_until TEXT, enrolled_at TEXT NOT NULL);
CREATE TABLE captures (
    id TEXT PRIMARY KEY, subject_id TEXT NOT NULL REFERENCES subjects (id),
    quality INTEGER NOT NULL, source TEXT NOT NULL, enrolled_at TEXT NOT NULL);
CREATE TABLE templates (
    capture_id TEXT NOT NULL REFERENCES captures (id), model_id TEXT NOT NULL,
    dimensions INTEGER NOT NULL, vector BLOB NOT NULL, captures INTEGER NOT NULL,
    PRIMARY KEY (capture_id, model_id));
CREATE TABLE crops (
    capture_id TEXT PRIMARY KEY REFERENCES captures (id), png BLOB NOT NULL,
    transform TEXT NOT NULL);
"""

_README = (
    (
        "this file",
        f"{FORMAT} {VERSION}. Nothing in it is encrypted: keep it as you would keep the faces.",
    ),
    ("subjects", "The enrolled people: opaque id, name, the operator's note, ground, times."),
    ("subjects.consent", "On what ground the person is enrolled; may be empty."),
    ("subjects.retain_until", "After this day the person is due to be erased; often absent."),
    ("captures", "One row for each enrolled picture; subject_id points at subjects.id."),
    ("captures.quality", "0 to 100, higher is better."),
    ("captures.source", "Where the picture came from."),
    ("templates", "What one model made of one picture; capture_id points at captures.id."),
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
    ("crops", "The aligned face, 112 x 112 pixels, as a PNG file; missing where not kept."),
    (
        "crops.transform",
        "Six numbers, row by row: the 2 x 3 matrix that takes a pixel of the original picture "
        "to one of the crop.",
    ),
    ("enrolled_at", "ISO 8601 with UTC offset."),
)


def write_plain(
    target: Path, subjects: Iterable[HeldSubject], *, total: int = 0, watch: Watch = ALONE
) -> int:
    """Write the copy, mode 0600, complete and on the disk, in one step.

    Args:
        target: Replaced if it is there.
        subjects: In any order.
        total: How many there will be, for `watch`.
        watch: Told before each.

    Returns:
        How many subjects it holds.

    Raises:
        ExportFailedError: What lay there before is untouched.
        Cancelled: Likewise.
    """
    try:
        with replacing(target, SIDE_FILES) as draft:
            return _fill(draft, subjects, total, watch)
    except sqlite3.Error as error:
        raise ExportFailedError(path=target, reason=str(error)) from error


def _fill(draft: Path, subjects: Iterable[HeldSubject], total: int, watch: Watch) -> int:
    count = 0
    with closing(sqlite3.connect(draft)) as database:
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute(f"PRAGMA user_version = {VERSION}")
        database.executescript(_TABLES)
        with database:
            database.executemany("INSERT INTO readme VALUES (?, ?)", _README)
            for subject in subjects:
                watch.step(count, total)
                _add(database, subject)
                count += 1
    return count


def _add(database: sqlite3.Connection, subject: HeldSubject) -> None:
    until = subject.retain_until
    database.execute(
        "INSERT INTO subjects VALUES (?, ?, ?, ?, ?, ?)",
        (
            subject.subject_id,
            subject.name,
            subject.note,
            subject.consent,
            None if until is None else until.isoformat(),
            subject.enrolled_at.isoformat(),
        ),
    )
    for reference in subject.references:
        _add_reference(database, subject, reference)


def _add_reference(
    database: sqlite3.Connection, subject: HeldSubject, reference: HeldReference
) -> None:
    capture = reference.reference_id
    enrolled = reference.enrolled_at.isoformat()
    database.execute(
        "INSERT INTO captures VALUES (?, ?, ?, ?, ?)",
        (capture, subject.subject_id, reference.quality, reference.source, enrolled),
    )
    database.executemany(
        "INSERT INTO templates VALUES (?, ?, ?, ?, ?)",
        (
            (
                capture,
                template.model,
                template.vector.size,
                template.vector.astype(VECTOR_TYPE).tobytes(),
                template.captures,
            )
            for template in reference.templates
        ),
    )
    if reference.crop is not None:
        transform = " ".join(repr(float(value)) for value in reference.crop.transform.ravel())
        database.execute(
            "INSERT INTO crops VALUES (?, ?, ?)", (capture, png_of(reference.crop), transform)
        )
