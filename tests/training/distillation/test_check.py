"""The check: 1 for a student that is its teacher."""

from pathlib import Path

import pytest
import torch

from training.distillation.build import build
from training.distillation.check import held_out_cosine
from training.distributed import ALONE
from training.engine.state import new_state, save
from training.nets.pocketnet import named_pocketnet
from training.recipe.distil import AnswersSection, DataSection, DistilRecipe
from training.recipe.sections import NetSection, RunSection, Stage


@pytest.mark.train
def test_a_student_that_is_its_teacher_agrees_with_it(world, tmp_path: Path) -> None:
    recipe = DistilRecipe(
        run=RunSection(length=8, batch=4, engine="torch"),
        net=NetSection(architecture="pocketnet-8x4-16"),
        data=DataSection(held_out_share=0.5),
        answers=AnswersSection(view="same"),
        stages=(Stage(side=16),),
    )
    torch.manual_seed(0)
    teacher = named_pocketnet("pocketnet-8x4-16", side=16)
    save(new_state({"net": teacher}, recipe, "distil"), recipe, tmp_path / "teacher")
    parts = build(recipe, world.data, tmp_path / "cache", tmp_path / "teacher", ALONE)

    before = held_out_cosine(parts.state, parts, 64)["held_out_cosine"]
    parts.state.net.load_state_dict(teacher.state_dict())

    after = held_out_cosine(parts.state, parts, 64)["held_out_cosine"]
    assert before < 0.99 < after
