"""Security: where the gallery's key lies, whether the audit is whole, and who is due."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QScrollArea, QWidget

from app.present.audit import report_sentences
from app.present.history import certificate_sentences, key_sentences
from app.widgets.elements import (
    breakable,
    button,
    card,
    column,
    label,
    page_layout,
    row,
    set_tone,
)
from app.widgets.notice_bar import NoticeKind
from app.widgets.theme import GAP_M, GAP_S
from app.window.actions import Actions, Desk
from app.window.asking import Question
from app.window.passphrase import PassphraseDialog
from core.domain.erasure import ErasureCertificate
from core.domain.event import AuditReport
from core.domain.key_change import KeyChange, KeyWish
from core.domain.template import Subject

CARDS_WIDTH_PX = 760
RENEWING = (
    "The gallery gets a new key, and everybody's own key is wrapped anew.",
    "Copies of the gallery made before still open with the former key.",
)
KEY_FILE = (
    "Whoever can read your files can then open the gallery.",
    "A key ring or a passphrase protects it better.",
)


class SecurityPage(QWidget):
    """Three cards: key, audit, last days."""

    lock_wanted = Signal()
    key_changed = Signal()

    def __init__(self, desk: Desk, actions: Actions) -> None:
        super().__init__()
        self._desk = desk
        self._security, self._changes = actions.security, actions.changes
        self._due: tuple[Subject, ...] = ()
        page = QWidget()
        page.setMaximumWidth(CARDS_WIDTH_PX)
        page.setLayout(
            column(self._key_card(), self._audit_card(), self._due_card(), 1, spacing=GAP_M)
        )
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setAccessibleName("Security")
        scroll.setWidget(page)
        layout = page_layout(
            self, "Security", "Who can open the gallery, what was done with it, who has to go."
        )
        layout.addWidget(scroll, 1)

    def _key_card(self) -> QFrame:
        self.place = label()
        self.lock = button("Lock now", self._lock, tip="Close the gallery until it is unlocked")
        self.passphrase = button("Use a passphrase", self._ask_passphrase)
        self.keyring = button("Move to the key ring", self._to_keyring)
        self.file = button("Move to a file", self._ask_file)
        self.renew = button("Renew all keys", self._ask_renewal)
        self._desk.look.dress(self.lock, "key")
        return card(
            label("Key of the gallery", "title"),
            self.place,
            row(self.lock, self.passphrase, self.keyring, 1),
            row(self.file, self.renew, 1),
            spacing=GAP_M,
        )

    def _audit_card(self) -> QFrame:
        self.report = label("", "muted")
        self.check = button("Check the audit", self.check_audit)
        self.save = button("Save as a file", self._choose_audit_file)
        self._desk.look.dress(self.save, "save")
        return card(
            label("Audit", "title"),
            label(
                "Every enrolment, import, export, erasure and change of keys is written down, "
                "naming nobody, so that nothing can be taken out unnoticed.",
                "muted",
            ),
            self.report,
            row(self.check, self.save, 1),
            spacing=GAP_M,
        )

    def _due_card(self) -> QFrame:
        self.due = label()
        self.erase = button("Erase them", self._ask_to_erase, kind="danger")
        return card(
            label("Last days", "title"),
            self.due,
            row(self.erase, 1, spacing=GAP_S),
            spacing=GAP_M,
        )

    # The page's life.

    def enter(self) -> None:
        """The page comes into view."""
        self._show_key()
        self.report.setText("")
        set_tone(self.report, "")
        self._desk.storage.submit(self._changes.due, self._show_due, self._desk.notices.error)

    def leave(self) -> None:
        """The page goes out of view."""

    # The key.

    def _show_key(self) -> None:
        home = self._security.key_home()
        notice = self._security.key_notice()
        self.place.setText(breakable(notice or f"It lies in {self._security.key_place()}."))
        if home == "passphrase" and notice is None:
            self.place.setText("It is wrapped by a passphrase, which is kept nowhere.")
        set_tone(self.place, "caution" if notice else "")
        known = home == "passphrase"
        self.passphrase.setText("Change the passphrase" if known else "Use a passphrase")
        self.keyring.setVisible(home != "keyring")
        self.file.setVisible(home != "file")

    def _lock(self) -> None:
        self.lock_wanted.emit()

    def _ask_passphrase(self) -> None:
        self._ask_for_passphrase(renew=False)

    def _ask_for_passphrase(self, *, renew: bool) -> None:
        answer = partial(self._use_passphrase, renew)
        dialog = PassphraseDialog(self, answer, new=True, act="Use this passphrase")
        dialog.open()

    def _use_passphrase(self, renew: bool, text: str | None) -> None:  # noqa: FBT001 - bound by partial
        if text is not None:
            self._change(KeyWish("passphrase", new_passphrase=lambda: text, renew=renew))

    def _to_keyring(self) -> None:
        self._change(KeyWish("keyring"))

    def _ask_file(self) -> None:
        act = ("Move to a file", partial(self._change, KeyWish("file")))
        Question(self, "Keep the key in a file?", KEY_FILE, act)

    def _ask_renewal(self) -> None:
        if self._security.key_home() == "passphrase":
            self._ask_for_passphrase(renew=True)
            return
        act = ("Renew", partial(self._change, KeyWish(renew=True)))
        Question(self, "Renew all keys?", RENEWING, act)

    def _change(self, wish: KeyWish) -> None:
        change = partial(self._security.change_key, wish)
        self._desk.storage.submit(change, self._key_done, self._failed)

    def _key_done(self, change: KeyChange) -> None:
        whole = change.former_destroyed and not change.backups_left
        kind = NoticeKind.DONE if whole else NoticeKind.ERROR  # an error stays until it is read
        self._desk.notices.say(" ".join(key_sentences(change)), kind)
        self._show_key()
        self.key_changed.emit()

    # The audit.

    def check_audit(self) -> None:
        """Go through the whole audit."""
        self._desk.storage.submit(self._security.check_audit, self._show_report, self._failed)

    def _show_report(self, report: AuditReport) -> None:
        self.report.setText(breakable("\n".join(report_sentences(report))))
        set_tone(self.report, "bad" if report.faults else "good")

    def _choose_audit_file(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save the audit", "audit.jsonl")
        if name:
            self.save_audit(Path(name))

    def save_audit(self, target: Path) -> None:
        """Write all events to a file."""
        export = partial(self._security.export_audit, target)
        self._desk.storage.submit(export, partial(self._saved, target), self._failed)

    def _saved(self, target: Path, count: int) -> None:
        self._desk.notices.say(f"Wrote {count} events to {target}.")

    # Last days.

    def _show_due(self, due: tuple[Subject, ...]) -> None:
        self._due = due
        words = "Nobody's last day is over."
        if due:
            people = ", ".join(f"{one.name} ({one.retain_until})" for one in due)
            words = f"The last day of these people is over: {people}."
        self.due.setText(breakable(words))
        set_tone(self.due, "caution" if due else "")
        self.erase.setVisible(bool(due))

    def _ask_to_erase(self) -> None:
        act = ("Erase for good", self._erase_due)
        sentences = (*(one.name for one in self._due), "This cannot be undone.")
        Question(self, "Erase these people for good?", sentences, act, danger=True)

    def _erase_due(self) -> None:
        self._desk.storage.submit(self._erase_all, self._erased, self._failed)

    def _erase_all(self) -> tuple[ErasureCertificate, ...]:
        done: list[ErasureCertificate] = []
        for subject in self._due:
            # Who had been merged into somebody before them went together with them.
            if not any(subject.subject_id in one.subjects for one in done):
                done.append(self._changes.erase(subject.subject_id))
        return tuple(done)

    def _erased(self, done: tuple[ErasureCertificate, ...]) -> None:
        whole = all(one.complete for one in done)
        kind = NoticeKind.DONE if whole else NoticeKind.ERROR
        sentences = [words for one in done[:1] for words in certificate_sentences(one)]
        self._desk.notices.say(" ".join((f"Erased: {len(done)}.", *sentences)), kind)
        self.enter()

    def _failed(self, error: Exception) -> None:
        self._desk.notices.error(error)
        self.enter()
