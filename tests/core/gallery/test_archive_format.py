from core.gallery.archive_format import PART_NAME, key_place, part_name, part_place


def test_every_part_has_a_place_of_its_own() -> None:
    places = {
        part_place(archive, part_name(kind, number))
        for archive in ("a", "b")
        for kind in ("subjects", "templates")
        for number in (1, 2)
    }

    assert len(places) == 8
    assert key_place("a") not in places


def test_the_names_that_are_written_are_those_that_are_read() -> None:
    assert PART_NAME.fullmatch(part_name("crops", 12)).groups() == ("crops", "000012")
    assert not PART_NAME.fullmatch("crops/12.json")
