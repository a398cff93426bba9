"""What the gallery on the disk promises beyond the contract that its fake keeps as well."""

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from core.errors import GalleryTamperedError, UndoImpossibleError
from core.gallery.codec import png_of
from core.gallery.sqlite_gallery import SqliteGallery
from core.settings import Folders
from tests.core.gallery.conftest import OpenGallery
from tests.fakes.captures import MODEL, make_capture

NAME, NOTE, SOURCE = "Ánna Testperson", "agreed on 1 May", "holiday with anna.jpg"


@pytest.fixture
def raw(folders: Folders) -> Iterator[sqlite3.Connection]:
    """The database as somebody without the key sees it; every statement is committed."""
    with closing(sqlite3.connect(folders.gallery_file, isolation_level=None)) as connection:
        yield connection


@pytest.fixture
def gallery(open_gallery: OpenGallery) -> SqliteGallery:
    """Anna with two references, Bob with one."""
    gallery = open_gallery()
    gallery.enrol("Anna", [make_capture(1), make_capture(2)])
    gallery.enrol("Bob", [make_capture(3)])
    return gallery


def all_bytes(folders: Folders) -> bytes:
    return b"\x00".join(path.read_bytes() for path in folders.data.iterdir() if path.is_file())


def flip(raw: sqlite3.Connection, table: str, column: str, key: str, value: str) -> None:
    """Flip the last bit of one sealed value."""
    [(sealed,)] = raw.execute(f'SELECT {column} FROM "{table}" WHERE {key} = ?', (value,))
    raw.execute(
        f'UPDATE "{table}" SET {column} = ? WHERE {key} = ?',
        (sealed[:-1] + bytes([sealed[-1] ^ 1]), value),
    )


def test_nothing_in_the_data_folder_tells_who_is_enrolled(
    open_gallery: OpenGallery, folders: Folders
) -> None:
    gallery, capture = open_gallery(), make_capture(1, source=SOURCE)
    subject = gallery.enrol(NAME, [capture], note=NOTE)
    gallery.rename(gallery.enrol("Bob Formerly", [make_capture(2)]).subject_id, "Carl Nowadays")
    gallery.delete(subject.subject_id)
    vector = capture.embedding.vector.tobytes()
    telling = [text.encode() for text in (NAME, NAME.casefold(), NOTE, SOURCE, "Formerly", "Nowa")]
    telling += [NAME.encode("utf-16-le"), vector[:16], vector[256:272], b"\x89PNG", b"IDAT"]
    telling += [capture.aligned.pixels.tobytes()[:24], png_of(capture.aligned)[64:88]]

    while_open = all_bytes(folders)
    gallery.close()
    afterwards = all_bytes(folders)

    assert len(while_open) > len(afterwards) > 0
    assert [text for text in telling if text in while_open or text in afterwards] == []


def test_what_is_final_leaves_no_sealed_byte_behind(
    gallery: SqliteGallery, folders: Folders, raw: sqlite3.Connection
) -> None:
    anna = gallery.find("Anna").subject_id
    query = (
        "SELECT sealed_key, sealed_profile, name_digest, sealed_template, sealed_crop FROM subjects"
        ' JOIN "references" r ON r.subject_id = subjects.id'
        " JOIN templates t ON t.reference_id = r.id"
        " JOIN crops c ON c.reference_id = r.id WHERE subjects.id = ?"
    )
    sealed = [value[:32] for row in raw.execute(query, (anna,)) for value in row]
    raw.close()
    assert len(sealed) == 10
    assert all(value in all_bytes(folders) for value in sealed)

    gallery.delete(anna)
    gallery.forget(datetime.now(UTC) + timedelta(hours=1))

    assert [value for value in sealed if value in all_bytes(folders)] == []


