import msgspec
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.widgets.look import Look
from app.window.actions import ModelEntry
from app.window.model_details import ModelDetails
from core.domain.model_card import Measurement, TrainingFacts
from tests.app.window.staging import model_card


def texts(details: ModelDetails) -> list[str]:
    return [widget.text() for widget in details.widget().findChildren(QLabel)]


def entry(**changes: object) -> ModelEntry:
    card = msgspec.structs.replace(model_card(), **changes)
    return ModelEntry("painted", card, built_in=False, in_use=True, problem="", text="<b>Text</b>")


def test_the_point_that_the_settings_choose_is_marked_in_words(qtbot: QtBot, look: Look) -> None:
    details = ModelDetails(look)
    qtbot.addWidget(details)
    details.show_entry(entry(), target_fmr=1e-3)

    shown = texts(details)
    mark = shown.index("Chosen")
    assert "1 in 1,000" in shown[mark - 4 : mark]
    assert "500 of 50,000" in shown


def test_a_licence_that_forbids_commerce_is_said(qtbot: QtBot, look: Look) -> None:
    details = ModelDetails(look)
    qtbot.addWidget(details)
    details.show_entry(entry(non_commercial=True, licence="CC-BY-NC-4.0"), 1e-3)

    assert {"CC-BY-NC-4.0", "Not for commercial use"} <= set(texts(details))


def test_measurements_come_with_interval_and_count(qtbot: QtBot, look: Look) -> None:
    measured = Measurement(
        dataset="LFW",
        protocol="10-fold",
        pairs=6000,
        accuracy=0.95,
        accuracy_low=0.944,
        accuracy_high=0.956,
    )
    details = ModelDetails(look)
    qtbot.addWidget(details)
    facts = TrainingFacts(data="Faces", presentations=123456, teacher="SFace", notes="Short.")
    details.show_entry(entry(measured=(measured,), training=facts), 1e-3)

    assert {"95.0% (94.4% to 95.6%)", "6,000", "123,456", "SFace"} <= set(texts(details))


def test_a_pack_that_cannot_be_used_says_why(qtbot: QtBot, look: Look) -> None:
    details = ModelDetails(look)
    qtbot.addWidget(details)
    broken = ModelEntry("odd", None, built_in=False, in_use=False, problem="No TOML.", text="")
    details.show_entry(broken, 1e-3)

    assert "No TOML." in texts(details)
    details.show_entry(None, 1e-3)
    assert "No model chosen" in texts(details)
