"""What one step of a distillation sees: views, the teacher's answers, hints and labels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.data.augment import FACE_SIDE_PX, Draws, draw, draw_each
from training.data.augment_device import normalised
from training.data.batches import UNLABELLED, Faces, images_of, views_of
from training.distillation.hints import HintTargets
from training.distillation.lessons import Lesson, lesson_at
from training.distillation.teachers import resized
from training.distillation.view_answers import ViewAnswers
from training.order import Portion
from training.recipe.distil import DistilRecipe, MixupSection

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What one step sees, on the training device.

    Attributes:
        images: float32 (N, 3, side, side), RGB, (x − 127.5) / 127.5.
        targets: float32 (N, d), unit length.
        hints: (N, c, h, w) for each hint that still counts.
        labels: int64 (N,), −1 where nobody is named.
    """

    images: Tensor
    targets: Tensor
    hints: tuple[Tensor, ...]
    labels: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class DistilSource:
    """Batches from faces and lessons.

    Attributes:
        hints: All of the recipe's; those whose weight is 0 are left out of batches.
        kept: Answers to views that repeat; None where they do not.
    """

    faces: Faces
    recipe: DistilRecipe
    lessons: Sequence[Lesson]
    hints: Sequence[HintTargets]
    kept: ViewAnswers | None

    @property
    def count(self) -> int:
        """Crops in an epoch, each as often as it counts."""
        return len(self.faces.shown)

    def batch(self, portion: Portion) -> Batch:
        """Views of a portion, with what they teach."""
        rows = self.faces.shown[portion.indices]
        crops = self.faces.crops(rows)
        if self.recipe.answers.view == "same":
            return self._asked(portion, rows, crops)
        draws = draw(len(rows), portion.stage.strength, np.random.default_rng(portion.seed))
        lesson = lesson_at(self.lessons, portion.presentations)
        answers = cached_answers(lesson, rows, draws.mirrored, self.recipe.answers.view)
        return Batch(
            images=images_of(crops, draws, portion.stage.side, portion.device),
            targets=lesson.finished(torch.from_numpy(answers).to(portion.device)),
            hints=tuple(
                _cached_hint(hint, rows, draws, portion.device) for hint in self._active(portion)
            ),
            labels=torch.from_numpy(self.faces.labels[rows]).to(portion.device),
        )

    def _asked(self, portion: Portion, rows: Rows, crops: NDArray[np.uint8]) -> Batch:
        """Teacher and student see the same views, which the teacher sees at its own size."""
        random = np.random.default_rng(portion.seed)
        views = views_of(crops, self._draws(portion, rows, random), FACE_SIDE_PX, portion.device)
        labels = torch.from_numpy(self.faces.labels[rows]).to(portion.device)
        views, mixed = mix(views, self.recipe.mixup, random)
        labels = torch.where(torch.from_numpy(mixed).to(labels.device), UNLABELLED, labels)
        views = views.round()
        lesson = lesson_at(self.lessons, portion.presentations)
        active = self._active(portion)
        maps: tuple[Tensor, ...] = ()
        if self.kept is not None and not active:
            answers = self.kept.answer(lesson.teacher, views, rows, portion)
        else:
            answers, maps = lesson.teacher.answer(views)
        return Batch(
            images=normalised(resized(views, portion.stage.side)),
            targets=lesson.finished(answers),
            hints=tuple(
                target.basis.components(maps[self.hints.index(target)]) for target in active
            ),
            labels=labels,
        )

    def _draws(self, portion: Portion, rows: Rows, random: np.random.Generator) -> Draws:
        repeats = self.recipe.answers.repeats
        if not repeats:
            return draw(len(rows), portion.stage.strength, random)
        turn = portion.epoch % repeats
        seeds = [(self.recipe.run.seed, int(row), turn) for row in rows]
        return draw_each(seeds, portion.stage.strength)

    def _active(self, portion: Portion) -> list[HintTargets]:
        return [hint for hint in self.hints if hint.weight(portion.presentations) > 0]


def cached_answers(
    lesson: Lesson, rows: Rows, mirrored: NDArray[np.bool_], view: str
) -> NDArray[np.float32]:
    """A lesson's cached answers, (n, d), unit length.

    Args:
        view: "clean", "mirrored" or "mean", as the recipe has it.
    """
    assert lesson.clean is not None, "checked before the first step"
    clean = np.asarray(lesson.clean[rows], dtype=np.float32)
    if view == "clean":
        return clean
    assert lesson.mirror is not None, "checked before the first step"
    mirror = np.asarray(lesson.mirror[rows], dtype=np.float32)
    if view == "mirrored":
        return np.where(mirrored[:, None], mirror, clean)
    both = clean + mirror
    mean: NDArray[np.float32] = both / np.linalg.norm(both, axis=1, keepdims=True)
    return mean


def _cached_hint(hint: HintTargets, rows: Rows, draws: Draws, device: torch.device) -> Tensor:
    """Components of the plain crops' maps, mirrored with the view.

    What the teacher would say of the mirrored crop is nearly the mirrored map.
    """
    assert hint.cached is not None, "checked before the first step"
    components = torch.from_numpy(np.asarray(hint.cached[rows], dtype=np.float32))
    flipped = torch.from_numpy(draws.mirrored)[:, None, None, None]
    return torch.where(flipped, components.flip(-1), components).to(device)


def mix(
    views: Tensor, section: MixupSection, random: np.random.Generator
) -> tuple[Tensor, NDArray[np.bool_]]:
    """Views of which a part is blended with the next view of the batch; bool (N,) says which.

    Args:
        views: (N, 3, side, side). Not modified.
    """
    count = len(views)
    mixed = random.random(count) < section.share
    own = np.where(mixed, random.beta(section.alpha, section.alpha, count), 1.0)
    part = torch.tensor(own, dtype=views.dtype, device=views.device).view(-1, 1, 1, 1)
    return part * views + (1 - part) * views.roll(1, dims=0), mixed
