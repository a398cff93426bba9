"""What a recipe and its files become before the first step."""

from pathlib import Path

import pytest
import torch

from core.errors import UsageError
from core.opencv import cv2
from training.distillation.build import build, start_at_teacher
from training.distillation.check import held_out_cosine
from training.distillation.lessons import Lesson
from training.distributed import ALONE
from training.nets.table import build_net
from training.recipe.distil import AnswersSection, DataSection, DistilRecipe, LossSection
from training.recipe.sections import NetSection, RunSection, Stage
from training.synth import draw_face

pytestmark = pytest.mark.train


def recipe(**parts: object) -> DistilRecipe:
    base = {
        "run": RunSection(length=8, batch=4, engine="torch"),
        "net": NetSection(architecture="pocketnet-8x4-128"),
        "data": DataSection(held_out_share=0.3),
        "stages": (Stage(side=16),),
    }
    return DistilRecipe(**(base | parts))  # type: ignore[arg-type]


def test_every_network_begins_at_the_teachers_mean(oracle) -> None:
    mean, spread = torch.linspace(-1, 1, 16), torch.linspace(1, 2, 16)
    lesson = Lesson(
        9, oracle, None, None, mean, None, centred=False, spread=spread, taught_mean=mean
    )
    for name in ("pocketnet-8x4-16", "mobilefacenet-16", "iresnet-18-16"):
        net = build_net(name, None, 16)

        start_at_teacher(net, lesson)

        torch.testing.assert_close(net.tail.norm.bias.detach(), 4 * mean)
    narrow = build_net("pocketnet-8x4-16", None, 16)
    start_at_teacher(narrow, lesson)
    torch.testing.assert_close(narrow.tail.norm.weight.detach(), spread)


def test_the_check_is_the_cosine_on_people_never_trained_on(world, cache: Path) -> None:
    parts = build(recipe(), world.data, cache, world.teacher, ALONE)

    (figure,) = held_out_cosine(parts.state, parts, 512).values()
    fewer = held_out_cosine(parts.state, parts, 2)["held_out_cosine"]

    assert -1 <= figure <= 1
    assert figure != fewer
    assert held_out_cosine(parts.state, parts, 0) == {}


def test_class_centres_are_as_many_as_people_trained_on(world, cache: Path) -> None:
    made = recipe(loss=LossSection(margin=0.1))

    parts = build(made, world.data, cache, world.teacher, ALONE)

    centres = parts.state.modules["centres"].get_parameter("centres")
    assert len(centres) == parts.faces.people < 16


def test_a_folder_of_people_is_taught_by_asking(world, tmp_path: Path) -> None:
    for person in range(4):
        (tmp_path / "data" / str(person)).mkdir(parents=True)
        for crop in range(2):
            path = tmp_path / "data" / str(person) / f"{crop}.png"
            cv2.imwrite(str(path), draw_face(person, crop)[8:120, 8:120])
    folder, cache = tmp_path / "data", tmp_path / "cache"

    asked = recipe(answers=AnswersSection(view="same"), data=DataSection(held_out_share=0))
    parts = build(asked, folder, cache, world.teacher, ALONE)

    assert parts.source.count == 8
    with pytest.raises(UsageError, match="cached for shards only"):
        build(recipe(), folder, cache, world.teacher, ALONE)
