from datetime import UTC, datetime

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from app.widgets.look import Look
from app.window.actions import Person
from app.window.people_model import NAME, NOTE, PICTURES, PeopleFilter, PeopleModel
from core.domain.template import Subject, SubjectId


def person(name: str, *, references: int = 2, usable: int = 2, note: str = "") -> Person:
    at = datetime(2026, 1, 2, 12, tzinfo=UTC)
    picture = QImage(112, 112, QImage.Format.Format_RGB888)
    picture.fill(0)
    return Person(Subject(SubjectId(name), name, at, references, note), picture, usable)


def make(look: Look) -> tuple[PeopleModel, list[tuple[str, str]]]:
    wishes: list[tuple[str, str]] = []
    model = PeopleModel(look, lambda subject, name: wishes.append((subject, name)))
    return model, wishes


def test_it_keeps_qts_rules_for_models(qtbot: QtBot, look: Look) -> None:
    model, _ = make(look)
    proxy = PeopleFilter(model)
    testers = [
        QAbstractItemModelTester(entry, QAbstractItemModelTester.FailureReportingMode.Fatal)
        for entry in (model, proxy)
    ]
    model.show_people((person("Anna"), person("Ben")))
    proxy.search("an")
    model.show_people((person("Ben"),))
    model.show_people(())

    assert len(testers) == 2


def test_editing_a_name_asks_for_it_and_changes_nothing_yet(qtbot: QtBot, look: Look) -> None:
    model, wishes = make(look)
    model.show_people((person("Anna"),))
    index = model.index(0, NAME)

    assert model.setData(index, " Änna ")
    assert not model.setData(index, "Anna")

    assert wishes == [("Anna", "Änna")]
    assert index.data() == "Anna"


def test_only_names_can_be_edited(qtbot: QtBot, look: Look) -> None:
    model, _ = make(look)
    model.show_people((person("Anna"),))

    editable = [
        bool(model.flags(model.index(0, column)) & Qt.ItemFlag.ItemIsEditable)
        for column in range(model.columnCount())
    ]
    assert editable == [True, False, False, False]


def test_pictures_of_another_model_are_counted_apart(qtbot: QtBot, look: Look) -> None:
    model, _ = make(look)
    model.show_people((person("Anna", references=5, usable=2), person("Ben")))

    assert model.index(0, PICTURES).data() == "5 (3 of another model)"
    assert model.index(1, PICTURES).data() == "2"


def test_a_note_of_several_lines_is_shown_in_one(qtbot: QtBot, look: Look) -> None:
    model, _ = make(look)
    model.show_people((person("Anna", note="Room 12\nagreed"),))

    assert model.index(0, NOTE).data() == "Room 12 agreed"


def test_faces_are_redrawn_for_another_theme(qtbot: QtBot, look: Look) -> None:
    model, _ = make(look)
    model.show_people((person("Anna"),))

    with qtbot.waitSignal(model.modelReset, timeout=10_000):
        look.set_theme("dark")