def test_a_tampered_template_is_named_and_the_rest_stays_readable(
    gallery: SqliteGallery, raw: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    anna, bob = gallery.subjects()
    bad, good = gallery.references(MODEL, anna.subject_id)
    flip(raw, "templates", "sealed_template", "reference_id", bad.reference_id)

    with pytest.raises(GalleryTamperedError, match=bad.reference_id):
        gallery.references(MODEL, anna.subject_id)
    with caplog.at_level(logging.WARNING):
        rest = [reference.reference_id for reference in gallery.references(MODEL)]

    assert rest == [
        good.reference_id,
        gallery.references(MODEL, bob.subject_id)[0].reference_id,
    ]
    assert bad.reference_id in caplog.text
    assert gallery.damaged() == (f"references/{bad.reference_id}",)
    assert gallery.subjects() == (anna, bob)


@pytest.mark.parametrize("column", ["sealed_key", "sealed_profile", "name_digest"])
def test_a_tampered_subject_is_named_and_the_rest_stays_readable(
    gallery: SqliteGallery, raw: sqlite3.Connection, column: str
) -> None:
    anna, bob = gallery.subjects()
    flip(raw, "subjects", column, "id", anna.subject_id)

    assert gallery.subjects() == (bob,)
    assert {reference.subject_id for reference in gallery.references(MODEL)} == {bob.subject_id}
    assert gallery.damaged() == (f"subjects/{anna.subject_id}",)
    with pytest.raises(GalleryTamperedError, match=anna.subject_id):
        gallery.rename(anna.subject_id, "Carl")


@pytest.mark.parametrize("at_once", [True, False])
def test_a_tampered_subject_can_be_deleted_and_erased(
    gallery: SqliteGallery, raw: sqlite3.Connection, at_once: bool
) -> None:
    anna, bob = gallery.subjects()
    flip(raw, "subjects", "sealed_key", "id", anna.subject_id)

    if not at_once:
        number = gallery.delete(anna.subject_id)
        with pytest.raises(UndoImpossibleError):
            gallery.undo(number)
    gallery.erase(anna.subject_id)

    assert gallery.damaged() == ()
    assert gallery.subjects() == (bob,)


def test_a_tampered_picture_is_named_and_costs_no_template(
    gallery: SqliteGallery, raw: sqlite3.Connection
) -> None:
    bob = gallery.find("Bob")
    [reference] = gallery.references(MODEL, bob.subject_id)
    flip(raw, "crops", "sealed_crop", "reference_id", reference.reference_id)

    with pytest.raises(GalleryTamperedError, match=f"crops/{reference.reference_id}"):
        gallery.crop(reference.reference_id)

    assert gallery.damaged() == (f"crops/{reference.reference_id}",)
    assert len(gallery.references(MODEL, bob.subject_id)) == 1


def test_without_kept_pictures_the_check_still_covers_the_templates(
    open_gallery: OpenGallery, request: pytest.FixtureRequest
) -> None:
    gallery = open_gallery(keep_crops=False)
    gallery.enrol("Anna", [make_capture()])
    [reference] = gallery.references(MODEL)
    assert gallery.damaged() == ()

    raw: sqlite3.Connection = request.getfixturevalue("raw")
    flip(raw, "templates", "sealed_template", "reference_id", reference.reference_id)

    assert gallery.damaged() == (f"references/{reference.reference_id}",)


def test_a_template_cannot_be_given_to_another_subject(
    gallery: SqliteGallery, raw: sqlite3.Connection
) -> None:
    anna = gallery.find("Anna")
    raw.execute('UPDATE "references" SET subject_id = ?', (anna.subject_id,))

    with pytest.raises(GalleryTamperedError):
        gallery.references(MODEL, anna.subject_id)

    assert {one.subject_id for one in gallery.references(MODEL)} == {anna.subject_id}
    assert len(gallery.damaged()) == 2  # Bob's template and his picture


def test_names_cannot_be_exchanged(gallery: SqliteGallery, raw: sqlite3.Connection) -> None:
    anna, bob = gallery.subjects()
    rows = dict(raw.execute("SELECT id, name_digest FROM subjects"))
    raw.execute("UPDATE subjects SET deleted_at = '2026-01-01'")
    for one, other in ((anna, bob), (bob, anna)):
        raw.execute(
            "UPDATE subjects SET name_digest = ?, deleted_at = NULL WHERE id = ?",
            (rows[other.subject_id], one.subject_id),
        )

    with pytest.raises(GalleryTamperedError):
        gallery.find("Anna")


def test_damaged_entries_are_left_out_of_an_export(
    gallery: SqliteGallery, raw: sqlite3.Connection, folders: Folders
) -> None:
    anna, _ = gallery.subjects()
    bad, _ = gallery.references(MODEL, anna.subject_id)
    flip(raw, "templates", "sealed_template", "reference_id", bad.reference_id)
    target = folders.data.parent / "out.sqlite"

    assert gallery.transfer.export_plain(target) == 2
    with closing(sqlite3.connect(target)) as exported:
        assert list(exported.execute("SELECT count(*) FROM templates")) == [(2,)]

    flip(raw, "subjects", "sealed_key", "id", anna.subject_id)
    assert gallery.transfer.export_plain(target) == 1


def test_a_deleted_subject_stays_deleted_in_the_next_run(
    gallery: SqliteGallery, open_gallery: OpenGallery
) -> None:
    anna = gallery.find("Anna")
    gallery.delete(anna.subject_id)
    gallery.close()

    again = open_gallery()

    assert [subject.name for subject in again.subjects()] == ["Bob"]
    again.undo()
    assert again.find("Anna") == anna


def test_a_gallery_may_be_used_by_one_thread_after_another(gallery: SqliteGallery) -> None:
    threads = [
        threading.Thread(target=gallery.enrol, args=(f"Subject {number}", [make_capture(number)]))
        for number in range(3)
    ]
    for thread in threads:
        thread.start()
        thread.join()

    assert len(gallery.subjects()) == 5


def test_the_log_names_nobody(
    open_gallery: OpenGallery, folders: Folders, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        gallery = open_gallery()
        subject = gallery.enrol(NAME, [make_capture(source=SOURCE)], note=NOTE)
        gallery.rename(subject.subject_id, "Bob Formerly")
        gallery.transfer.export_plain(folders.data.parent / "out.sqlite")
        gallery.delete(subject.subject_id)
        gallery.undo()
        gallery.merge(gallery.enrol("Bob", [make_capture(2)]).subject_id, subject.subject_id)
        gallery.erase(gallery.find("Bob").subject_id)

    for text in (NAME, NOTE, SOURCE, "Formerly"):
        assert text not in caplog.text
