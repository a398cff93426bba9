"""Lessons: the right teacher at the right time, and answers of the right rank."""

import dataclasses
from pathlib import Path

import pytest
import torch

from core.errors import UsageError
from training.distillation.lessons import (
    check_steps,
    lesson_at,
    plan_lessons,
    principal_axes,
    steps_of,
    taught_of,
)
from training.errors import DataError, RecipeError
from training.order import Lengths
from training.recipe.distil import AnswersSection, DistilRecipe, TeacherStep
from training.recipe.sections import RunSection, Stage

CPU = torch.device("cpu")
LENGTHS = Lengths(global_batch=4, unit=10.0, total=40)
SAME = AnswersSection(view="same")


def recipe(**parts: object) -> DistilRecipe:
    base = {
        "run": RunSection(length=4, unit="epochs"),
        "stages": (Stage(side=48),),
        "answers": SAME,
    }
    return DistilRecipe(**(base | parts))  # type: ignore[arg-type]


def plan(made: DistilRecipe, oracle, faces, size: int = 27):
    return plan_lessons(
        made, steps_of(made), LENGTHS, faces, Path("none"), usual=oracle, size=size, device=CPU
    )


def test_one_teacher_teaches_throughout_and_its_answers_stay_as_they_are(oracle, faces) -> None:
    (lesson,) = plan(recipe(), oracle, faces)
    answers = torch.randn(3, 27)

    assert lesson.until == 40
    assert torch.equal(lesson.finished(answers), answers)


def test_growing_rank_is_a_schedule_of_one_teacher(oracle, faces) -> None:
    steps = (TeacherStep(until=1, rank=2), TeacherStep(until=3, rank=5), TeacherStep())
    lessons = plan(recipe(teachers=steps), oracle, faces)
    crops = torch.randn(9, 27)

    ranks = [
        int(torch.linalg.matrix_rank(lesson.finished(crops) - lesson.finished(crops)[:1]))
        for lesson in lessons
    ]
    at = [lessons.index(lesson_at(lessons, shown)) for shown in (0, 9, 10, 29, 30, 99)]
    assert at == [0, 0, 1, 1, 2, 2]
    assert lessons[0].axes is not None
    assert lessons[0].axes.shape == (2, 27)
    # Two axes around the mean and a common length: unit vectors in a space of three dimensions.
    assert ranks[0] <= 3
    assert ranks[1] <= 6
    assert ranks[2] == 8


def test_axes_are_those_of_the_largest_spread() -> None:
    values = torch.tensor([[3.0, 0.0, 0.1], [-3.0, 0.0, -0.1], [0.0, 1.0, 0.0], [0.0, -1.0, 0.0]])

    axes = principal_axes(values, 2)

    torch.testing.assert_close(axes @ axes.T, torch.eye(2))
    assert abs(float(axes[0, 0])) == pytest.approx(1, abs=1e-2)
    assert abs(float(axes[1, 1])) == pytest.approx(1, abs=1e-2)
    with pytest.raises(UsageError, match="no 4 axes"):
        principal_axes(values, 4)


def test_centred_answers_have_unit_length_and_no_common_direction() -> None:
    answers = torch.nn.functional.normalize(torch.randn(200, 8) + 2)
    mean = answers.mean(dim=0)

    taught = taught_of(answers, mean, None, centred=True)

    torch.testing.assert_close(taught.norm(dim=1), torch.ones(200))
    assert float(taught.mean(dim=0).norm()) < 0.2 < float(mean.norm())


def test_a_projection_without_centring_keeps_the_mean() -> None:
    answers = torch.nn.functional.normalize(torch.randn(50, 4) * torch.tensor([1, 1, 0, 0]) + 1)
    mean = answers.mean(dim=0)
    axes = principal_axes(answers - mean, 3)

    torch.testing.assert_close(
        taught_of(answers, mean, axes, centred=False), answers, atol=0.02, rtol=0
    )


def test_a_size_that_does_not_fit_is_told(oracle, faces) -> None:
    with pytest.raises(UsageError, match="oracle answers with 27 numbers, the student with 128"):
        plan(recipe(), oracle, faces, size=128)


def test_answers_that_are_not_cached_are_told(oracle, faces, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"run training\.answers"):
        plan(recipe(answers=AnswersSection()), oracle, dataclasses.replace(faces, shards=()))


@pytest.mark.parametrize(
    ("untils", "reason"),
    [((1, 2), "the last teacher stops at 2, but the run goes on to 4"), ((4, 0), "1 of 2")],
)
def test_gaps_and_idle_teachers_are_told(untils: tuple[float, ...], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        check_steps([TeacherStep(until=until) for until in untils], 4)


def test_a_mapping_can_stand_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "teachers.toml"
    path.write_text('[[teachers]]\nuntil = 1\nrank = 4\n[[teachers]]\nmodel = "b.onnx"\n')

    steps = steps_of(recipe(teachers_file=str(path)))

    assert steps == (TeacherStep(until=1, rank=4), TeacherStep(model="b.onnx"))
    for text in ("[[teachers]]\nuntill = 1", "teachers = []", "[[teachers", "[[teachers]]\n" * 3):
        path.write_text(text)
        with pytest.raises(RecipeError):
            steps_of(recipe(teachers_file=str(path)))


def test_a_student_follows_a_teachers_run_in_equal_parts(tmp_path: Path) -> None:
    for name in ("0001", "0002", "0003", "0004"):
        (tmp_path / "kept" / name).mkdir(parents=True)
        (tmp_path / "kept" / name / "state.json").write_text("{}")

    steps = steps_of(recipe(follow=str(tmp_path)))

    # As published: student epoch e, from 0 on, has the teacher of after its epoch e + 1.
    assert [step.until for step in steps] == [1, 2, 3, 4]
    assert [Path(step.model).name for step in steps] == ["0001", "0002", "0003", "0004"]
