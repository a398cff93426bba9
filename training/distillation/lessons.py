"""Which teacher teaches when, and what of its answers: checked whole before the first step."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from core.errors import UsageError
from training.checkpoint import KEPT, is_checkpoint
from training.data.batches import Faces, read_answers
from training.data.shards import centre
from training.distillation.teachers import Teacher, ask, open_teacher
from training.errors import DataError, RecipeError
from training.order import Lengths
from training.recipe.distil import DistilRecipe, TeacherStep
from training.recipe.reader import MAX_RECIPE_BYTES
from training.recipe.sections import Section, check_ends

SAMPLE = 2048  # answers from which a mean and principal axes are taken where none are cached
ASK_BATCH = 64


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """One teacher's turn.

    Attributes:
        until: Presentations at which the next lesson begins.
        teacher: To be asked; its answers to plain crops may be cached.
        clean: (N, d) unit answers to the plain crops; None where they are not cached.
        mirror: The same for mirrored crops.
        mean: (d,) of the answers to all crops that are trained on.
        axes: (r, d) orthonormal rows on which answers are projected; None keeps all of them.
        centred: Whether the mean is left out of what is taught.
        spread: (d,) standard deviation of what is taught.
        taught_mean: (d,) mean of what is taught.
    """

    until: int
    teacher: Teacher
    clean: NDArray[np.float32] | None
    mirror: NDArray[np.float32] | None
    mean: Tensor
    axes: Tensor | None
    centred: bool
    spread: Tensor
    taught_mean: Tensor

    def finished(self, answers: Tensor) -> Tensor:
        """What is taught of unit answers (N, d): centred, projected, of unit length again."""
        return taught_of(answers, self.mean, self.axes, centred=self.centred)


def taught_of(answers: Tensor, mean: Tensor, axes: Tensor | None, *, centred: bool) -> Tensor:
    """Unit answers (N, d) without their mean, on some axes only, or as they are."""
    if axes is None and not centred:
        return answers
    mean = mean.to(answers.device)
    taught = answers - mean
    if axes is not None:
        axes = axes.to(answers.device)
        taught = taught @ axes.T @ axes
    return functional.normalize(taught if centred else taught + mean)


class TeachersFile(Section, frozen=True, kw_only=True):
    """A file with nothing but [[teachers]]."""

    teachers: tuple[TeacherStep, ...]


def steps_of(recipe: DistilRecipe) -> tuple[TeacherStep, ...]:
    """The recipe's teachers, from wherever it names them; one that teaches throughout otherwise.

    Raises:
        RecipeError: The file of teachers cannot be used.
        DataError: The run that is followed keeps no checkpoints.
    """
    if recipe.teachers:
        return recipe.teachers
    if recipe.follow:
        return _followed(Path(recipe.follow), recipe.run.length)
    if recipe.teachers_file:
        return _read_steps(Path(recipe.teachers_file))
    return (TeacherStep(),)


def _read_steps(path: Path) -> tuple[TeacherStep, ...]:
    try:
        data = path.read_bytes()
        if len(data) > MAX_RECIPE_BYTES:
            raise RecipeError(path=path, reason="it is larger than any file of teachers")
        steps = msgspec.convert(tomllib.loads(data.decode("utf-8")), TeachersFile).teachers
        check_ends("teachers", [step.until for step in steps[:-1]])
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise RecipeError(path=path, reason=str(error)) from error
    if not steps:
        raise RecipeError(path=path, reason="it names no teachers")
    return steps


def _followed(run: Path, length: float) -> tuple[TeacherStep, ...]:
    """The k-th of K parts of the student's run follows the k-th of K kept checkpoints."""
    folders = [folder for folder in sorted((run / KEPT).glob("*")) if is_checkpoint(folder)]
    if not folders:
        raise DataError(
            path=run, reason="it keeps no checkpoints to follow; train it with run.keep_every"
        )
    return tuple(
        TeacherStep(until=length * (number + 1) / len(folders), model=str(folder))
        for number, folder in enumerate(folders)
    )


