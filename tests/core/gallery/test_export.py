import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core.errors import ExportFailedError
from core.opencv import cv2
from core.settings import Folders
from tests.core.gallery.conftest import FullDisk, OpenGallery
from tests.fakes.captures import make_capture
from tests.fakes.files import ODD_NAME, is_private


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return list(database.execute(query))


def test_an_export_opens_without_key_or_program(open_gallery: OpenGallery, tmp_path: Path) -> None:
    gallery, target = open_gallery(), tmp_path / f"{ODD_NAME}.sqlite"
    gallery.enrol("Anna", [make_capture(1, source="a.jpg"), make_capture(2)], note="agreed")
    gallery.enrol("Bob", [make_capture(3)])

    assert gallery.export_plain(target) == 2

    assert rows(target, "SELECT name, note FROM subjects ORDER BY name") == [
        ("Anna", "agreed"),
        ("Bob", ""),
    ]
    query = (
        "SELECT vector, dimensions, model_id, quality, source, png FROM templates"
        " JOIN subjects ON subjects.id = subject_id JOIN crops ON template_id = templates.id"
        " WHERE name = 'Anna' AND source = 'a.jpg'"
    )
    [(vector, dimensions, model, quality, source, png)] = rows(target, query)
    capture = make_capture(1)
    assert isinstance(vector, bytes)
    assert np.array_equal(np.frombuffer(vector, "<f4"), capture.embedding.vector)
    assert (dimensions, model, quality, source) == (128, capture.embedding.model, 80, "a.jpg")
    assert isinstance(png, bytes)
    decoded = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(decoded, capture.aligned.pixels)
    assert rows(target, "PRAGMA integrity_check") == [("ok",)]


def test_an_export_explains_every_table_and_is_one_private_file(
    open_gallery: OpenGallery, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    open_gallery().export_plain(folder / "out.sqlite")

    explained = {
        str(about).split(".")[0]
        for (about,) in rows(folder / "out.sqlite", "SELECT about FROM readme")
    }
    tables = {
        name
        for (name,) in rows(
            folder / "out.sqlite", "SELECT name FROM sqlite_master WHERE type = 'table'"
        )
    }
    assert tables - {"readme"} <= explained
    assert [path.name for path in folder.iterdir()] == ["out.sqlite"]
    assert is_private(folder / "out.sqlite")


def test_deleted_subjects_are_not_exported(open_gallery: OpenGallery, tmp_path: Path) -> None:
    gallery = open_gallery()
    gallery.delete(gallery.enrol("Anna", [make_capture()]).subject_id)

    assert gallery.export_plain(tmp_path / "out.sqlite") == 0
    assert rows(tmp_path / "out.sqlite", "SELECT * FROM templates") == []


def test_without_kept_pictures_an_export_has_none(
    open_gallery: OpenGallery, tmp_path: Path
) -> None:
    gallery = open_gallery(keep_crops=False)
    gallery.enrol("Anna", [make_capture()])
    gallery.export_plain(tmp_path / "out.sqlite")

    assert rows(tmp_path / "out.sqlite", "SELECT * FROM crops") == []


def test_an_export_replaces_what_was_there_with_its_side_files(
    open_gallery: OpenGallery, tmp_path: Path
) -> None:
    target, log = tmp_path / "out.sqlite", tmp_path / "out.sqlite-wal"
    target.write_bytes(b"old")
    log.write_bytes(b"old log")

    open_gallery().export_plain(target)

    assert rows(target, "SELECT count(*) FROM subjects") == [(0,)]
    assert not log.exists()


def test_an_export_that_fails_leaves_what_was_there(
    open_gallery: OpenGallery, tmp_path: Path
) -> None:
    gallery = open_gallery()
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    (blocked / "kept").write_text("kept")

    with pytest.raises(ExportFailedError):
        gallery.export_plain(blocked)
    with pytest.raises(ExportFailedError):
        gallery.export_plain(tmp_path / "missing" / "out.sqlite")

    assert (blocked / "kept").read_text() == "kept"
    assert {path.name for path in tmp_path.iterdir()} == {"data", "blocked"}
    assert gallery.events() == ()


def test_an_export_to_a_full_disk_leaves_what_was_there(
    open_gallery: OpenGallery, tmp_path: Path, full_disk: FullDisk
) -> None:
    gallery, target = open_gallery(), tmp_path / "out" / "out.sqlite"
    target.parent.mkdir()
    target.write_bytes(b"old")

    with full_disk(), pytest.raises(ExportFailedError):
        gallery.export_plain(target)

    assert target.read_bytes() == b"old"
    assert list(target.parent.iterdir()) == [target]


def test_an_export_never_lands_among_the_files_of_the_gallery(
    open_gallery: OpenGallery, folders: Folders
) -> None:
    gallery = open_gallery()
    gallery.enrol("Anna", [make_capture()])

    with pytest.raises(ExportFailedError, match="the gallery itself"):
        gallery.export_plain(folders.gallery_file)

    assert [subject.name for subject in gallery.subjects()] == ["Anna"]
