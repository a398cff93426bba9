"""Exports, imports and templates of several models: the gallery on the disk and its fake alike."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.domain.importing import Deed, OnConflict, Verdict
from core.domain.template import Embedding
from core.domain.watch import Watch
from core.errors import Cancelled
from core.ports import Gallery
from tests.core.test_ports import make_gallery, names
from tests.fakes.captures import MODEL, OTHER_MODEL, make_capture
from tests.fakes.holdings import make_held, make_template


@pytest.fixture(params=["memory", "disk"])
def gallery(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gallery]:
    gallery = make_gallery(request.param, tmp_path)
    yield gallery
    gallery.close()


def test_an_export_holds_those_who_are_not_deleted(gallery: Gallery, tmp_path) -> None:
    gallery.enrol("Anna", [make_capture(1), make_capture(2)])
    gallery.delete(gallery.enrol("Bob", [make_capture(3)]).subject_id)

    for export in (
        lambda to: gallery.transfer.export_archive(to, "1", {}, None),
        gallery.transfer.export_plain,
        lambda to: gallery.transfer.export_lists(to, "csv"),
    ):
        target = tmp_path / "out"
        target.unlink(missing_ok=True)
        assert export(target) == 1
        assert target.stat().st_size > 0


def test_a_cancelled_export_leaves_nothing(gallery: Gallery, tmp_path) -> None:
    gallery.enrol("Anna", [make_capture(1)])

    with pytest.raises(Cancelled):
        gallery.transfer.export_plain(tmp_path / "out", Watch(cancelled=lambda: True))

    assert list(tmp_path.glob("out*")) == []


@pytest.mark.parametrize(
    ("on_conflict", "deed", "expected"),
    [
        (OnConflict.KEEP, Deed.SKIP, [("anna", 1), ("Bob", 1)]),
        (OnConflict.MERGE, Deed.MERGE, [("anna", 3), ("Bob", 1)]),
        (OnConflict.REPLACE, Deed.REPLACE, [("Anna", 2), ("Bob", 1)]),
        (OnConflict.RENAME, Deed.ADD_RENAMED, [("anna", 1), ("Anna (2)", 2), ("Bob", 1)]),
    ],
)
def test_an_import_brings_people_in_and_can_be_undone(
    gallery: Gallery, on_conflict, deed, expected
) -> None:
    gallery.enrol("anna", [make_capture(9)])
    people = (make_held("Anna", 1, 2), make_held("Bob", 3))
    tried = gallery.transfer.import_subjects(people, on_conflict, dry_run=True)
    assert names(gallery) == ["anna"]

    plan = gallery.transfer.import_subjects(people, on_conflict)

    assert plan.subjects == tried.subjects
    assert [(it.verdict, it.deed) for it in plan.subjects] == [
        (Verdict.CONFLICT, deed),
        (Verdict.NEW, Deed.ADD),
    ]
    assert [(one.name, one.references) for one in gallery.subjects()] == expected
    gallery.undo(plan.entry)
    assert [(one.name, one.references) for one in gallery.subjects()] == [("anna", 1)]


def test_the_same_people_again_change_nothing(gallery: Gallery) -> None:
    gallery.transfer.import_subjects([make_held("Anna", 1, 2)], OnConflict.KEEP)

    plan = gallery.transfer.import_subjects([make_held("Anna", 1, 2)], OnConflict.REPLACE)

    assert (plan.count(Verdict.SAME), plan.entry) == (1, None)


def test_a_second_model_is_made_known_to_the_references(gallery: Gallery) -> None:
    anna = gallery.enrol("Anna", [make_capture(1)])
    [waiting] = gallery.templates.awaiting(OTHER_MODEL)
    assert (waiting.subject_id, waiting.has_crop) == (anna.subject_id, True)
    assert gallery.templates.crops([waiting.reference_id])[0] is not None

    made = Embedding(make_template(5, OTHER_MODEL).vector, OTHER_MODEL)
    assert gallery.templates.add([(waiting.reference_id, made)]) == 1

    assert gallery.templates.add([(waiting.reference_id, made)]) == 0
    assert gallery.templates.awaiting(OTHER_MODEL) == ()
    assert dict(gallery.templates.counts()) == {MODEL: 1, OTHER_MODEL: 1}
    assert len(gallery.references(OTHER_MODEL)) == len(gallery.references(MODEL)) == 1
    assert gallery.subjects()[0].references == 1


def test_letting_go_keeps_what_only_the_former_model_knows(gallery: Gallery) -> None:
    gallery.enrol("Anna", [make_capture(1)])
    gallery.enrol("Bob", [make_capture(2)])
    first = gallery.templates.awaiting(OTHER_MODEL)[0]
    made = Embedding(make_template(5, OTHER_MODEL).vector, OTHER_MODEL)
    gallery.templates.add([(first.reference_id, made)])

    assert gallery.templates.forget(OTHER_MODEL) == 1

    assert dict(gallery.templates.counts()) == {MODEL: 1, OTHER_MODEL: 1}
    assert names(gallery) == ["Anna", "Bob"]