def check_steps(steps: Sequence[TeacherStep], length: float) -> None:
    """Refuse a schedule with a gap, or with teachers that never teach.

    Args:
        length: Of the run, in the recipe's unit.

    Raises:
        UsageError: In words.
    """
    last = steps[-1].until
    if last and last < length:
        raise UsageError(
            reason=f"the last teacher stops at {last:g}, but the run goes on to {length:g}"
        )
    idle = sum(step.until >= length for step in steps[:-1])
    if idle:
        raise UsageError(
            reason=f"{idle} of {len(steps)} teachers would begin after the run's end at {length:g}"
        )


def plan_lessons(
    recipe: DistilRecipe,
    steps: Sequence[TeacherStep],
    lengths: Lengths,
    faces: Faces,
    cache: Path,
    *,
    usual: Teacher,
    size: int,
    device: torch.device,
) -> tuple[Lesson, ...]:
    """Every teacher opened, tried and compared with the student, before anything is trained.

    Args:
        usual: The teacher of the command line.
        size: Numbers in the student's embedding.

    Raises:
        PocketfaceError: A gap, a missing file, another size, or answers that are not cached yet.
    """
    check_steps(steps, recipe.run.length)
    opened: dict[str, Teacher] = {"": usual}
    lessons = []
    for number, step in enumerate(steps):
        if step.model not in opened:
            opened[step.model] = open_teacher(Path(step.model), device)
        last = number + 1 == len(steps)
        until = lengths.total if last else lengths.of(step.until)
        lessons.append(_lesson(recipe, step, until, faces, cache, opened[step.model], device))
        found = len(lessons[-1].mean)
        if found != size:
            raise UsageError(
                reason=f"{opened[step.model].name} answers with {found} numbers, the student with "
                f"{size}"
            )
    return tuple(lessons)


def _lesson(
    recipe: DistilRecipe,
    step: TeacherStep,
    until: int,
    faces: Faces,
    cache: Path,
    teacher: Teacher,
    device: torch.device,
) -> Lesson:
    view = recipe.answers.view
    clean = read_answers(faces, cache, teacher.digest, "clean")
    mirror = read_answers(faces, cache, teacher.digest, "mirror") if view != "clean" else None
    missing = clean is None or (mirror is None and view in ("mirrored", "mean"))
    if missing and view != "same":
        raise DataError(
            path=cache,
            reason=f"it lacks answers of {teacher.name}; run training.answers with it, or set "
            'answers.view to "same"',
        )
    sample = _sample(faces, teacher, clean, device)
    mean = sample.mean(dim=0)
    axes = principal_axes(sample - mean, step.rank) if step.rank else None
    centred = recipe.answers.centre
    taught = taught_of(sample, mean, axes, centred=centred)
    return Lesson(
        until, teacher, clean, mirror, mean, axes, centred, taught.std(dim=0), taught.mean(dim=0)
    )


def _sample(
    faces: Faces, teacher: Teacher, clean: NDArray[np.float32] | None, device: torch.device
) -> Tensor:
    """Answers to crops that are trained on: all that are cached, or those of a sample."""
    indices = np.unique(faces.shown)
    if clean is not None:
        return torch.from_numpy(np.asarray(clean[indices], dtype=np.float32))
    chosen = indices[:: max(1, len(indices) // SAMPLE)][:SAMPLE]
    parts = [
        ask(teacher, centre(faces.crops(chosen[start : start + ASK_BATCH])), device)
        for start in range(0, len(chosen), ASK_BATCH)
    ]
    return torch.cat(parts).cpu()


def principal_axes(centred: Tensor, rank: int) -> Tensor:
    """The directions in which answers differ most: (rank, d), orthonormal rows.

    Args:
        centred: (N, d), of mean 0.

    Raises:
        UsageError: There are fewer directions than that.
    """
    if rank > min(centred.shape):
        raise UsageError(
            reason=f"{len(centred)} answers of {centred.shape[1]} numbers have no {rank} axes"
        )
    values = centred.double()
    _, columns = torch.linalg.eigh(values.T @ values)
    axes: Tensor = columns.T.flip(0)[:rank].float().contiguous()
    return axes


def lesson_at(lessons: Sequence[Lesson], presentations: int) -> Lesson:
    """The lesson that a count of presentations falls into."""
    for lesson in lessons[:-1]:
        if presentations < lesson.until:
            return lesson
    return lessons[-1]
