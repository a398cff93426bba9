"""Batches of labelled faces, the margin step, and the held-out check."""

from pathlib import Path

import numpy as np
import pytest
import torch

from training.data.labelled import Labelled, open_labelled
from training.engine.backend import TorchEngine
from training.engine.state import State
from training.order import Portion
from training.recipe.sections import NetSection, OptimSection, RunSection, Stage
from training.recipe.train import HeadSection, TrainRecipe
from training.supervised import (
    CENTRES,
    LabelledBatch,
    LabelledFaces,
    equal_error_rate,
    held_out_check,
    margin_step,
)
from training.synth import write_shard
from training.train import build

SIDE = 16
RECIPE = TrainRecipe(
    run=RunSection(length=64, batch=8, engine="torch"),
    net=NetSection(architecture="pocketnet-8x4-16"),
    head=HeadSection(scale=16.0, margin=0.2),
    optim=OptimSection(kind="sgd", rate=0.1),
    stages=(Stage(side=SIDE),),
)


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Labelled:
    folder = tmp_path_factory.mktemp("faces")
    write_shard(folder / "data", "synth-00", range(6), 3)
    return open_labelled(folder / "data", folder / "cache")


@pytest.fixture
def state(faces: Labelled) -> State:
    made = build(RECIPE, len(faces.people))
    made.engine = TorchEngine(made.net, RECIPE.run, made.device, made.scale)
    return made


def portion(indices: list[int], seed: int = 0, strength: float = 0.0) -> Portion:
    stage = Stage(side=SIDE, strength=strength)
    return Portion(np.array(indices), (seed,), 1, 0, 0.0, stage, torch.device("cpu"))


def test_a_batch_holds_the_faces_of_its_labels(faces: Labelled) -> None:
    batch = LabelledFaces(faces).batch(portion([5, 0, 17]))

    assert batch.images.shape == (3, 3, SIDE, SIDE)
    assert batch.labels.tolist() == faces.labels[[5, 0, 17]].tolist()
    grey = faces.crops(np.array([17]))[0, 8:-8, 8:-8].mean()
    assert float(batch.images[2].mean() * 127.5 + 127.5) == pytest.approx(float(grey), abs=2)


def test_a_batch_is_a_function_of_its_portion_alone(faces: Labelled) -> None:
    source = LabelledFaces(faces)
    one, again, other = (source.batch(portion([1, 2], seed, 1.0)).images for seed in (1, 1, 2))

    torch.testing.assert_close(one, again, rtol=0, atol=0)
    assert float((one - other).abs().max()) > 0.01


def test_a_step_leaves_gradients_on_the_network_and_the_centres(
    faces: Labelled, state: State
) -> None:
    figures = margin_step(state, LabelledFaces(faces).batch(portion(list(range(8)))))

    assert float(figures["loss"]) > 0
    assert 0 <= float(figures["accuracy"]) <= 1
    for module in state.modules.values():
        grads = [p.grad for p in module.parameters() if p.requires_grad]
        assert all(grad is not None for grad in grads)
        assert max(float(grad.abs().max()) for grad in grads if grad is not None) > 0


def test_wrong_labels_change_the_gradient(faces: Labelled, state: State) -> None:
    batch = LabelledFaces(faces).batch(portion(list(range(8))))
    state.net.eval()  # no statistics move between the two
    found = []
    for labels in (batch.labels, (batch.labels + 1) % len(faces.people)):
        state.net.zero_grad()
        state.modules[CENTRES].zero_grad()
        margin_step(state, LabelledBatch(batch.images, labels))
        found.append(state.modules[CENTRES].centres.grad.clone())

    assert float((found[0] - found[1]).abs().max()) > 1e-4


def test_the_check_needs_mated_and_non_mated_pairs(faces: Labelled, state: State) -> None:
    whole = held_out_check(state, faces, 18)

    assert 0 <= whole["held_out_eer"] <= 1
    assert held_out_check(state, faces.take(np.array([0, 1])), 18) == {}
    assert held_out_check(state, faces, 0) == {}
    # Shards list the first crop of everyone first; the check looks at whole people nevertheless.
    assert "held_out_eer" in held_out_check(state, faces, 6)


@pytest.mark.parametrize(
    ("mated", "non_mated", "rate"),
    [
        ([0.9, 0.8, 0.7], [0.1, 0.2, 0.3], 0.0),
        ([0.9, 0.8, 0.3, 0.7], [0.1, 0.4, 0.2, 0.0], 0.25),
        ([0.0, 0.1], [0.8, 0.9], 1.0),
    ],
)
def test_the_equal_error_rate_by_hand(mated, non_mated, rate: float) -> None:
    found = equal_error_rate(np.float32(mated), np.float32(non_mated))

    assert found == pytest.approx(rate)


def test_the_margin_of_a_recipe_is_the_published_one_unless_it_says_another() -> None:
    published = build(
        TrainRecipe(run=RECIPE.run, net=RECIPE.net, stages=RECIPE.stages), people=3
    ).modules[CENTRES]

    assert (published.margin, published.scale) == (0.5, 64.0)
    assert build(RECIPE, people=3).modules[CENTRES].margin == 0.2


def test_the_same_seed_gives_the_same_weights(tmp_path: Path) -> None:
    one, other = (build(RECIPE, people=3) for _ in range(2))

    for key, value in one.net.state_dict().items():
        torch.testing.assert_close(value, other.net.state_dict()[key], rtol=0, atol=0)
