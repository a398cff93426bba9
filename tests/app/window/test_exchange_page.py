from pathlib import Path

import pytest

from app.window.exchange_page import ExchangePage
from app.window.main_window import EXCHANGE, MainWindow
from core.domain.importing import OnConflict
from tests.app.cli.lines import save
from tests.app.window.staging import BLUE, RED, Stage, Until
from tests.core.gallery.archives import PASSPHRASE, quick_lock, write
from tests.fakes.holdings import make_held
from tests.fakes.painted import pattern


@pytest.fixture
def page(window: MainWindow) -> ExchangePage:
    window.go_to(EXCHANGE)
    return window.exchange


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    held = (make_held("Anna", 1, 2), make_held("Bob", 3))
    return write(tmp_path / "in.pfgallery", *held, lock=quick_lock())


def look_at(page: ExchangePage, path: Path, until: Until, passphrase: str = PASSPHRASE) -> None:
    page.passphrase.setText(passphrase)
    page.read(path)
    until(page.go.isVisible)


def listed(page: ExchangePage) -> list[tuple[str, ...]]:
    return [
        tuple(page.table.item(row, place).text() for place in range(3))
        for row in range(page.table.rowCount())
    ]


def people(stage: Stage) -> list[tuple[str, int]]:
    return [(one.name, one.references) for one in stage.gallery.subjects()]


def test_everybody_is_listed_before_anything_is_done(
    page: ExchangePage, stage: Stage, archive: Path, until: Until
) -> None:
    stage.enrol("Anna", RED)

    look_at(page, archive, until)

    assert listed(page) == [
        ("Anna", "enrolled already, with other pictures", "stays as it is"),
        ("Bob", "new", "will be added with 1 picture"),
    ]
    assert people(stage) == [("Anna", 2)]


def test_another_choice_shows_another_outcome(
    page: ExchangePage, stage: Stage, archive: Path, until: Until
) -> None:
    stage.enrol("Anna", RED)
    look_at(page, archive, until)

    page.conflict.setCurrentIndex(page.conflict.findData(OnConflict.MERGE))
    until(lambda: "added" in listed(page)[0][2])

    assert listed(page)[0][2] == "2 pictures will be added"


def test_an_import_is_carried_out_told_and_undone(
    page: ExchangePage, stage: Stage, window: MainWindow, archive: Path, until: Until
) -> None:
    look_at(page, archive, until)
    page.go.click()
    until(lambda: "Imported" in window.notices.words.text())
    assert people(stage) == [("Anna", 2), ("Bob", 1)]
    assert not page.table.isVisible()

    window.notices.act()
    until(lambda: "undone" in window.notices.words.text())

    assert people(stage) == []


def test_a_wrong_passphrase_is_told_and_nothing_is_kept_of_it(
    page: ExchangePage, window: MainWindow, archive: Path, until: Until
) -> None:
    page.passphrase.setText("wrong")
    page.read(archive)
    until(lambda: "passphrase is wrong" in window.notices.words.text())

    assert not page.go.isVisible()
    assert page.from_file.isEnabled()


def test_a_sealed_archive_without_passphrase_asks_for_it(
    page: ExchangePage, window: MainWindow, archive: Path, until: Until
) -> None:
    page.read(archive)
    until(lambda: "type its passphrase" in window.notices.words.text())


def test_pictures_that_cannot_be_used_are_named(
    page: ExchangePage, stage: Stage, tmp_path: Path, until: Until
) -> None:
    folder = tmp_path / "people"
    for name, colour in (("Anna", RED), ("Bob", BLUE)):
        (folder / name).mkdir(parents=True)
        save(folder / name / "a.png", pattern(colour, 0))
    save(folder / "Anna" / "b.png", pattern(None, 0))

    look_at(page, folder, until)

    assert "Anna, b.png" in page.refused.text()
    assert [row[0] for row in listed(page)] == ["Anna", "Bob"]


def test_leaving_the_page_forgets_what_was_read(
    page: ExchangePage, window: MainWindow, archive: Path, until: Until
) -> None:
    look_at(page, archive, until)

    window.go_to(EXCHANGE - 1)

    assert page.passphrase.text() == ""
    assert page.table.rowCount() == 0
