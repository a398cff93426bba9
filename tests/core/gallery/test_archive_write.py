import stat
import zipfile
from dataclasses import replace
from datetime import date

import msgspec
import pytest

from core.domain.model_card import InputSpec, ModelCard
from core.domain.watch import Watch
from core.errors import Cancelled, ExportFailedError
from core.gallery.archive_format import GROUP_REFERENCES, MAX_REFERENCES
from core.gallery.archive_read import open_archive
from core.gallery.archive_write import ArchiveFacts, write_archive
from tests.core.gallery.archives import FACTS, PASSPHRASE, quick_lock, read, write
from tests.fakes.captures import MODEL, OTHER_MODEL
from tests.fakes.holdings import make_held, make_held_reference, told


def test_everything_held_about_people_comes_back(tmp_path) -> None:
    anna = make_held("Anna", 1, 2, note="note", consent="form 3", retain_until=date(2031, 2, 3))
    both = replace(anna, references=(make_held_reference(7, MODEL, OTHER_MODEL),))
    without = replace(make_held("Bob"), references=(make_held_reference(8, picture=False),))

    people = read(write(tmp_path / "out.pfgallery", both, without))

    assert [told(one) for one in people] == [told(both), told(without)]


def test_nothing_told_about_people_lies_open_in_a_sealed_archive(tmp_path) -> None:
    anna = make_held("Anna Ärmel", 1, note="her note", consent="her form")
    raw = write(tmp_path / "out.pfgallery", anna, lock=quick_lock()).read_bytes()

    vector = anna.references[0].templates[0].vector.tobytes()
    for secret in (b"Anna", "Ärmel".encode(), b"her note", b"her form", b"portrait.jpg", vector):
        assert secret not in raw
    assert b"PNG" not in raw


def test_a_large_archive_is_several_groups(tmp_path) -> None:
    people = [
        replace(
            make_held(f"Person {number}", *()),
            references=(make_held_reference(number, picture=False),),
        )
        for number in range(GROUP_REFERENCES + 1)
    ]
    path = write(tmp_path / "out.pfgallery", *people)

    with zipfile.ZipFile(path) as archive:
        assert "subjects/000002.json" in archive.namelist()
    assert [one.name for one in read(path)] == [one.name for one in people]


def test_an_archive_without_anybody_is_one(tmp_path) -> None:
    assert read(write(tmp_path / "out.pfgallery")) == ()


def test_the_manifest_names_the_models_with_the_cards_at_hand(tmp_path) -> None:
    card = ModelCard(
        name="mine",
        role="embedder",
        sha256="0" * 64,
        licence="Apache-2.0",
        origin="made by a test",
        input=InputSpec(width=112, height=112, colour="rgb", mean=(0, 0, 0), std=(1, 1, 1)),
        embedding_size=128,
    )
    anna = replace(make_held("Anna"), references=(make_held_reference(1, MODEL, OTHER_MODEL),))
    facts = ArchiveFacts("1.2.3", "0002", {MODEL: card})
    write_archive(tmp_path / "out.pfgallery", [anna], facts, None, total=1)

    with open_archive(tmp_path / "out.pfgallery", None) as archive:
        models = {entry.model: entry.card for entry in archive.manifest.models}

    assert models[OTHER_MODEL] is None
    assert msgspec.convert(models[MODEL], ModelCard) == card


def test_an_archive_is_for_its_owner_only(tmp_path) -> None:
    path = write(tmp_path / "out.pfgallery", make_held("Anna", 1))

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_cancelling_leaves_the_former_archive(tmp_path) -> None:
    path = write(tmp_path / "out.pfgallery", make_held("Anna", 1))
    before = path.read_bytes()
    asked: list[int] = []
    watch = Watch(cancelled=lambda: bool(asked), report=lambda done, _: asked.append(done))

    with pytest.raises(Cancelled):
        write_archive(
            path, [make_held("Bob", 2), make_held("Carl", 3)], FACTS, None, total=2, watch=watch
        )

    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_progress_is_told_person_by_person(tmp_path) -> None:
    told_of: list[tuple[int, int]] = []
    watch = Watch(report=lambda done, total: told_of.append((done, total)))

    people = [make_held("Anna", 1), make_held("Bob", 2)]
    write_archive(tmp_path / "out.pfgallery", people, FACTS, None, total=2, watch=watch)

    assert told_of == [(0, 2), (1, 2), (2, 2)]


def test_a_folder_that_is_not_there_is_told_in_words(tmp_path) -> None:
    with pytest.raises(ExportFailedError, match="nowhere"):
        write(tmp_path / "nowhere" / "out.pfgallery", make_held("Anna", 1))


def test_more_references_than_an_import_takes_are_not_written(tmp_path) -> None:
    bare = make_held_reference(0, picture=False)
    references = tuple(
        replace(bare, reference_id=f"{number:032x}") for number in range(MAX_REFERENCES + 1)
    )

    with pytest.raises(ExportFailedError, match="Anna"):
        write(tmp_path / "out.pfgallery", replace(make_held("Anna"), references=references))


def test_two_archives_of_the_same_people_have_nothing_in_common(tmp_path) -> None:
    """Neither key nor nonce is used twice."""
    parts = []
    for name in ("1", "2"):
        path = write(tmp_path / name, make_held("Anna", 1), lock=quick_lock(PASSPHRASE))
        with zipfile.ZipFile(path) as archive:
            parts.append(archive.read("templates/000001.json"))

    assert parts[0][:12] != parts[1][:12]
    assert parts[0][12:44] != parts[1][12:44]
