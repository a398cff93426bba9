"""What a bare ONNX file does not say about itself, asked from the person who adds it."""

import re
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QFormLayout, QLineEdit, QWidget

from app.widgets.elements import button, column, label, row, set_tone
from app.widgets.theme import GAP_L, GAP_M, GAP_XL
from core.vision.pack_source import BareFacts

CHANNELS = 3
WIDTH_PX = 480
DEFAULT_MEAN, DEFAULT_STD = "127.5", "127.5"  # what most published face recognisers expect


class FactsDialog(QDialog):
    """Emits `stated` with the facts, once they make sense."""

    stated = Signal(object)  # BareFacts

    def __init__(self, path: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Add a model")
        self.setMinimumWidth(WIDTH_PX)
        self.name = _line("Name", re.sub(r"[^a-z0-9._-]+", "-", path.stem.lower()).strip("-."))
        self.colour = QComboBox()
        self.colour.setAccessibleName("Order of the colour channels")
        self.colour.addItems(["rgb", "bgr"])
        self.mean = _line("Mean", DEFAULT_MEAN)
        self.std = _line("Standard deviation", DEFAULT_STD)
        self.licence = _line("Licence", "")
        self.licence.setPlaceholderText("For example: MIT")
        self.non_commercial = QCheckBox("Commercial use is forbidden")
        self.non_commercial.setAccessibleName("Commercial use is forbidden")
        form = QFormLayout()
        form.setSpacing(GAP_M)
        for words, field in (
            ("Name", self.name),
            ("Colours", self.colour),
            ("Mean", self.mean),
            ("Deviation", self.std),
            ("Licence", self.licence),
            ("", self.non_commercial),
        ):
            form.addRow(label(words, wrap=False), field)
        self.problem = label()
        set_tone(self.problem, "bad")
        self.problem.hide()
        add = button("Try and add", self._state, kind="primary")
        add.setDefault(True)
        intro = (
            f"{path.name} has no card. Its author's documents say what it expects: a pixel is fed "
            "as (value − mean) / deviation, on the 0–255 scale; one number, or three with commas."
        )
        buttons = row(1, button("Cancel", self.reject), add)
        self.setLayout(
            column(label(intro, "muted"), form, self.problem, buttons, spacing=GAP_L, margin=GAP_XL)
        )

    def _state(self) -> None:
        try:
            facts = self._facts()
        except ValueError as error:
            self.problem.setText(str(error))
            self.problem.show()
            return
        self.accept()
        self.stated.emit(facts)

    def _facts(self) -> BareFacts:
        name = self.name.text().strip()
        if not name:
            raise ValueError("Give the model a name.")
        licence = self.licence.text().strip()
        return BareFacts(
            name=name,
            colour="rgb" if self.colour.currentText() == "rgb" else "bgr",
            mean=_triple(self.mean.text(), "mean"),
            std=_triple(self.std.text(), "deviation"),
            non_commercial=self.non_commercial.isChecked(),
            **({"licence": licence} if licence else {}),
        )


def _line(name: str, text: str) -> QLineEdit:
    result = QLineEdit(text)
    result.setAccessibleName(name)
    return result


def _triple(text: str, what: str) -> tuple[float, float, float]:
    """One number for all channels, or one for each."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise ValueError(f"The {what} is one number, or three with commas.") from error
    if len(values) == 1:
        values *= CHANNELS
    if len(values) != CHANNELS:
        raise ValueError(f"The {what} is one number, or three with commas.")
    return values[0], values[1], values[2]
