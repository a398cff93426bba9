"""Changing the model without enrolling anybody again.

Every reference can have a template of each model, made from its kept picture. So the new model's
templates are made beside the former ones, batch by batch; the change itself is one replacement of
the settings file; and the way back stands open for as long as the former templates are kept. Work
that was cut off goes on where it was, because what is missing shows in the gallery itself.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from core.domain.operating_point import OperatingPoint
from core.domain.retemplating import (
    Awaiting,
    DecisionChange,
    Recapture,
    Recognition,
    SwapPreview,
)
from core.domain.template import (
    Embedding,
    ModelId,
    Reference,
    ReferenceId,
    Subject,
    SubjectId,
    Template,
)
from core.domain.watch import ALONE, Watch
from core.errors import PackInUseError, UsageError, VisionError
from core.matching.decide import choose_point
from core.matching.recognise import SelfCheck, check_references
from core.ports import Embedder, Gallery, TemplateStore
from core.settings import Settings, read_settings, write_settings
from core.vision.packs import find_pack

BATCH = 16  # pictures in one transaction: about 50 ms of work, so that others get their turn
MAX_COMPARED = 5000  # references shown to each other in a preview; 25 million scores, in a second


@dataclass(frozen=True, slots=True)
class Judge:
    """A model with the operating point it would decide by; None if it cannot be opened."""

    model: ModelId
    point: OperatingPoint | None


def judge_in_use(settings: Settings, models_dir: Path) -> Judge:
    """The model that the settings name; without a point where its pack cannot be used."""
    try:
        pack = find_pack(settings.model, models_dir)
    except VisionError:
        return Judge(ModelId(""), None)
    try:
        point = choose_point(pack.card.operating_points, settings.target_fmr)
    except UsageError:  # not measured that strictly
        return Judge(pack.model_id, None)
    return Judge(pack.model_id, point)


def refuse_if_kept(name: str, settings: Settings) -> None:
    """Raise PackInUseError for the model to which the way back stands open."""
    if name == settings.former_model:
        raise PackInUseError(
            name=name,
            reason="it is kept for a way back; `pocketface models forget-former` lets it go",
        )


def preview_swap(
    gallery: Gallery, former: Judge, embedder: Embedder, point: OperatingPoint, watch: Watch = ALONE
) -> SwapPreview:
    """What a change to the model of `embedder` would do; nothing is changed.

    Args:
        gallery: Whose kept pictures are looked at.
        former: The model in use.
        embedder: The new one.
        point: By which it would decide.
        watch: Told after each picture.

    Raises:
        GalleryError: The gallery cannot be read.
        Cancelled: `watch` said so.
    """
    subjects = {subject.subject_id: subject for subject in gallery.subjects()}
    model = embedder.model
    known = {entry.reference_id: entry for entry in gallery.references(model)}
    waiting = [entry for entry in gallery.templates.awaiting(model) if entry.subject_id in subjects]
    made = _embed_all(gallery.templates, waiting, embedder, watch)
    before = {entry.reference_id: entry for entry in gallery.references(former.model)}
    after = known | {
        reference_id: replace(before[reference_id], template=Template(new.vector, model))
        for reference_id, new in made.items()
        if reference_id in before
    }
    usable = Counter(entry.subject_id for entry in known.values())
    usable.update(entry.subject_id for entry in waiting if entry.reference_id in made)
    compared = _Compared.of(before, after, former, Judge(model, point), subjects.values())
    return SwapPreview(
        former=former.model,
        model=model,
        references=sum(subject.references for subject in subjects.values()),
        present=len(known),
        to_embed=len(made),
        recapture=_short_of(subjects.values(), usable),
        compared=compared.count,
        right_before=compared.right_before,
        right_after=compared.right_after,
        changes=compared.changes,
        former_point=former.point,
        point=point,
    )


def recapture_queue(gallery: Gallery, model: ModelId) -> tuple[Recapture, ...]:
    """Who has references that the model does not know, by name."""
    usable = Counter(entry.subject_id for entry in gallery.references(model))
    return _short_of(gallery.subjects(), usable)


class Retemplating:
    """Makes the missing templates of one model, a batch a step; stopping at any point is safe.

    Attributes:
        total: References that the model did not know, and that have a picture.
        done: How many of them were looked at.
        made: How many templates were kept.
    """

    def __init__(self, templates: TemplateStore, embedder: Embedder) -> None:
        self._templates = templates
        self._embedder = embedder
        self._waiting = [
            entry.reference_id for entry in templates.awaiting(embedder.model) if entry.has_crop
        ]
        self.total = len(self._waiting)
        self.done = 0
        self.made = 0

    def step(self) -> bool:
        """One batch, in one transaction; False when there is nothing left to do."""
        batch = self._waiting[self.done : self.done + BATCH]
        if not batch:
            return False
        self.made += self._templates.add(_embed(self._templates, batch, self._embedder))
        self.done += len(batch)
        return self.done < self.total

    def run(self, watch: Watch = ALONE) -> None:
        """All steps. Raises Cancelled; what was made is kept."""
        watch.step(self.done, self.total)
        while self.step():
            watch.step(self.done, self.total)
        watch.step(self.done, self.total)


def switch_model(settings_file: Path, name: str) -> Settings:
    """Let another model decide from now on, in one step, and remember the way back.

    Returns:
        The settings as they are now.

    Raises:
        SettingsError: The file cannot be read or written; the former model stays in use.
    """
    settings = read_settings(settings_file)
    if settings.model == name:
        return settings
    changed = msgspec.structs.replace(settings, model=name, former_model=settings.model)
    write_settings(settings_file, changed)
    return changed


def let_go(settings_file: Path) -> Settings:
    """Forget the way back. Raises SettingsError."""
    changed = msgspec.structs.replace(read_settings(settings_file), former_model="")
    write_settings(settings_file, changed)
    return changed


@dataclass(frozen=True, slots=True)
class _Compared:
    """What both models say about the pictures that both know."""

    count: int
    right_before: int
    right_after: int
    changes: tuple[DecisionChange, ...]

    @classmethod
    def of(
        cls,
        before: Mapping[ReferenceId, Reference],
        after: Mapping[ReferenceId, Reference],
        former: Judge,
        new: Judge,
        subjects: Iterable[Subject],
    ) -> "_Compared":
        both = [reference_id for reference_id in before if reference_id in after][:MAX_COMPARED]
        if former.point is None or new.point is None or former.model == new.model:
            return cls(0, 0, 0, ())
        names = {subject.subject_id: subject.name for subject in subjects}
        first = check_references(
            [before[one] for one in both], former.model, former.point.threshold
        )
        second = check_references([after[one] for one in both], new.model, new.point.threshold)
        changes = tuple(
            DecisionChange(
                names[before[one].subject_id],
                before[one].source,
                _recognition(first[one], names),
                _recognition(second[one], names),
            )
            for one in both
            if first[one] != second[one]
        )
        return cls(
            len(both),
            sum(check.right for check in first.values()),
            sum(check.right for check in second.values()),
            changes,
        )


def _recognition(check: SelfCheck, names: Mapping[SubjectId, str]) -> Recognition:
    return Recognition(check.own, tuple(sorted(names[other] for other in check.others)))


def _embed_all(
    templates: TemplateStore, waiting: Sequence[Awaiting], embedder: Embedder, watch: Watch
) -> dict[ReferenceId, Embedding]:
    pictured = [entry.reference_id for entry in waiting if entry.has_crop]
    made: dict[ReferenceId, Embedding] = {}
    for start in range(0, len(pictured), BATCH):
        watch.step(start, len(pictured))
        made.update(_embed(templates, pictured[start : start + BATCH], embedder))
    watch.step(len(pictured), len(pictured))
    return made


def _embed(
    templates: TemplateStore, references: Sequence[ReferenceId], embedder: Embedder
) -> list[tuple[ReferenceId, Embedding]]:
    """What the model makes of kept pictures; those it makes nothing of are left out."""
    found = []
    for reference_id, crop in zip(references, templates.crops(references), strict=True):
        embedding = None if crop is None else embedder.embed(crop)
        if embedding is not None:
            found.append((reference_id, embedding))
    return found


def _short_of(
    subjects: Iterable[Subject], usable: Mapping[SubjectId, int]
) -> tuple[Recapture, ...]:
    return tuple(
        Recapture(subject.name, usable.get(subject.subject_id, 0), subject.references)
        for subject in subjects
        if usable.get(subject.subject_id, 0) < subject.references
    )
