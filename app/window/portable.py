"""What the window does to move people in and out, to measure a model and to change it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from msgspec import structs

from app.runtime.threads import Control, Progress
from app.version import program_version
from app.window.actions import Arrived, ExportWish, SwapActions, TransferActions
from core.attempts.incoming import Incoming, read_incoming
from core.attempts.measuring import Measured, known_people, measure
from core.attempts.people_pictures import Eyes
from core.domain.event import EventKind
from core.domain.holdings import ArchiveContents
from core.domain.importing import ImportPlan, OnConflict
from core.domain.retemplating import Recapture, SwapPreview
from core.domain.watch import Watch
from core.errors import KeysDeniedError
from core.model_swap import Retemplating, judge_in_use, preview_swap, recapture_queue
from core.settings import Folders, Settings
from core.vision.assess import ENROL_LIMITS, VERIFY_LIMITS
from core.vision.pack_measure import find_measurable, write_points
from core.vision.packs import list_packs
from core.wiring import OpenGallery, Vision, build_measuring, build_vision


@dataclass(frozen=True, slots=True)
class Portable:
    """The window's exports, imports and changes of model.

    Attributes:
        vision: The models in use.
        settings: As they are.
        apply_settings: Takes others into use and saves them.
    """

    store: OpenGallery
    folders: Folders
    vision: Callable[[], Vision]
    settings: Callable[[], Settings]
    apply_settings: Callable[[Settings], None]

    def transfer_actions(self) -> TransferActions:
        """For the page of exports and imports."""
        return TransferActions(
            export=self._export, read=self._read, review=self._review, bring_in=self._bring_in
        )

    def swap_actions(self) -> SwapActions:
        """For the page of models."""
        return SwapActions(
            preview=self._preview,
            begin=self._begin,
            finish=self._finish,
            forget=self._forget,
            recapture=self._recapture,
        )

    def measure_model(self, name: str, folder: Path, control: Control) -> Measured:
        """Compare pictures of known people by an added model, and write its thresholds down.

        Raises:
            UsageError, VisionError: The folder or the model cannot be used.
            Cancelled: Nothing was written.
        """
        pack = find_measurable(name, self.folders.models)
        people = known_people(folder)
        parts = build_measuring(pack, self.settings().threads, VERIFY_LIMITS)
        found = measure(people, parts, _watch(control))
        write_points(name, self.folders.models, found.points)
        return found

    def _export(self, wish: ExportWish, control: Control) -> int:
        transfer, watch = self.store.gallery.transfer, _watch(control)
        if wish.form == "sqlite":
            return transfer.export_plain(wish.target, watch)
        if wish.form != "pfgallery":
            return transfer.export_lists(wish.target, wish.form)
        packs = list_packs(self.folders.models).packs
        cards = {pack.model_id: pack.card for pack in packs if pack.card.role == "embedder"}
        contents = ArchiveContents(pictures=wish.pictures)
        return transfer.export_archive(
            wish.target, program_version(), cards, wish.passphrase, contents, watch
        )

    def _read(self, path: Path, passphrase: str, control: Control) -> Incoming:
        def ask() -> str:
            if not passphrase:
                raise KeysDeniedError(
                    reason="the archive is sealed; type its passphrase and choose it again"
                )
            return passphrase

        return read_incoming(path, ask, self._eyes, _watch(control))

    def _eyes(self) -> Eyes:
        vision = self.vision()
        return Eyes(vision.parts("exactly-one", ENROL_LIMITS), vision.same_person_threshold)

    def _review(self, incoming: Incoming, on_conflict: OnConflict, control: Control) -> ImportPlan:
        return self._import(incoming, on_conflict, control, dry_run=True)

    def _bring_in(self, incoming: Incoming, on_conflict: OnConflict, control: Control) -> Arrived:
        plan = self._import(incoming, on_conflict, control, dry_run=False)
        templates, embedder = self.store.gallery.templates, self.vision().embedder
        work = Retemplating(templates, embedder)
        work.run()
        return Arrived(plan, work.made, len(templates.awaiting(embedder.model)))

    def _import(
        self, incoming: Incoming, on_conflict: OnConflict, control: Control, *, dry_run: bool
    ) -> ImportPlan:
        with incoming.subjects() as subjects:
            return self.store.gallery.transfer.import_subjects(
                subjects,
                on_conflict,
                total=incoming.total,
                dry_run=dry_run,
                watch=_watch(control),
            )

    def _preview(self, name: str, control: Control) -> SwapPreview:
        vision = self._other(name)
        return preview_swap(
            self.store.gallery,
            judge_in_use(self.settings(), self.folders.models),
            vision.embedder,
            vision.point,
            _watch(control),
        )

    def _begin(self, name: str) -> Retemplating:
        return Retemplating(self.store.gallery.templates, self._other(name).embedder)

    def _finish(self, name: str) -> None:
        former = self.settings()
        if former.model == name:
            return
        self.apply_settings(structs.replace(former, model=name, former_model=former.model))
        self.store.ledger.note(EventKind.MODEL_CHANGED, detail=f"{former.model} to {name}")

    def _forget(self) -> int:
        forgotten = self.store.gallery.templates.forget(self.vision().embedder.model)
        self.apply_settings(structs.replace(self.settings(), former_model=""))
        return forgotten

    def _recapture(self) -> tuple[Recapture, ...]:
        return recapture_queue(self.store.gallery, self.vision().embedder.model)

    def _other(self, name: str) -> Vision:
        return build_vision(structs.replace(self.settings(), model=name), self.folders)


def _watch(control: Control) -> Watch:
    return Watch(
        report=lambda done, total: control.report(Progress(done, total)),
        cancelled=control.cancelled,
    )
