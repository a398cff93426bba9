"""A people library as InsightFace Evaluation Studio makes it."""

import sqlite3
from contextlib import closing
from pathlib import Path

# The columns of the two tables as the program's public source makes them.
_TABLES = (
    "CREATE TABLE people (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, "
    "display_name TEXT, notes TEXT, tags TEXT, cover_face_sample_id INTEGER, created_at TEXT, "
    "updated_at TEXT)",
    "CREATE TABLE face_samples (id INTEGER PRIMARY KEY AUTOINCREMENT, person_id INTEGER, "
    "source_image_path TEXT, crop_path TEXT, embedding BLOB, embedding_dim INTEGER, "
    "bbox_json TEXT, kps_json TEXT, det_score REAL, quality_score REAL, model_name TEXT, "
    "provider TEXT, created_at TEXT, updated_at TEXT)",
)


def make_library(path: Path) -> Path:
    """Anna with two pictures, Bob with one, and somebody without any."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        for table in _TABLES:
            database.execute(table)
        database.execute("INSERT INTO people (name, notes) VALUES ('Anna', 'a note'), ('Bob', '')")
        database.execute("INSERT INTO people (name) VALUES ('Nobody')")
        database.executemany(
            "INSERT INTO face_samples (person_id, source_image_path, crop_path, embedding) "
            "VALUES (?, ?, ?, x'00')",
            [(1, "/photos/a.jpg", "crops/a.png"), (1, "", "crops/b.png"), (2, "/photos/c.jpg", "")],
        )
    return path
