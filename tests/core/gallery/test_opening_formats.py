"""Galleries as released versions wrote them open, with everything that was in them."""

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from core.errors import KeysDeniedError
from core.gallery.ledger import SqliteLedger
from core.gallery.opening import recall_key_record
from core.gallery.sqlite_gallery import SqliteGallery
from core.security.key_store import choose_key_store
from core.settings import Folders, locate_folders
from tests.fakes.captures import MODEL, OTHER_MODEL, make_capture

FORMATS = Path(__file__).parents[2] / "formats"
PASSPHRASE = "correct horse battery"


def unpack(name: str, tmp_path: Path) -> Folders:
    shutil.copytree(FORMATS / name, tmp_path / "data")
    return locate_folders(tmp_path / "data")


def open_as_the_program_does(folders: Folders, passphrase: str = PASSPHRASE) -> SqliteGallery:
    recall_key_record(folders)
    return SqliteGallery.open(folders, choose_key_store("auto", folders, lambda: passphrase))


@pytest.mark.parametrize("name", ["gallery-0001-file", "gallery-0001-passphrase"])
def test_a_gallery_of_the_first_schema_opens_whole(name: str, tmp_path: Path) -> None:
    gallery = open_as_the_program_does(unpack(name, tmp_path))

    anna, bob, doris = gallery.subjects()
    assert [(one.name, one.references) for one in (anna, bob, doris)] == [
        ("Anna Ärmel", 2),
        ("Bob", 3),
        ("Doris", 1),
    ]
    assert (anna.note, anna.consent, anna.retain_until) == ("agreed on 1 May", "", None)
    [other] = gallery.references(OTHER_MODEL)
    assert np.array_equal(
        other.template.vector, make_capture(3, model=OTHER_MODEL).embedding.vector
    )
    first = gallery.references(MODEL, anna.subject_id)[0]
    assert np.array_equal(first.template.vector, make_capture(1).embedding.vector)
    assert (first.quality, first.source) == (61, "picture 1.jpg")
    assert gallery.crop(first.reference_id) is not None
    assert gallery.damaged() == ()
    assert len(list((tmp_path / "data" / "backups").iterdir())) == 1
    gallery.close()


def test_its_events_are_covered_from_now_on_and_its_deleted_person_goes_in_time(
    tmp_path: Path,
) -> None:
    folders = unpack("gallery-0001-file", tmp_path)
    gallery = open_as_the_program_does(folders)
    ledger = SqliteLedger(gallery.store)
    assert [event.kind for event in ledger.events()][-1] == "deleted"

    assert gallery.forget(datetime.now(UTC) + timedelta(days=1)) == 1
    assert ledger.check().faults == ()

    gallery.close()
    with closing(sqlite3.connect(folders.gallery_file)) as raw, raw:
        raw.execute("DROP TRIGGER events_refuse_update")
        raw.execute("UPDATE events SET kind = 'exported' WHERE number = 1")
    gallery = open_as_the_program_does(folders)
    assert SqliteLedger(gallery.store).check().faults != ()
    gallery.close()


def test_after_its_first_opening_the_passphrase_alone_is_enough(tmp_path: Path) -> None:
    folders = unpack("gallery-0001-passphrase", tmp_path)
    open_as_the_program_does(folders).close()
    (folders.data / "key.json").unlink()

    with pytest.raises(KeysDeniedError, match="passphrase is wrong"):
        open_as_the_program_does(folders, "wrong horse battery")
    gallery = open_as_the_program_does(folders)

    assert len(gallery.subjects()) == 3
    gallery.close()
