"""One suite for each implementation of a protocol and its fake, so that the fake cannot drift."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.domain.template import ReferenceId, SubjectId
from core.errors import (
    KeysDeniedError,
    NameInvalidError,
    SubjectExistsError,
    SubjectUnknownError,
)
from core.gallery.sqlite_gallery import SqliteGallery
from core.ports import Gallery, KeyStore
from core.security import passphrase
from core.security.key_store import KeyFileStore, KeyringStore, PassphraseStore
from core.settings import locate_folders
from tests.fakes.captures import MODEL, OTHER_MODEL, make_capture
from tests.fakes.gallery import MemoryGallery
from tests.fakes.key_store import MemoryKeyStore
from tests.fakes.keyring_backends import DictKeyring

NOBODY = SubjectId("nobody")


def make_gallery(kind: str, folder: Path, *, keep_crops: bool = True) -> Gallery:
    if kind == "memory":
        return MemoryGallery(keep_crops=keep_crops)
    return SqliteGallery.open(
        locate_folders(folder / "data"), MemoryKeyStore(), keep_crops=keep_crops
    )


@pytest.fixture(params=["memory", "disk"])
def gallery(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gallery]:
    gallery = make_gallery(request.param, tmp_path)
    yield gallery
    gallery.close()


def names(gallery: Gallery) -> list[str]:
    return [subject.name for subject in gallery.subjects()]


def test_a_new_gallery_is_empty(gallery: Gallery) -> None:
    assert gallery.subjects() == ()
    assert gallery.references(MODEL) == ()
    assert gallery.damaged() == ()
    assert gallery.history() == ()


def test_an_enrolled_subject_has_one_reference_a_capture(gallery: Gallery) -> None:
    captures = [make_capture(1, quality=60, source="camera"), make_capture(2, model=OTHER_MODEL)]

    subject = gallery.enrol("  A\u0301nna ", captures, note="agreed on 1 May")

    assert (subject.name, subject.note, subject.references) == ("Ánna", "agreed on 1 May", 2)
    assert gallery.subjects() == (subject,)
    [reference] = gallery.references(MODEL, subject.subject_id)
    assert np.array_equal(reference.template.vector, captures[0].embedding.vector)
    assert (reference.template.model, reference.template.captures) == (MODEL, 1)
    assert (reference.quality, reference.source) == (60, "camera")
    assert reference.subject_id == subject.subject_id


def test_bytes_that_were_no_text_cost_no_enrolment(gallery: Gallery) -> None:
    subject = gallery.enrol("Anna", [make_capture(source="a\udcff.jpg")], note="b\udcff")

    assert subject.note == gallery.find("Anna").note == "b?"
    assert gallery.references(MODEL)[0].source == "a?.jpg"


def test_references_of_all_subjects_come_for_one_model(gallery: Gallery) -> None:
    anna = gallery.enrol("Anna", [make_capture(1), make_capture(2, model=OTHER_MODEL)])
    bob = gallery.enrol("Bob", [make_capture(3)])

    owners = [reference.subject_id for reference in gallery.references(MODEL)]

    assert owners == [anna.subject_id, bob.subject_id]


def test_subjects_come_by_name_regardless_of_case(gallery: Gallery) -> None:
    for name in ("bob", "Carl", "Anna"):
        gallery.enrol(name, [make_capture()])

    assert names(gallery) == ["Anna", "bob", "Carl"]


def test_a_subject_is_found_regardless_of_case_and_composition(gallery: Gallery) -> None:
    subject = gallery.enrol("Ánna", [make_capture()])

    assert gallery.find(" a\u0301NNA") == subject


def test_an_unknown_name_is_told(gallery: Gallery) -> None:
    with pytest.raises(SubjectUnknownError, match="Bob"):
        gallery.find("Bob")


def test_a_name_belongs_to_one_subject(gallery: Gallery) -> None:
    gallery.enrol("Anna", [make_capture(1)])

    with pytest.raises(SubjectExistsError):
        gallery.enrol("ANNA", [make_capture(2)])

    assert len(gallery.references(MODEL)) == 1


@pytest.mark.parametrize("name", ["", "  ", "a" * 201, "a\nb"])
def test_an_impossible_name_enrols_nobody(gallery: Gallery, name: str) -> None:
    with pytest.raises(NameInvalidError):
        gallery.enrol(name, [make_capture()])

    assert gallery.subjects() == ()


def test_an_enrolment_without_a_capture_is_a_defect(gallery: Gallery) -> None:
    anna = gallery.enrol("Anna", [make_capture()])

    with pytest.raises(ValueError, match="capture"):
        gallery.enrol("Bob", [])
    with pytest.raises(ValueError, match="capture"):
        gallery.add_references(anna.subject_id, [])

    assert gallery.subjects() == (anna,)


def test_references_are_added_to_those_that_are_there(gallery: Gallery) -> None:
    anna = gallery.enrol("Anna", [make_capture(1)])

    grown = gallery.add_references(anna.subject_id, [make_capture(2), make_capture(3)])

    assert grown.references == 3
    assert gallery.find("Anna") == grown
    first = gallery.references(MODEL, anna.subject_id)[0]
    assert np.array_equal(first.template.vector, make_capture(1).embedding.vector)


def test_a_renamed_subject_keeps_everything_else(gallery: Gallery) -> None:
    anna = gallery.enrol("Anna", [make_capture()], note="kept")

    renamed = gallery.rename(anna.subject_id, "Bob")

    assert (renamed.subject_id, renamed.name, renamed.note) == (anna.subject_id, "Bob", "kept")
    assert names(gallery) == ["Bob"]
    assert gallery.find("Bob") == renamed
    assert len(gallery.references(MODEL, anna.subject_id)) == 1
    with pytest.raises(SubjectUnknownError):
        gallery.find("Anna")


def test_a_name_may_change_its_case_but_not_its_owner(gallery: Gallery) -> None:
    anna = gallery.enrol("anna", [make_capture(1)])
    gallery.enrol("Bob", [make_capture(2)])

    with pytest.raises(SubjectExistsError):
        gallery.rename(anna.subject_id, "BOB")
    gallery.rename(anna.subject_id, "Anna")

    assert names(gallery) == ["Anna", "Bob"]


def test_a_deleted_subject_is_out_of_sight(gallery: Gallery) -> None:
    anna = gallery.enrol("Anna", [make_capture()])
    [reference] = gallery.references(MODEL)

    gallery.delete(anna.subject_id)

    assert gallery.subjects() == ()
    assert gallery.references(MODEL) == ()
    assert gallery.crop(reference.reference_id) is None
    with pytest.raises(SubjectUnknownError):
        gallery.find("Anna")
    with pytest.raises(SubjectUnknownError):
        gallery.references(MODEL, anna.subject_id)
    with pytest.raises(SubjectUnknownError):
        gallery.thumbnail(anna.subject_id)


def test_an_unknown_subject_is_told_by_every_method(gallery: Gallery) -> None:
    calls = [
        lambda: gallery.references(MODEL, NOBODY),
        lambda: gallery.add_references(NOBODY, [make_capture()]),
        lambda: gallery.rename(NOBODY, "Bob"),
        lambda: gallery.delete(NOBODY),
        lambda: gallery.set_terms(NOBODY, "", None),
        lambda: gallery.merge(NOBODY, SubjectId("other")),
        lambda: gallery.split(NOBODY, [], "Bob"),
        lambda: gallery.erase(NOBODY),
        lambda: gallery.thumbnail(NOBODY),
    ]

    for call in calls:
        with pytest.raises(SubjectUnknownError):
            call()
    assert gallery.crop(ReferenceId("none")) is None


def test_the_thumbnail_is_the_best_picture_and_the_oldest_of_equals(gallery: Gallery) -> None:
    captures = [make_capture(n, quality=quality) for n, quality in enumerate((50, 90, 90, 70))]
    anna = gallery.enrol("Anna", captures)

    best = gallery.thumbnail(anna.subject_id)

    assert best is not None
    assert np.array_equal(best.pixels, captures[1].aligned.pixels)
    assert np.array_equal(best.transform, captures[1].aligned.transform)


def test_every_picture_is_found_by_its_reference(gallery: Gallery) -> None:
    captures = [make_capture(1), make_capture(2)]
    gallery.enrol("Anna", captures)

    for reference, capture in zip(gallery.references(MODEL), captures, strict=True):
        crop = gallery.crop(reference.reference_id)
        assert crop is not None
        assert np.array_equal(crop.pixels, capture.aligned.pixels)


@pytest.mark.parametrize("kind", ["memory", "disk"])
def test_pictures_are_not_kept_where_they_are_not_wanted(kind: str, tmp_path: Path) -> None:
    gallery = make_gallery(kind, tmp_path, keep_crops=False)
    anna = gallery.enrol("Anna", [make_capture()])
    [reference] = gallery.references(MODEL)

    assert gallery.thumbnail(anna.subject_id) is None
    assert gallery.crop(reference.reference_id) is None
    gallery.close()


def test_a_gallery_may_be_closed_twice(gallery: Gallery) -> None:
    gallery.close()
    gallery.close()


@pytest.fixture(params=["memory", "keyring", "passphrase", "file"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> KeyStore:
    monkeypatch.setattr(passphrase, "MEMORY_KIB", 1024)
    folders = locate_folders(tmp_path / "data")
    stores: dict[str, KeyStore] = {
        "memory": MemoryKeyStore(),
        "keyring": KeyringStore(folders, DictKeyring()),
        "passphrase": PassphraseStore(folders, lambda: "open sesame"),
        "file": KeyFileStore(folders),
    }
    return stores[request.param]


def test_a_key_store_begins_empty(store: KeyStore) -> None:
    assert store.load() is None


def test_a_key_store_returns_what_it_was_given(store: KeyStore) -> None:
    key = bytes(range(32))

    store.store(key)

    assert store.load() == key


def test_a_key_store_names_its_place_in_words(store: KeyStore) -> None:
    assert " " in store.place


def test_the_fake_key_store_refuses_as_a_locked_one_does() -> None:
    locked = MemoryKeyStore(denied=True)

    with pytest.raises(KeysDeniedError):
        locked.load()
    with pytest.raises(KeysDeniedError):
        locked.store(bytes(32))
