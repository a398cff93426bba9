import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from datetime import date
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.domain.watch import Watch
from core.errors import Cancelled, ExportFailedError
from core.gallery.export import write_plain
from tests.fakes.captures import MODEL, OTHER_MODEL
from tests.fakes.holdings import make_held, make_held_reference


def rows(path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


def test_another_program_can_read_everybody(tmp_path) -> None:
    anna = make_held("Anna", 1, note="note", consent="form 3", retain_until=date(2031, 2, 3))
    target = tmp_path / "plain.sqlite"

    assert write_plain(target, [anna, make_held("Bob", 2, 3)]) == 2

    people = rows(target, "SELECT name, note, consent, retain_until, enrolled_at FROM subjects")
    assert people[0] == ("Anna", "note", "form 3", "2031-02-03", "2026-05-01T12:30:00+00:00")
    joined = "SELECT s.name FROM subjects s JOIN captures c ON c.subject_id = s.id"
    assert sorted(rows(target, joined)) == [("Anna",), ("Bob",), ("Bob",)]


def test_a_vector_reads_back_as_the_file_says(tmp_path) -> None:
    anna = make_held("Anna", 1)
    write_plain(tmp_path / "plain.sqlite", [anna])

    [(model, size, raw)] = rows(
        tmp_path / "plain.sqlite", "SELECT model_id, dimensions, vector FROM templates"
    )
    vector = np.frombuffer(raw, dtype="<f4")
    assert (model, size) == (MODEL, 128)
    assert np.array_equal(vector, anna.references[0].templates[0].vector)


def test_templates_of_two_models_lie_side_by_side(tmp_path) -> None:
    both = replace(make_held("Anna"), references=(make_held_reference(1, MODEL, OTHER_MODEL),))
    write_plain(tmp_path / "plain.sqlite", [both])

    found = rows(tmp_path / "plain.sqlite", "SELECT model_id FROM templates ORDER BY model_id")
    assert found == [(MODEL,), (OTHER_MODEL,)]


def test_a_crop_is_a_picture_file(tmp_path) -> None:
    anna = make_held("Anna", 1)
    write_plain(tmp_path / "plain.sqlite", [anna])

    [(png, transform)] = rows(tmp_path / "plain.sqlite", "SELECT png, transform FROM crops")
    pixels = np.asarray(Image.open(BytesIO(png)))[..., ::-1]
    assert np.array_equal(pixels, anna.references[0].crop.pixels)
    assert transform == "0.5 0.25 3.0 -0.25 0.5 7.0"


def test_every_table_and_column_that_needs_words_has_them(tmp_path) -> None:
    write_plain(tmp_path / "plain.sqlite", [])

    tables = {
        name
        for (name,) in rows(
            tmp_path / "plain.sqlite", "SELECT name FROM sqlite_master WHERE type = 'table'"
        )
    }
    about = {
        about.split(".")[0]
        for (about,) in rows(tmp_path / "plain.sqlite", "SELECT about FROM readme")
    }
    assert tables - {"readme"} <= about


def test_the_copy_is_for_its_owner_only_and_needs_no_side_file(tmp_path) -> None:
    write_plain(tmp_path / "plain.sqlite", [make_held("Anna", 1)])

    assert stat.S_IMODE((tmp_path / "plain.sqlite").stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["plain.sqlite"]


def test_a_log_of_the_former_database_does_not_outlive_it(tmp_path) -> None:
    target = tmp_path / "plain.sqlite"
    (tmp_path / "plain.sqlite-wal").write_bytes(b"a log of something else")

    write_plain(target, [make_held("Anna", 1)])

    assert rows(target, "SELECT name FROM subjects") == [("Anna",)]


def test_cancelling_leaves_the_former_copy(tmp_path) -> None:
    target = tmp_path / "plain.sqlite"
    write_plain(target, [make_held("Anna", 1)])
    before = target.read_bytes()

    with pytest.raises(Cancelled):
        write_plain(target, [make_held("Bob", 2)], watch=Watch(cancelled=lambda: True))

    assert target.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["plain.sqlite"]


def test_a_folder_that_is_not_there_is_told_in_words(tmp_path) -> None:
    with pytest.raises(ExportFailedError, match="nowhere"):
        write_plain(tmp_path / "nowhere" / "plain.sqlite", [])
