"""After an erasure no byte of the person is in any file of the data folder."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from core.domain.template import SubjectId
from core.gallery.codec import png_of
from core.gallery.database import open_database
from core.gallery.erasure import clean_backups
from core.gallery.sqlite_gallery import SqliteGallery
from core.security.key_store import KeyFileStore
from core.settings import Folders, locate_folders
from tests.core.gallery.conftest import OpenGallery
from tests.fakes.captures import make_capture

FORMATS = Path(__file__).parents[2] / "formats"
NAME, NOTE, CONSENT, SOURCE = "Ánna Testperson", "a note on her", "signed in May", "anna.jpg"


def files(folders: Folders) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folders.data.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(folders.data)), path.read_bytes()


def sealed_values(database: Path, subject_id: SubjectId) -> list[bytes]:
    """Every sealed value of a subject, journal included, as it lies in the file."""
    queries = (
        "SELECT sealed_key, sealed_profile, name_digest FROM subjects WHERE id = :id",
        'SELECT sealed_template FROM templates JOIN "references" r ON r.id = reference_id'
        " WHERE subject_id = :id",
        'SELECT sealed_crop FROM crops JOIN "references" r ON r.id = reference_id'
        " WHERE subject_id = :id",
        "SELECT sealed_before FROM journal_parts WHERE subject_id = :id"
        " AND sealed_before IS NOT NULL",
    )
    with closing(sqlite3.connect(database)) as raw:
        return [
            value
            for query in queries
            for row in raw.execute(query, {"id": subject_id})
            for value in row
        ]


def pieces(value: bytes) -> list[bytes]:
    """Parts of a value that are small enough to lie on one page of the database."""
    return [value[at : at + 24] for at in range(0, len(value) - 24, 2048)]


def test_an_erased_person_is_in_no_file(open_gallery: OpenGallery, folders: Folders) -> None:
    gallery = open_gallery()
    captures = [make_capture(1, source=SOURCE), make_capture(2)]
    anna = gallery.enrol(NAME, captures, NOTE, CONSENT, date(2030, 1, 1)).subject_id
    gallery.rename(anna, "Somebody Else")
    gallery.undo()
    gallery.merge(anna, gallery.enrol("Her Alias", [make_capture(3)]).subject_id)
    bob = gallery.enrol("Bob", [make_capture(4)])
    gallery.close()
    gallery = open_gallery()
    sealed = [
        piece for value in sealed_values(folders.gallery_file, anna) for piece in pieces(value)
    ]
    assert len(sealed) > 40
    assert all(piece in folders.gallery_file.read_bytes() for piece in sealed)
    plain = [text.encode() for text in (NAME, NAME.casefold(), NOTE, CONSENT, SOURCE, "Her Alias")]
    plain += [text.encode("utf-16-le") for text in (NAME, NOTE)]
    for capture in captures:
        plain += [capture.embedding.vector.tobytes()[:24], png_of(capture.aligned)[64:88]]
        plain += [capture.aligned.pixels.tobytes()[:24]]

    certificate = gallery.erase(anna)
    while_open = list(files(folders))
    gallery.close()
    afterwards = list(files(folders))

    found = {
        name
        for name, content in (*while_open, *afterwards)
        for piece in (*sealed, *plain, anna.encode())
        if piece in content and not (piece == anna.encode() and name.startswith("gallery.sqlite"))
    }
    assert found == set()
    assert certificate.complete
    assert (certificate.references, certificate.pictures) == (4, 4)
    assert len(certificate.subjects) == 2
    # Only the audit still knows the opaque id.
    with closing(sqlite3.connect(folders.gallery_file)) as raw:
        dump = [line for line in raw.iterdump() if anna in line and "INTO" in line]
        assert dump
        assert all('INTO "events"' in line for line in dump)
    assert open_gallery().subjects() == (bob,)


def test_backups_made_before_an_upgrade_are_cleaned_too(tmp_path: Path) -> None:
    shutil.copytree(FORMATS / "gallery-0001-file", tmp_path / "data")
    folders = locate_folders(tmp_path / "data")
    gallery = SqliteGallery.open(folders, KeyFileStore(folders))
    anna, bob = gallery.find("anna ärmel").subject_id, gallery.find("Bob").subject_id
    [backup] = (folders.data / "backups").iterdir()
    with closing(sqlite3.connect(backup)) as raw:
        [rows] = raw.execute(
            "SELECT sealed_key, sealed_profile FROM subjects WHERE id = ?", (anna,)
        )
        crops = raw.execute(
            'SELECT sealed_template, sealed_crop FROM "references" JOIN crops ON id = reference_id'
            " WHERE subject_id = ?",
            (anna,),
        )
        sealed = [value[:32] for row in (rows, *crops) for value in row]
    assert len(sealed) == 6
    assert all(value in backup.read_bytes() for value in sealed)

    certificate = gallery.erase(anna)
    gallery.close()

    assert (certificate.backups_cleaned, certificate.backups_left) == (1, ())
    assert [value for value in sealed if value in backup.read_bytes()] == []
    backup.rename(folders.gallery_file)
    kept = SqliteGallery.open(folders, KeyFileStore(folders))
    assert {subject.name for subject in kept.subjects()} == {"Bob", "Doris"}
    assert kept.find("Bob").subject_id == bob
    assert kept.damaged() == ()
    kept.close()


def test_a_backup_that_cannot_be_cleaned_is_named(
    open_gallery: OpenGallery, folders: Folders
) -> None:
    gallery = open_gallery()
    anna = gallery.enrol("Anna", [make_capture()]).subject_id
    (folders.data / "backups").mkdir()
    (folders.data / "backups" / "odd.sqlite").write_bytes(b"not a gallery")

    certificate = gallery.erase(anna)

    assert certificate.backups_left == ("odd.sqlite",)
    assert not certificate.complete
    assert clean_backups(folders.gallery_file, [anna])[0] == 0


def test_another_reader_keeps_the_log_and_the_certificate_says_so(
    open_gallery: OpenGallery, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.gallery.database.BUSY_S", 0.05)
    gallery = open_gallery()
    anna = gallery.enrol("Anna", [make_capture()]).subject_id
    with closing(sqlite3.connect(folders.gallery_file)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM subjects").fetchall()

        certificate = gallery.erase(anna)

    assert not certificate.log_empty
    assert not certificate.complete
    assert gallery.subjects() == ()


def test_others_keep_what_can_be_undone(open_gallery: OpenGallery) -> None:
    gallery = open_gallery()
    anna = gallery.enrol("Anna", [make_capture(1)]).subject_id
    bob = gallery.enrol("Bob", [make_capture(2)]).subject_id
    gallery.rename(bob, "Ben")

    gallery.erase(anna)

    gallery.undo()
    assert [subject.name for subject in gallery.subjects()] == ["Bob"]


def test_who_was_merged_into_somebody_merged_goes_along(open_gallery: OpenGallery) -> None:
    gallery = open_gallery()
    one, two, three = (
        gallery.enrol(name, [make_capture(seed)]).subject_id
        for seed, name in enumerate(("One", "Two", "Three"))
    )
    gallery.merge(two, three)
    gallery.merge(one, two)

    certificate = gallery.erase(one)

    assert set(certificate.subjects) == {one, two, three}
    database = open_database(gallery.store.database.path)
    with database.reading() as session:
        rows = session.connection().exec_driver_sql("SELECT count(*) FROM subjects").scalar()
    database.close()
    assert rows == 0
