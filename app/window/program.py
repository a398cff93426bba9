"""What the window's actions do: the settings and models in use, and the gallery."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from app.runtime.qimage import crop_image
from app.runtime.threads import Control
from app.window.actions import (
    Actions,
    BackgroundActions,
    Facts,
    Likeness,
    LiveActions,
    ModelEntry,
    Person,
    PictureOutcome,
    StorageActions,
)
from app.window.pictures import captures_from
from app.window.portable import Portable
from app.window.trust_actions import change_actions, need_attempt_allowed, security_actions
from core.attempts.enrol import EnrolAttempt, EnrolRule
from core.attempts.snapshot import alike, take_snapshot
from core.attempts.verify import AttemptRule, VerifyAttempt
from core.capture.cameras import list_cameras
from core.capture.sources import open_source
from core.domain.template import Capture, Subject, SubjectId
from core.matching.decide import choose_point
from core.model_swap import refuse_if_kept
from core.pipeline import Parts
from core.ports import FrameSource, Gallery
from core.settings import Settings, write_settings
from core.vision.assess import ENROL_LIMITS, VERIFY_LIMITS
from core.vision.pack_install import Added, add_pack, remove_pack
from core.vision.pack_source import BareFacts
from core.vision.packs import DETECTOR_PACK, ModelPack, list_packs
from core.wiring import Services, Vision, build_vision

SOURCE_IN_RECORDS = "camera"  # for live captures, whichever camera it was


class Program:
    """Holds what may change while the window is open: settings and opened models.

    Each attribute is replaced as a whole, so that any thread sees an old or a new value.
    """

    def __init__(
        self, services: Services, banner: str, source: Callable[[], FrameSource] | None
    ) -> None:
        """Begin with what was built.

        Args:
            services: Their gallery is closed by whoever built them.
            banner: Words above every page.
            source: Opens the frames in place of the source in the settings.
        """
        self._settings = services.settings
        self._vision: Vision = services.vision
        self._gallery: Gallery = services.gallery
        self._services = services
        self._banner = banner
        self._source = source

    def actions(self) -> Actions:
        """What the pages may ask for."""
        portable = Portable(
            store=self._services.store,
            folders=self._services.folders,
            vision=lambda: self._vision,
            settings=lambda: self._settings,
            apply_settings=self._apply_settings,
        )
        return Actions(
            storage=StorageActions(
                people=self._people,
                begin_verification=self._begin_verification,
                likenesses=self._likenesses,
                enrol=self._gallery.enrol,
                add_to=self._add_to,
                rename=self._gallery.rename,
                delete=self._delete,
            ),
            changes=change_actions(self._gallery, lambda: self._vision.embedder.model),
            security=security_actions(self._services.store, lambda: self._settings),
            transfer=portable.transfer_actions(),
            swap=portable.swap_actions(),
            background=BackgroundActions(
                captures_from=self._captures_from,
                models=self._models,
                add_model=self._add_model,
                remove_model=self._remove_model,
                measure_model=portable.measure_model,
                cameras=list_cameras,
                apply_settings=self._apply_settings,
            ),
            live=LiveActions(
                open_source=self._open_source,
                verify_parts=self._verify_parts,
                enrol_parts=self._enrol_parts,
                begin_enrolment=self._begin_enrolment,
                points=lambda: self._vision.points,
                point=lambda: self._vision.point,
                settings=lambda: self._settings,
            ),
            facts=Facts(
                folders=self._services.folders,
                banner=self._banner,
            ),
        )

    def _people(self) -> tuple[Person, ...]:
        model = self._vision.embedder.model
        usable = Counter(entry.subject_id for entry in self._gallery.references(model))
        return tuple(
            self._person(subject, usable[subject.subject_id])
            for subject in self._gallery.subjects()
        )

    def _person(self, subject: Subject, usable: int) -> Person:
        crop = self._gallery.thumbnail(subject.subject_id)
        return Person(subject, None if crop is None else crop_image(crop), usable)

    def _begin_verification(self, subject_id: SubjectId | None) -> VerifyAttempt:
        need_attempt_allowed(self._services.store.ledger, self._settings)
        vision = self._vision
        model = vision.embedder.model
        rule = AttemptRule(timeout_s=self._settings.verify_timeout_s)
        if subject_id is None:
            return VerifyAttempt.identify(take_snapshot(self._gallery, model), vision.point, rule)
        references = self._gallery.references(model, subject_id)
        subjects = {entry.subject_id: entry for entry in self._gallery.subjects()}
        return VerifyAttempt.claim(subjects[subject_id], references, model, vision.point, rule)

    def _likenesses(self, captures: Sequence[Capture]) -> tuple[Likeness, ...]:
        """Who enrolled scores as high as a match, highest first."""
        vision = self._vision
        snapshot = take_snapshot(self._gallery, vision.embedder.model)
        probes = [capture.embedding for capture in captures]
        highest = alike(snapshot, probes, vision.point.threshold)
        names = {entry.subject_id: entry.name for entry in self._gallery.subjects()}
        found = [
            Likeness(names[subject], score)
            for subject, score in highest.items()
            if subject in names
        ]
        return tuple(sorted(found, key=lambda entry: -entry.score))

    def _add_to(self, name: str, captures: Sequence[Capture]) -> Subject:
        return self._gallery.add_references(self._gallery.find(name).subject_id, captures)

    def _delete(self, subjects: Sequence[SubjectId]) -> tuple[int, ...]:
        """The numbers of the changes."""
        return tuple(self._gallery.delete(subject_id) for subject_id in subjects)

    def _captures_from(self, paths: Sequence[Path], control: Control) -> tuple[PictureOutcome, ...]:
        vision = self._vision
        return captures_from(paths, self._enrol_parts(), vision.same_person_threshold, control)

    def _models(self) -> tuple[ModelEntry, ...]:
        found = list_packs(self._services.folders.models)
        good = [self._entry(pack) for pack in found.packs]
        broken = [
            ModelEntry(pack.name, None, False, False, pack.error.sentence, "")  # noqa: FBT003 - a record
            for pack in found.broken
        ]
        return (*good, *broken)

    def _entry(self, pack: ModelPack) -> ModelEntry:
        return ModelEntry(
            name=pack.name,
            card=pack.card,
            built_in=pack.built_in,
            in_use=pack.name in {self._settings.model, DETECTOR_PACK},
            problem="",
            text=pack.read_text("MODEL_CARD.md"),
        )

    def _add_model(self, source: Path, facts: BareFacts | None) -> Added:
        return add_pack(source, self._services.folders.models, facts)

    def _remove_model(self, name: str) -> None:
        refuse_if_kept(name, self._settings)
        remove_pack(name, self._services.folders.models, self._settings.model)

    def _apply_settings(self, settings: Settings) -> None:
        """Take new settings into use as far as that goes without a restart, then save them."""
        before, vision = self._settings, self._vision
        if (settings.model, settings.threads) != (before.model, before.threads):
            vision = build_vision(settings, self._services.folders)
        elif settings.target_fmr != before.target_fmr:
            vision = replace(vision, point=choose_point(vision.points, settings.target_fmr))
        write_settings(self._services.folders.settings_file, settings)
        self._vision, self._settings = vision, settings

    def _open_source(self) -> FrameSource:
        return self._source() if self._source else open_source(self._settings.source)

    def _verify_parts(self) -> Parts:
        return self._vision.parts(self._settings.face_policy, VERIFY_LIMITS)

    def _enrol_parts(self) -> Parts:
        return self._vision.parts("exactly-one", ENROL_LIMITS)

    def _begin_enrolment(self) -> EnrolAttempt:
        return EnrolAttempt(
            EnrolRule(timeout_s=self._settings.enrol_timeout_s),
            source=SOURCE_IN_RECORDS,
            same_person_threshold=self._vision.same_person_threshold,
        )
