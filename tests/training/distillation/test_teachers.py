"""Teachers of every kind say the same of the same face."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import PocketfaceError
from training.distillation.teachers import ModuleTeacher, as_views, ask, open_teacher, resized
from training.engine.state import new_state, save
from training.errors import DataError
from training.nets.onnx_torch import read_torch_form
from training.nets.pocketnet import named_pocketnet
from training.recipe.distil import DistilRecipe
from training.recipe.sections import NetSection, RunSection, Stage
from training.subjects import network_of, square_input
from training.synth import draw_face

CPU = torch.device("cpu")
CROPS = np.stack([draw_face(person, 0)[8:120, 8:120] for person in range(5)])


def test_onnxruntime_and_torch_agree_on_answers_and_maps(world) -> None:
    fast = open_teacher(world.teacher, CPU, ["active"])
    module = read_torch_form(world.teacher, ["active"])
    slow = ModuleTeacher("same", fast.sha256, module, square_input(112))

    (vectors, (maps,)), (others, (same,)) = (
        teacher.answer(as_views(CROPS, CPU)) for teacher in (fast, slow)
    )

    assert fast.digest == hashlib.sha256(world.teacher.read_bytes()).hexdigest()[:12]
    assert maps.shape == (5, 8, 7, 7)
    torch.testing.assert_close(vectors, others, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(maps, same, atol=1e-4, rtol=1e-4)


def test_a_checkpoint_teaches_what_its_network_says(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = named_pocketnet("pocketnet-8x4-16", side=32)
    plan = DistilRecipe(
        run=RunSection(length=9), net=NetSection(architecture="pocketnet-8x4-16"),
        stages=(Stage(side=32),),
    )  # fmt: skip
    save(new_state({"net": net}, plan, "distil"), plan, tmp_path)

    teacher = open_teacher(tmp_path, CPU)

    expected = network_of(net.eval(), "same").embed(CROPS)
    assert np.abs(ask(teacher, CROPS, CPU).numpy() - expected).max() < 0.02  # areas unrounded here
    with pytest.raises(DataError, match="ONNX files only"):
        open_teacher(tmp_path, CPU, ["cells.0"])


def test_what_is_no_teacher_is_told(world, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="neither an ONNX file nor a checkpoint"):
        open_teacher(tmp_path / "gone.onnx", CPU)
    with pytest.raises(PocketfaceError, match="no inner map 'activ'"):
        open_teacher(world.teacher, CPU, ["activ"])


def test_a_smaller_view_keeps_its_brightness() -> None:
    views = as_views(CROPS, CPU)

    for side in (48, 112, 160):
        sized = resized(views, side)
        assert sized.shape[-1] == side
        torch.testing.assert_close(sized.mean(dim=(2, 3)), views.mean(dim=(2, 3)), atol=0.5, rtol=0)
