"""Batches: what the teacher is asked about is what the student sees."""

from pathlib import Path

import numpy as np
import pytest
import torch

from training.distillation.hints import HintTargets, basis_of
from training.distillation.lessons import Lesson
from training.distillation.source import DistilSource, cached_answers, mix
from training.distillation.teachers import resized
from training.distillation.view_answers import ViewAnswers
from training.order import Portion
from training.recipe.distil import AnswersSection, DistilRecipe, Hint, MixupSection
from training.recipe.sections import RunSection, Stage

CPU = torch.device("cpu")
NOTHING = torch.zeros(27)


def lesson(oracle, clean: np.ndarray | None = None, mirror: np.ndarray | None = None) -> Lesson:
    return Lesson(
        100, oracle, clean, mirror, NOTHING, None, centred=False, spread=NOTHING,
        taught_mean=NOTHING,
    )  # fmt: skip


def portion(indices: list[int], side: int = 112, strength: float = 0.5, epoch: int = 1) -> Portion:
    stage = Stage(side=side, strength=strength)
    return Portion(np.array(indices), (1, epoch, 0), epoch, 10, 0.1, stage, CPU)


def source(oracle, faces, hints=(), kept=None, **parts: object) -> DistilSource:
    base = {"answers": AnswersSection(view="same"), "stages": (Stage(side=48),)}
    recipe = DistilRecipe(run=RunSection(length=100), **(base | parts))  # type: ignore[arg-type]
    return DistilSource(faces, recipe, (lesson(oracle),), hints, kept)


def test_teacher_and_student_see_the_same_view(oracle, faces) -> None:
    batch = source(oracle, faces).batch(portion([0, 3, 9]))

    seen = batch.images * 127.5 + 127.5
    torch.testing.assert_close(batch.targets, oracle.answer(seen)[0], atol=1e-5, rtol=1e-4)
    assert batch.labels.tolist() == [0, 1, -1]


def test_the_student_sees_the_teachers_view_smaller(oracle, faces) -> None:
    large = source(oracle, faces).batch(portion([0, 3, 9], side=112))
    small = source(oracle, faces).batch(portion([0, 3, 9], side=48))

    torch.testing.assert_close(small.images, resized(large.images, 48), atol=1e-5, rtol=1e-4)
    assert torch.equal(small.targets, large.targets)


def test_the_teacher_is_asked_about_the_blend(oracle, faces) -> None:
    mixed = source(oracle, faces, mixup=MixupSection(share=1.0)).batch(portion([0, 3, 5]))
    plain = source(oracle, faces).batch(portion([0, 3, 5]))

    seen = mixed.images * 127.5 + 127.5
    torch.testing.assert_close(mixed.targets, oracle.answer(seen)[0], atol=1e-5, rtol=1e-4)
    assert not torch.allclose(mixed.images, plain.images)
    assert mixed.labels.tolist() == [-1, -1, -1]


def test_a_blend_lies_between_two_neighbours() -> None:
    views = torch.stack([torch.full((3, 2, 2), value) for value in (0.0, 100.0, 200.0)])

    blended, mixed = mix(views, MixupSection(share=0.5), np.random.default_rng(1))

    assert mixed.any()
    assert not mixed.all()
    for index, view in enumerate(blended):
        low, high = sorted((float(views[index, 0, 0, 0]), float(views[index - 1, 0, 0, 0])))
        assert low <= float(view.min()) <= float(view.max()) <= high
        assert mixed[index] or torch.equal(view, views[index])


def test_hints_are_of_the_same_view_and_end_with_their_weight(oracle, faces) -> None:
    crops = torch.rand(8, 3, 3, 3)
    basis = basis_of(crops, 2, "parts")
    hint = Hint(student="cells.3", teacher="parts", components=2)
    live = HintTargets(hint, None, basis, until=100)
    over = HintTargets(hint, None, basis, until=10)

    batch = source(oracle, faces, hints=(over, live)).batch(portion([0, 3]))

    seen = batch.images * 127.5 + 127.5
    (found,) = batch.hints
    expected = basis.components(torch.nn.functional.adaptive_avg_pool2d(seen, 3))
    torch.testing.assert_close(found, expected, atol=1e-2, rtol=1e-3)


@pytest.mark.parametrize("view", ["clean", "mirrored", "mean"])
def test_cached_answers_follow_the_view(oracle, view: str) -> None:
    random = np.random.default_rng(0)
    clean, mirror = (
        (each / np.linalg.norm(each, axis=1, keepdims=True)).astype(np.float32)
        for each in random.normal(size=(2, 5, 27))
    )
    rows, mirrored = np.array([4, 1]), np.array([True, False])

    answers = cached_answers(lesson(oracle, clean, mirror), rows, mirrored, view)

    both = clean[rows] + mirror[rows]
    expected = {
        "clean": clean[rows],
        "mirrored": np.stack([mirror[4], clean[1]]),
        "mean": both / np.linalg.norm(both, axis=1, keepdims=True),
    }
    np.testing.assert_allclose(answers, expected[view], atol=1e-6)


def test_cached_hints_are_mirrored_with_their_view(oracle, faces) -> None:
    hint = Hint(student="cells.3", teacher="parts", components=1)
    ramp = np.tile(np.arange(7, dtype=np.float32), (12, 1, 7, 1))
    target = HintTargets(hint, ramp, basis_of(torch.rand(8, 3, 7, 7), 1, "parts"), until=100)
    answers = np.eye(12, 27, dtype=np.float32)
    recipe = DistilRecipe(run=RunSection(length=100), stages=(Stage(side=48),))
    made = DistilSource(faces, recipe, (lesson(oracle, answers),), (target,), None)

    batch = made.batch(portion(list(range(10)), strength=0.0))

    plain = made.batch(portion(list(range(10)), strength=0.0))
    rising = batch.hints[0][:, 0, 0, 0] == 0
    assert 0 < int(rising.sum()) < 10
    assert torch.equal(batch.images, plain.images)
    assert oracle.asked == []


def test_views_repeat_after_their_number_of_epochs(oracle, faces, tmp_path: Path) -> None:
    answers = AnswersSection(view="same", repeats=2)
    kept = ViewAnswers(tmp_path, crops=12, size=27, repeats=2, seed=1, digest="d")
    made = source(oracle, faces, kept=kept, answers=answers)

    first, other, again = (made.batch(portion([2, 7], epoch=epoch)) for epoch in (1, 2, 3))
    alone = made.batch(portion([7], epoch=5))

    assert torch.equal(first.images, again.images)
    assert torch.equal(first.targets, again.targets)
    assert not torch.equal(first.images, other.images)
    assert torch.equal(alone.images[0], first.images[1])
    assert oracle.asked == [2, 2]
