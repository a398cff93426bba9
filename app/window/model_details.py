"""Everything a model's card states, in words and two small tables."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.widgets.elements import EmptyState, badge, card, column, label, row
from app.widgets.look import Look
from app.widgets.theme import GAP_L, GAP_M, GAP_S, GAP_XL, GAP_XS
from app.window.actions import ModelEntry
from core.domain.model_card import Measurement, ModelCard
from core.domain.operating_point import OperatingPoint

COLUMNS = 3
BADGE_CHARACTERS = 24  # an SPDX name fits; terms in prose stand below only


class ModelDetails(QScrollArea):
    """A scrolling view of one pack."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Details of the model")

    def show_entry(self, entry: ModelEntry | None, target_fmr: float) -> None:
        """Show a pack; the operating point for `target_fmr` is marked."""
        page = QWidget()
        page.setMinimumWidth(1)  # never wider than the view
        layout = column(spacing=GAP_M)
        page.setLayout(layout)
        if entry is None:
            layout.addWidget(EmptyState(self._look, "models", "No model chosen", ""))
        elif entry.card is None:
            layout.addWidget(
                EmptyState(self._look, "caution", f"{entry.name} cannot be used", entry.problem)
            )
        else:
            _fill(layout, entry, entry.card, target_fmr)
            layout.addStretch(1)
        self.setWidget(page)


def _fill(layout: QVBoxLayout, entry: ModelEntry, facts: ModelCard, target_fmr: float) -> None:
    badges = []
    if len(facts.licence) <= BADGE_CHARACTERS:
        badges.append(badge(facts.licence, "accent"))
    if facts.non_commercial:
        badges.append(badge("Not for commercial use", "caution"))
    badges.append(badge("Built in" if entry.built_in else "Added by you"))
    if entry.in_use:
        badges.append(badge("In use", "good"))
    layout.addWidget(
        card(label(facts.title or facts.name, "headline"), row(*badges, 1), _facts(facts))
    )
    if facts.measured:
        layout.addWidget(card(label("Measured accuracy", "title"), _measured(facts.measured)))
    if facts.operating_points:
        layout.addWidget(
            card(
                label("Operating points", "title"),
                label(
                    "Each threshold with what it let through and turned away when it was "
                    "measured. The settings choose the row in use.",
                    "muted",
                ),
                _points(facts.operating_points, target_fmr),
            )
        )
    if entry.text:
        layout.addWidget(card(label("Model card", "title"), _narrow(label(entry.text))))


def _facts(facts: ModelCard) -> QGridLayout:
    size = facts.input
    rows = [
        ("Name", facts.name),
        ("Licence", facts.licence),
        ("Origin", facts.origin),
        ("Input", f"{size.width} × {size.height} px, {size.colour.upper()}"),
    ]
    if facts.role == "embedder":
        rows.append(("Template", f"{facts.embedding_size} numbers, compared by cosine"))
    if facts.training is not None:
        rows.append(("Trained on", facts.training.data))
        if facts.training.presentations:
            rows.append(("Pictures shown", f"{facts.training.presentations:,}"))
        if facts.training.teacher:
            rows.append(("Taught by", facts.training.teacher))
        if facts.training.notes:
            rows.append(("Notes", facts.training.notes))
    rows.append(("SHA-256", f"{facts.sha256[:16]}…"))
    grid = QGridLayout()
    grid.setHorizontalSpacing(GAP_L)
    grid.setVerticalSpacing(GAP_XS)
    for line, (name, value) in enumerate(rows):
        grid.addWidget(label(name, "muted", wrap=False), line, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(_narrow(label(value)), line, 1)
    grid.setColumnStretch(1, 1)
    return grid


def _measured(entries: Sequence[Measurement]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(GAP_L)
    grid.setVerticalSpacing(GAP_XS)
    for place, head in enumerate(("Data", "Pairs told apart (95 %)", "Pairs")):
        grid.addWidget(label(head, "caption", wrap=False), 0, place)
    for number, entry in enumerate(entries):
        line = 2 * number + 1
        accuracy = f"{entry.accuracy:.1%} ({entry.accuracy_low:.1%} to {entry.accuracy_high:.1%})"
        for place, text in enumerate((entry.dataset, accuracy, f"{entry.pairs:,}")):
            grid.addWidget(label(text, wrap=False), line, place)
        grid.addWidget(_narrow(label(entry.protocol, "caption")), line + 1, 0, 1, COLUMNS)
        grid.setRowMinimumHeight(line + 1, GAP_XL)
    grid.setColumnStretch(COLUMNS - 1, 1)
    return grid


def _narrow(words: QLabel) -> QLabel:
    """Let a label be as narrow as the window makes it; it grows higher instead."""
    words.setMinimumWidth(1)
    return words


def _points(points: Sequence[OperatingPoint], target_fmr: float) -> QGridLayout:
    rows = [
        (
            f"1 in {round(1 / point.target_fmr):,}",
            f"{point.threshold:.3f}",
            f"{point.false_matches:,} of {point.non_mated:,}",
            f"{point.false_non_matches:,} of {point.mated:,} ({point.fnmr:.1%})",
        )
        for point in points
    ]
    fitting = [i for i, point in enumerate(points) if point.target_fmr <= target_fmr]
    heads = ("Aim (FMR)", "Threshold", "Strangers let through", "Own people turned away")
    return _table(heads, rows, fitting[0] if fitting else None)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], marked: int | None) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(GAP_L)
    grid.setVerticalSpacing(GAP_S)
    for column_number, head in enumerate(heads):
        grid.addWidget(label(head, "caption", wrap=False), 0, column_number)
    for line, cells in enumerate(rows, start=1):
        strong = "strong" if marked == line - 1 else ""
        for column_number, cell in enumerate(cells):
            last = column_number == len(cells) - 1
            words = label(cell, strong, wrap=last)
            grid.addWidget(_narrow(words) if last else words, line, column_number)
        if strong:
            grid.addWidget(badge("Chosen", "accent"), line, len(heads))
    grid.setColumnStretch(len(heads) - 1, 1)
    return grid
