"""Reading the people library of InsightFace Evaluation Studio (insightface_gui.db).

Tables and columns as its public source makes them (package insightface 2.1, storage module):
`people(id, name, notes, created_at, …)` and `face_samples(person_id, source_image_path,
crop_path, …)`. Its vectors are left where they are: the file names a model, but not its weights,
so nothing proves which network made them. The pictures it points at are looked at instead.
"""

import sqlite3
from pathlib import Path

from core.domain.person_pictures import PersonPictures
from core.gallery.archive_errors import ArchiveInvalidError
from core.gallery.archive_format import MAX_REFERENCES, MAX_TEXT
from core.gallery.plain_read import open_sqlite, tables_of

TABLES = {"people", "face_samples"}
MAX_PEOPLE = 100_000  # far above a library that somebody made by hand
_PEOPLE = "SELECT id, name, notes FROM people ORDER BY id LIMIT ?"
_SAMPLES = (
    "SELECT source_image_path, crop_path FROM face_samples WHERE person_id = ? ORDER BY id LIMIT ?"
)


def is_studio(path: Path) -> bool:
    """Whether an SQLite file is a people library. Raises ArchiveError where it is damaged."""
    with open_sqlite(path) as database:
        return tables_of(database) >= TABLES


def read_studio(path: Path) -> tuple[PersonPictures, ...]:
    """Everybody in the library who has a picture, with where the pictures lie.

    Raises:
        ArchiveError: Damaged, or with values that cannot be.
    """
    with open_sqlite(path) as database:
        people = database.execute(_PEOPLE, (MAX_PEOPLE + 1,)).fetchall()
        if len(people) > MAX_PEOPLE:
            raise ArchiveInvalidError(path=path, reason=f"it lists more than {MAX_PEOPLE:,} people")
        found = [_person(database, path, *row) for row in people]
    return tuple(person for person in found if person.pictures)


def _person(
    database: sqlite3.Connection, path: Path, number: object, name: object, notes: object
) -> PersonPictures:
    samples = database.execute(_SAMPLES, (number, MAX_REFERENCES)).fetchall()
    pictures = []
    for places in samples:
        texts = [text for text in places if isinstance(text, str) and text and "\0" not in text]
        # The whole picture first: a crop may be cut too close to find the face in it again.
        if texts:
            pictures.append(tuple(path.parent / text for text in texts))
    if not isinstance(name, str) or len(name) > MAX_TEXT:
        raise ArchiveInvalidError(path=path, reason="a name in it is none")
    note = notes if isinstance(notes, str) and len(notes) <= MAX_TEXT else ""
    return PersonPictures(name, tuple(pictures), note)
