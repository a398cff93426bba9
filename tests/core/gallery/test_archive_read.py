import msgspec
import pytest

from core.gallery.archive_errors import (
    ArchiveDamagedError,
    ArchiveError,
    ArchiveForeignError,
    ArchiveInvalidError,
    ArchiveKeyError,
    ArchiveNewerError,
    ArchiveUnsafeError,
)
from core.gallery.archive_read import open_archive
from tests.core.gallery.archives import FORMATS, PASSPHRASE, quick_lock, read, write
from tests.fakes.holdings import make_held, told
from tests.formats.make_archives import PEOPLE, assemble, change_manifest, change_part, parts_of


def test_the_plain_archive_of_format_1_opens_as_it_was_written() -> None:
    people = read(FORMATS / "archive-1-plain.pfgallery")

    assert [told(one) for one in people] == [told(one) for one in PEOPLE]


def test_the_sealed_archive_of_format_1_opens_with_its_passphrase() -> None:
    with open_archive(FORMATS / "archive-1-sealed.pfgallery", lambda: PASSPHRASE) as archive:
        people = tuple(archive.subjects())
        events = archive.events()

    assert [told(one) for one in people] == [told(one) for one in PEOPLE]
    assert [(event.number, event.kind, event.count) for event in events] == [(1, "enrolled", 2)]


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("cut-off", ArchiveDamagedError, "cut off"),
        ("bit-flipped", ArchiveDamagedError, "templates/000001.json"),
        ("newer", ArchiveNewerError, "format 2"),
        ("zip-bomb", ArchiveUnsafeError, "is packed"),
        ("path-traversal", ArchiveUnsafeError, "../../evil.json"),
        ("huge-counts", ArchiveUnsafeError, "1,000,000,000,000 people"),
        ("huge-table", ArchiveUnsafeError, "65,534 parts"),
        ("wrong-counts", ArchiveInvalidError, "more or less than its manifest says"),
        ("duplicate-ids", ArchiveInvalidError, "stands in it twice"),
        ("invalid-utf8", ArchiveInvalidError, "not valid"),
        ("not-unit", ArchiveInvalidError, "unit length"),
        ("costly-passphrase", ArchiveUnsafeError, "memory or time"),
    ],
)
def test_every_kind_of_damage_has_its_own_error(
    name: str, error: type[ArchiveError], words: str
) -> None:
    with pytest.raises(error) as caught:
        read(FORMATS / f"archive-{name}.pfgallery", lambda: PASSPHRASE)

    assert words in caught.value.sentence


def test_a_wrong_passphrase_is_told_apart_from_damage(tmp_path) -> None:
    sealed = write(tmp_path / "out.pfgallery", make_held("Anna", 1), lock=quick_lock())

    with pytest.raises(ArchiveKeyError, match="passphrase is wrong"):
        read(sealed, lambda: "wrong")


def test_where_nobody_can_be_asked_a_sealed_archive_stays_sealed(tmp_path) -> None:
    sealed = write(tmp_path / "out.pfgallery", make_held("Anna", 1), lock=quick_lock())

    with pytest.raises(ArchiveKeyError, match="nobody can be asked"):
        read(sealed)


def test_a_passphrase_opens_however_its_accents_were_typed(tmp_path) -> None:
    sealed = write(tmp_path / "out.pfgallery", make_held("Anna", 1), lock=quick_lock("caf\u00e9"))

    assert len(read(sealed, lambda: "cafe\u0301")) == 1


def test_a_file_that_is_no_archive_is_told_apart_from_a_damaged_one(tmp_path) -> None:
    words = tmp_path / "words.pfgallery"
    words.write_text("dear diary", encoding="utf-8")

    with pytest.raises(ArchiveForeignError):
        read(words)
    with pytest.raises(ArchiveForeignError):
        read(tmp_path / "missing.pfgallery")


def test_a_part_of_another_sealed_archive_does_not_fit(tmp_path) -> None:
    """Both archives have the same passphrase, and the parts the same names."""
    first = parts_of(write(tmp_path / "1.pfgallery", make_held("Anna", 1), lock=quick_lock()))
    other = parts_of(write(tmp_path / "2.pfgallery", make_held("Bob", 2), lock=quick_lock()))
    change_part(first, "subjects/000001.json", other["subjects/000001.json"])
    assemble(tmp_path / "mixed.pfgallery", first)

    with pytest.raises(ArchiveDamagedError, match="manifest"):
        read(tmp_path / "mixed.pfgallery", lambda: PASSPHRASE)


def test_a_manifest_that_was_made_to_fit_does_not_pass_its_seal(tmp_path) -> None:
    parts = parts_of(write(tmp_path / "1.pfgallery", make_held("Anna", 1), lock=quick_lock()))
    change_manifest(parts, lambda manifest: manifest.update(program_version="9.9.9"))
    assemble(tmp_path / "changed.pfgallery", parts)

    with pytest.raises(ArchiveDamagedError, match="manifest was changed"):
        read(tmp_path / "changed.pfgallery", lambda: PASSPHRASE)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda person: person.update(name="\u202eevil"), "cannot be shown"),
        (lambda person: person.update(name=" "), "empty"),
        (lambda person: person.update(id="../../etc"), "matching regex"),
        (lambda person: person.update(surprise=1), "unknown field"),
        (lambda person: person.update(enrolled_at="2026-01-01T00:00:00"), "timezone"),
        (lambda person: person["references"][0].update(quality=101), "<= 100"),
        (lambda person: person["references"].append(dict(person["references"][0])), "twice"),
        (lambda person: person["references"].clear(), "belongs to no reference"),
    ],
)
def test_what_no_subject_can_be_is_refused_by_name(tmp_path, change, words: str) -> None:
    parts = parts_of(write(tmp_path / "1.pfgallery", make_held("Anna", 1)))
    people = msgspec.json.decode(parts["subjects/000001.json"])
    change(people[0])
    change_part(parts, "subjects/000001.json", msgspec.json.encode(people))
    assemble(tmp_path / "changed.pfgallery", parts)

    with pytest.raises(ArchiveInvalidError) as caught:
        read(tmp_path / "changed.pfgallery")

    assert words in caught.value.sentence


def test_two_people_of_one_name_are_refused(tmp_path) -> None:
    path = write(tmp_path / "out.pfgallery", make_held("Anna", 1), make_held("ANNA", 2))

    with pytest.raises(ArchiveInvalidError, match="the same name"):
        read(path)
