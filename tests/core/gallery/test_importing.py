import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.domain.event import EventKind
from core.domain.holdings import HeldSubject
from core.domain.importing import Deed, ImportPlan, OnConflict, Verdict
from core.domain.watch import Watch
from core.errors import Cancelled, GalleryUnwritableError
from core.gallery.audit import read_events
from core.gallery.held import held_subjects
from core.gallery.sqlite_gallery import SqliteGallery
from tests.fakes.captures import MODEL, OTHER_MODEL, make_capture
from tests.fakes.holdings import make_held, make_held_reference, told

KEEP, REPLACE, MERGE, RENAME = OnConflict


@pytest.fixture
def gallery(open_gallery) -> SqliteGallery:
    return open_gallery()


def bring(
    gallery: SqliteGallery, *people: HeldSubject, on_conflict: OnConflict = KEEP, **options
) -> ImportPlan:
    return gallery.transfer.import_subjects(people, on_conflict, **options)


def held(gallery: SqliteGallery) -> list[tuple[object, ...]]:
    """Everything in the gallery as values that compare."""
    with gallery.store.reading() as session:
        return [told(one) for one in held_subjects(session, gallery.store.secrets.data_key)]


def names(gallery: SqliteGallery) -> list[tuple[str, int]]:
    return [(one.name, one.references) for one in gallery.subjects()]


def test_somebody_new_comes_in_with_everything_that_is_held(gallery) -> None:
    anna = make_held("Anna", 1, 2, note="note", consent="form 3")
    both = replace(anna, references=(make_held_reference(1, MODEL, OTHER_MODEL),))

    plan = bring(gallery, both)

    assert held(gallery) == [told(both)]
    assert [(one.verdict, one.deed, one.added) for one in plan.subjects] == [
        (Verdict.NEW, Deed.ADD, 1)
    ]


def test_the_same_people_again_change_nothing(gallery) -> None:
    bring(gallery, make_held("Anna", 1, 2))
    before = held(gallery)

    plan = bring(gallery, make_held("Anna", 1, 2), on_conflict=REPLACE)

    assert (plan.count(Verdict.SAME), plan.changes, plan.entry) == (1, 0, None)
    assert held(gallery) == before


def test_the_same_face_under_another_id_is_known(gallery) -> None:
    """As after a way over a format that keeps no ids."""
    bring(gallery, make_held("Anna", 1))
    again = replace(make_held_reference(1), reference_id="another-id")

    plan = bring(gallery, replace(make_held("Anna"), references=(again,)))

    assert plan.count(Verdict.SAME) == 1


def test_by_default_somebody_who_is_there_stays_as_he_is(gallery) -> None:
    gallery.enrol("anna", [make_capture(9)])

    plan = bring(gallery, make_held("Anna", 1))

    assert names(gallery) == [("anna", 1)]
    assert (plan.subjects[0].verdict, plan.subjects[0].existing) == (Verdict.CONFLICT, "anna")
    assert plan.entry is None


def test_merging_adds_what_is_missing_and_keeps_the_name(gallery) -> None:
    bring(gallery, make_held("Anna", 1, 2))

    plan = bring(gallery, make_held("ANNA", 2, 3, 4), on_conflict=MERGE)

    assert names(gallery) == [("Anna", 4)]
    assert plan.subjects[0].added == 2


def test_replacing_hides_the_former_one(gallery) -> None:
    gallery.enrol("Anna", [make_capture(9), make_capture(8)])

    bring(gallery, make_held("Anna", 1), on_conflict=REPLACE)

    assert names(gallery) == [("Anna", 1)]


def test_renaming_finds_a_free_name(gallery) -> None:
    gallery.enrol("Anna", [make_capture(9)])
    gallery.enrol("Anna (2)", [make_capture(8)])

    plan = bring(gallery, make_held("Anna", 1), on_conflict=RENAME)

    assert plan.subjects[0].stored_as == "Anna (3)"
    assert [name for name, _ in names(gallery)] == ["Anna", "Anna (2)", "Anna (3)"]


def test_a_long_name_stays_within_its_limit_when_it_gets_a_number(gallery) -> None:
    long = "A" * 200
    gallery.enrol(long, [make_capture(9)])

    plan = bring(gallery, make_held(long, 1, subject_id="some-id"), on_conflict=RENAME)

    assert len(plan.subjects[0].stored_as) == 200


def test_somebody_renamed_meanwhile_is_found_by_id(gallery) -> None:
    bring(gallery, make_held("Anna", 1))
    gallery.rename(gallery.find("Anna").subject_id, "Anne")

    plan = bring(gallery, make_held("Anna", 1), on_conflict=MERGE)

    assert (plan.subjects[0].verdict, plan.subjects[0].existing) == (Verdict.CONFLICT, "Anne")
    assert (plan.subjects[0].deed, plan.entry) == (Deed.SKIP, None)
    assert names(gallery) == [("Anne", 1)]


