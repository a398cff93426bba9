"""Models: the packs that are there, what was measured on each, and which one is in use."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFileDialog, QListWidget, QListWidgetItem, QWidget

from app.present.swap import recapture_words
from app.widgets.elements import button, column, label, page_layout, row
from app.widgets.notice_bar import NoticeKind
from app.widgets.theme import GAP_L, GAP_S
from app.window.actions import Actions, Desk, ModelEntry
from app.window.asking import Question
from app.window.measure_panel import MeasurePanel
from app.window.model_details import ModelDetails
from app.window.model_facts import FactsDialog
from app.window.swap_panel import SwapPanel
from core.domain.retemplating import Recapture
from core.vision.pack_install import Added
from core.vision.pack_source import BareFacts
from core.vision.probe import ProbeWarning

LIST_WIDTH_PX = 280
ROW_PX = 52
MOST_NAMES = 5  # of people to be captured again; the rest is counted
WARNINGS = {
    ProbeWarning.CHANNEL_ORDER_IGNORED: "exchanging red and blue makes no difference to it",
    ProbeWarning.ALIGNMENT_IGNORED: "turning and enlarging the face makes no difference to it",
    ProbeWarning.WEAK_SEPARATION: "it tells two people apart less well than two pictures of one",
}


class ModelsPage(QWidget):
    """A list of packs and the details of the chosen one."""

    def __init__(self, desk: Desk, actions: Actions) -> None:
        super().__init__()
        self._desk, self._actions = desk, actions
        self._entries: tuple[ModelEntry, ...] = ()
        self.list = QListWidget()
        self.list.setAccessibleName("Models")
        self.list.setFixedWidth(LIST_WIDTH_PX)
        self.list.setIconSize(QSize(ROW_PX // 2, ROW_PX // 2))
        self.list.currentRowChanged.connect(self._show_entry)
        self.details = ModelDetails(desk.look)
        self.add_file = button("Add file…", self._choose_file, tip="A .zip or .onnx file")
        self.add_folder = button("Add folder…", self._choose_folder)
        desk.look.dress(self.add_file, "add")
        desk.look.dress(self.add_folder, "folder")
        self.use = button("Use this model", self._use_selected, kind="primary")
        desk.look.dress(self.use, "check", "on_accent")
        self.remove = button("Remove", self._remove_selected, kind="danger")
        desk.look.dress(self.remove, "delete", "bad")
        self.swap = SwapPanel(desk, actions)
        self.swap.changed.connect(self._used)
        self.measuring = MeasurePanel(desk, actions)
        self.measuring.changed.connect(self.reload)
        self.measure = button(
            "Measure…", self._measure_selected, tip="On pictures of people you know"
        )
        desk.look.dress(self.measure, "pictures")
        self.back = button("Go back", self._go_back, tip="Use the former model again")
        desk.look.dress(self.back, "undo")
        self.let_go = button("Let go", self._ask_to_let_go, tip="Forget the former model")
        self.recapture = label("", "muted")
        left = column(
            self.list,
            row(self.add_file, self.add_folder, 1),
            self.recapture,
            row(self.back, 1),
            row(self.let_go, 1),
            spacing=GAP_S,
        )
        tools = row(self.measure, 1, self.remove, self.use)
        right = column(self.details, self.swap, self.measuring, tools, spacing=GAP_S)
        right.setStretch(0, 1)
        body = row(spacing=GAP_L)
        body.addLayout(left)
        body.addLayout(right, 1)
        layout = page_layout(
            self,
            "Models",
            "What recognises faces, under which licence, and how well that was measured.",
            body,
        )
        layout.setStretch(1, 1)
        self._show_entry(-1)

    def enter(self) -> None:
        """The page comes into view."""
        self.reload()
        self.list.setFocus()

    def leave(self) -> None:
        """The page goes out of view; a change of model that runs goes on."""

    def reload(self) -> None:
        """Read which packs there are."""
        models = self._actions.background.models
        self._desk.background.submit(models, self._show, self._desk.notices.error)
        recapture = self._actions.swap.recapture
        self._desk.storage.submit(recapture, self._show_recapture, self._desk.notices.error)
        former = self._actions.live.settings().former_model
        self.back.setText(f"Go back to {former}")
        for part in (self.back, self.let_go):
            part.setVisible(bool(former))

    def _show_recapture(self, people: tuple[Recapture, ...]) -> None:
        """Whom the model in use does not know from all pictures."""
        lines = [recapture_words(person) for person in people[:MOST_NAMES]]
        if len(people) > MOST_NAMES:
            lines.append(f"and {len(people) - MOST_NAMES} more")
        self.recapture.setText("\n".join(["To be captured again:", *lines]) if people else "")
        self.recapture.setVisible(bool(people))

    def _show(self, entries: tuple[ModelEntry, ...]) -> None:
        if entries == self._entries:
            return
        chosen = self._selected()
        name = chosen.name if chosen else self._actions.live.settings().model
        self._entries = entries
        self.list.blockSignals(True)  # noqa: FBT003 - Qt's signature
        self.list.clear()
        for entry in entries:
            item = QListWidgetItem(_list_words(entry))
            item.setSizeHint(QSize(0, ROW_PX))
            item.setIcon(self._desk.look.icon(*_icon(entry)))
            self.list.addItem(item)
        self.list.blockSignals(False)  # noqa: FBT003 - Qt's signature
        names = [entry.name for entry in entries]
        self.list.setCurrentRow(names.index(name) if name in names else 0)

    def _selected(self) -> ModelEntry | None:
        row_number = self.list.currentRow()
        return self._entries[row_number] if 0 <= row_number < len(self._entries) else None

    def _show_entry(self, row_number: int) -> None:
        entry = self._entries[row_number] if 0 <= row_number < len(self._entries) else None
        self.details.show_entry(entry, self._actions.live.settings().target_fmr)
        usable = entry is not None and entry.card is not None and entry.card.role == "embedder"
        self.use.setVisible(usable)
        self.use.setEnabled(entry is not None and not entry.in_use)
        self.use.setText("In use" if entry is not None and entry.in_use else "Use this model")
        self.remove.setEnabled(entry is not None and not entry.built_in and not entry.in_use)
        self.remove.setVisible(entry is not None and not entry.built_in)
        self.measure.setVisible(usable and entry is not None and not entry.built_in)

    # Adding.

    def _choose_file(self) -> None:
        self._choose(QFileDialog.FileMode.ExistingFile, "Choose a model pack or an ONNX file")

    def _choose_folder(self) -> None:
        self._choose(QFileDialog.FileMode.Directory, "Choose a model pack")

    def _choose(self, mode: QFileDialog.FileMode, title: str) -> None:
        dialog = QFileDialog(self, title, "", "Models (*.zip *.onnx);;All files (*)")
        dialog.setFileMode(mode)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._chosen)
        dialog.open()

    def _chosen(self, name: str) -> None:
        self.add(Path(name))

    def add(self, path: Path) -> None:
        """Add a pack; a bare ONNX file asks for the facts that a card would state."""
        if path.suffix.lower() != ".onnx":
            self._add(path, None)
            return
        dialog = FactsDialog(path, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.stated.connect(partial(self._add, path))
        dialog.open()

    def _add(self, path: Path, facts: BareFacts | None) -> None:
        self._desk.notices.say(f"Trying {path.name} on built-in faces…", NoticeKind.PLAIN)
        add = partial(self._actions.background.add_model, path, facts)
        self._desk.background.submit(add, self._added, self._desk.notices.error)

    def _added(self, added: Added) -> None:
        name = added.pack.name
        odd = [WARNINGS[warning] for warning in added.report.warnings]
        if odd:
            words = f"Added {name}. Attention: {'; '.join(odd)}."
            self._desk.notices.say(words, NoticeKind.CAUTION)
        else:
            self._desk.notices.say(f"Added {name}; it tells the built-in faces apart.")
        self.reload()

    # Measuring, using and removing.

    def _measure_selected(self) -> None:
        entry = self._selected()
        if entry is not None:
            self.measuring.choose(entry.name)

    def _use_selected(self) -> None:
        entry = self._selected()
        if entry is not None and entry.card is not None:
            self.swap.review(entry)

    def _used(self, entry: ModelEntry) -> None:
        self._desk.notices.say(
            f"{entry.name} is in use. The former model is kept, so that you can go back."
        )
        self.reload()

    def _go_back(self) -> None:
        name = self._actions.live.settings().former_model
        for entry in self._entries:
            if entry.name == name:
                self.swap.review(entry)

    def _ask_to_let_go(self) -> None:
        former = self._actions.live.settings().former_model
        Question(
            self,
            f"Let {former} go?",
            [
                "All templates that the model in use did not make are removed. Going back would "
                "make them anew from kept pictures."
            ],
            ("Let it go", self._let_go),
        )

    def _let_go(self) -> None:
        forget = self._actions.swap.forget
        self._desk.storage.submit(forget, self._forgotten, self._desk.notices.error)

    def _forgotten(self, count: int) -> None:
        self._desk.notices.say(f"{count:,} templates of former models were removed.")
        self.reload()

    def _remove_selected(self) -> None:
        entry = self._selected()
        if entry is None:
            return
        remove = partial(self._actions.background.remove_model, entry.name)
        self._desk.background.submit(remove, partial(self._removed, entry), self._failed)

    def _removed(self, entry: ModelEntry, _nothing: None) -> None:
        self._desk.notices.say(f"Removed {entry.name}.")
        self.reload()

    def _failed(self, error: Exception) -> None:
        self._desk.notices.error(error)
        self.reload()


def _list_words(entry: ModelEntry) -> str:
    if entry.card is None:
        return f"{entry.name}\nCannot be used"
    role = "recognises faces" if entry.card.role == "embedder" else "finds faces"
    return f"{entry.card.title or entry.name}\n{role}{', in use' if entry.in_use else ''}"


def _icon(entry: ModelEntry) -> tuple[str, str]:
    if entry.card is None:
        return "caution", "caution"
    return ("good", "good") if entry.in_use else ("models", "muted")
