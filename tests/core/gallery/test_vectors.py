import logging
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from core.domain.template import ModelId
from core.gallery import vectors
from core.settings import Folders
from tests.core.gallery.conftest import OpenGallery
from tests.fakes.captures import make_capture

MODEL = make_capture().embedding.model
OTHER_MODEL = ModelId("another")


def test_every_template_comes_once_and_is_found_again_by_its_number(
    open_gallery: OpenGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "BLOCK_ROWS", 4)
    monkeypatch.setattr(vectors, "ASKED_AT_ONCE", 2)
    gallery = open_gallery()
    for number in range(5):
        gallery.enrol(f"Person {number}", [make_capture(number), make_capture(number + 100)])
    gallery.enrol("Other", [make_capture(7, model=OTHER_MODEL)])

    blocks = list(gallery.vectors.blocks(MODEL))
    rows = np.concatenate([block.rows for block in blocks]).tolist()
    matrix = np.concatenate([block.matrix for block in blocks])
    references = gallery.vectors.references(MODEL, rows)

    assert [len(block.rows) for block in blocks] == [4, 4, 2]
    assert gallery.vectors.count(MODEL) == len(set(rows)) == 10
    assert {one.reference_id for one in references} == {
        one.reference_id for one in gallery.references(MODEL)
    }
    for row, vector in zip(rows, matrix, strict=True):
        [one] = gallery.vectors.references(MODEL, [row])
        assert np.array_equal(one.template.vector, vector)


def test_those_who_are_deleted_are_left_out(open_gallery: OpenGallery) -> None:
    gallery = open_gallery()
    anna = gallery.enrol("Anna", [make_capture(1)])
    ben = gallery.enrol("Ben", [make_capture(2)])
    before = [block.rows.tolist() for block in gallery.vectors.blocks(MODEL)]

    gallery.delete(anna.subject_id)

    assert gallery.vectors.count(MODEL) == 1
    [found] = gallery.vectors.references(MODEL, before[0])
    assert found.subject_id == ben.subject_id


@pytest.mark.parametrize(
    ("table", "column"), [("templates", "sealed_template"), ("subjects", "sealed_key")]
)
def test_an_altered_entry_is_left_out_and_the_rest_is_read(
    open_gallery: OpenGallery,
    folders: Folders,
    caplog: pytest.LogCaptureFixture,
    table: str,
    column: str,
) -> None:
    gallery = open_gallery()
    gallery.enrol("Anna", [make_capture(1)])
    ben = gallery.enrol("Ben", [make_capture(2)])
    [block] = gallery.vectors.blocks(MODEL)
    first = int(block.rows[0])
    with closing(sqlite3.connect(folders.gallery_file)) as raw, raw:
        raw.execute(f"UPDATE {table} SET {column} = randomblob(90) WHERE rowid = {first}")

    with caplog.at_level(logging.WARNING):
        [left] = gallery.vectors.blocks(MODEL)
        references = gallery.vectors.references(MODEL, block.rows.tolist())

    assert len(left.rows) == 1
    assert [one.subject_id for one in references] == [ben.subject_id]
    assert "does not open" in caplog.text


def test_an_empty_gallery_has_no_blocks(open_gallery: OpenGallery) -> None:
    gallery = open_gallery()

    assert list(gallery.vectors.blocks(MODEL)) == []
    assert gallery.vectors.count(MODEL) == 0
    assert gallery.vectors.references(MODEL, []) == ()