def test_somebody_deleted_here_comes_in_anew_and_the_deletion_can_still_be_undone(gallery) -> None:
    bring(gallery, make_held("Anna", 1))
    deletion = gallery.delete(gallery.find("Anna").subject_id)

    bring(gallery, make_held("Anna", 1))
    gallery.rename(gallery.find("Anna").subject_id, "Anna from the archive")
    gallery.undo(deletion)

    assert names(gallery) == [("Anna", 1), ("Anna from the archive", 1)]


@pytest.mark.parametrize("on_conflict", list(OnConflict))
def test_undoing_an_import_gives_back_the_gallery_before(gallery, on_conflict) -> None:
    gallery.enrol("anna", [make_capture(9)], note="ours")
    gallery.enrol("Carl", [make_capture(8)])
    before = held(gallery)

    bring(gallery, make_held("Anna", 1, 2), make_held("Bob", 3), on_conflict=on_conflict)
    assert held(gallery) != before
    gallery.undo()

    assert held(gallery) == before


@pytest.mark.parametrize("on_conflict", list(OnConflict))
def test_a_dry_run_says_what_an_import_does_and_does_nothing(gallery, on_conflict) -> None:
    gallery.enrol("Anna", [make_capture(9)])
    before, events = held(gallery), gallery.history()
    people = (make_held("Anna", 1), make_held("Bob", 2))

    promised = bring(gallery, *people, on_conflict=on_conflict, dry_run=True)

    assert (held(gallery), gallery.history()) == (before, events)
    assert promised.subjects == bring(gallery, *people, on_conflict=on_conflict).subjects


def test_a_source_that_fails_half_way_changes_nothing(gallery) -> None:
    def people() -> Iterator[HeldSubject]:
        yield make_held("Anna", 1)
        raise RuntimeError("the file ends here")

    with pytest.raises(RuntimeError):
        gallery.transfer.import_subjects(people(), KEEP)

    assert gallery.subjects() == ()
    assert gallery.history() == ()


def test_cancelling_changes_nothing(gallery) -> None:
    asked: list[int] = []
    watch = Watch(report=lambda done, _: asked.append(done), cancelled=lambda: bool(asked))

    with pytest.raises(Cancelled):
        bring(gallery, make_held("Anna", 1), make_held("Bob", 2), watch=watch, total=2)

    assert gallery.subjects() == ()


def test_where_pictures_are_not_kept_none_come_in(open_gallery) -> None:
    gallery = open_gallery(keep_crops=False)

    bring(gallery, make_held("Anna", 1))

    assert gallery.thumbnail(gallery.find("Anna").subject_id) is None


def test_an_import_is_one_event_that_names_nobody(gallery) -> None:
    bring(gallery, make_held("Anna", 1), make_held("Bob", 2))

    with gallery.store.reading() as session:
        [event] = read_events(session)
    assert (event.kind, event.subject_id, event.count) == (EventKind.IMPORTED, None, 2)


def test_a_full_disk_is_told_and_changes_nothing(gallery, full_disk) -> None:
    bring(gallery, make_held("Anna", 1))
    before = held(gallery)

    with full_disk(), pytest.raises(GalleryUnwritableError):
        bring(gallery, *(make_held(f"Person {number}", 10 + number) for number in range(40)))

    assert held(gallery) == before
    assert gallery.damaged() == ()


def test_killed_half_way_the_gallery_is_as_it_was(open_gallery, key_store, folders) -> None:
    """The other process ends like by kill -9 after its third person."""
    gallery = open_gallery()
    bring(gallery, make_held("Anna", 1))
    before = held(gallery)
    gallery.close()
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from core.domain.importing import OnConflict\n"
        "from core.gallery.sqlite_gallery import SqliteGallery\n"
        "from core.settings import locate_folders\n"
        "from tests.fakes.holdings import make_held\n"
        "from tests.fakes.key_store import MemoryKeyStore\n"
        "def people():\n"
        "    for number in range(5):\n"
        "        if number == 3:\n"
        "            os._exit(9)\n"
        "        yield make_held(f'Person {number}', 10 + number)\n"
        "store = MemoryKeyStore(bytes.fromhex(sys.argv[2]))\n"
        "gallery = SqliteGallery.open(locate_folders(Path(sys.argv[1])), store)\n"
        "gallery.transfer.import_subjects(people(), OnConflict.KEEP)\n"
    )
    line = [sys.executable, "-c", code, str(folders.data), key_store.key.hex()]
    assert subprocess.run(line, check=False).returncode == 9

    again = open_gallery()
    assert held(again) == before
    assert again.damaged() == ()
    assert bring(again, make_held("Person 0", 10)).count(Verdict.NEW) == 1
