"""The loop: it learns, resumes bit for bit, changes size, and never saves what is not finite."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from training import engine
from training.checkpoint import load_checkpoint
from training.data.batches import Batch, Position
from training.losses.distil import cosine_distance
from training.nets.genotype import CASIA
from training.nets.pocketnet import PocketNet, Shape
from training.recipe import (
    CheckpointError,
    OptimSection,
    Recipe,
    RunSection,
    Stage,
    TrainingDivergedError,
)

pytestmark = pytest.mark.train


def recipe(presentations: int, until: int = 1_000_000) -> Recipe:
    return Recipe(
        run=RunSection(
            presentations=presentations, batch=8, engine="torch", log_steps=2, check_crops=0
        ),
        optim=OptimSection(warm_up=0, ema=0.9),
        stages=(
            Stage(until=until, side=16, strength=0),
            Stage(until=2_000_000, side=24, strength=0),
        ),
    )


def small_net() -> PocketNet:
    torch.manual_seed(0)
    return PocketNet(Shape(8, 6, 16), CASIA, 16)


def batches(position: Position, count: int, stage: Stage) -> tuple[Batch, Position]:
    """Sixteen fixed pictures with fixed answers, by turns."""
    random = torch.Generator().manual_seed(position.taken % 16)
    images = torch.randn(count, 3, stage.side, stage.side, generator=random)
    targets = torch.nn.functional.normalize(torch.randn(count, 16, generator=random))
    return Batch(images, targets), Position(0, position.taken + count, 16)


def fit(
    state: engine.State, plan: Recipe, run: Path, stopped: Callable[[], bool] = lambda: False
) -> None:
    engine.fit(
        state, plan, run, batches=batches, loss=cosine_distance, check=lambda _: {}, stopped=stopped
    )


def test_the_loss_falls(tmp_path: Path) -> None:
    plan = recipe(20 * 8)

    fit(engine.new_state(small_net(), plan), plan, tmp_path)

    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    losses = [line["loss"] for line in lines if line["kind"] == "train"]
    assert losses[-1] < 0.7 * losses[0]


def test_ten_steps_equal_five_stop_resume_five(tmp_path: Path) -> None:
    whole, half = recipe(80, until=24), recipe(40, until=24)
    fit(engine.new_state(small_net(), whole), whole, tmp_path / "whole")
    fit(engine.new_state(small_net(), half), half, tmp_path / "parts")

    fit(engine.load(small_net(), whole, tmp_path / "parts"), whole, tmp_path / "parts")

    one, other = load_checkpoint(tmp_path / "whole")[1], load_checkpoint(tmp_path / "parts")[1]
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_stop_is_obeyed_and_saved(tmp_path: Path) -> None:
    plan = recipe(80)
    answers = iter([False, False, True])

    fit(engine.new_state(small_net(), plan), plan, tmp_path, stopped=lambda: next(answers))

    assert load_checkpoint(tmp_path)[0].presentations == 16


def test_the_schedule_changes_the_input_size(tmp_path: Path) -> None:
    plan = recipe(48, until=24)
    state = engine.new_state(small_net(), plan)

    fit(state, plan, tmp_path)

    assert state.net.input_side == 24
    assert load_checkpoint(tmp_path)[0].by_side == {"16": 24, "24": 24}
    assert state.net(torch.zeros(2, 3, 24, 24)).shape == (2, 16)


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_checkpoint(tmp_path: Path) -> None:
    plan = recipe(16)
    state = engine.new_state(small_net(), plan)
    fit(state, plan, tmp_path)
    more = recipe(80)

    with pytest.raises(TrainingDivergedError, match="16 presentations"):
        engine.fit(
            state,
            more,
            tmp_path,
            batches=batches,
            loss=lambda out, _: out.sum() * float("nan"),
            check=lambda _: {},
            stopped=lambda: False,
        )
    assert load_checkpoint(tmp_path)[0].presentations == 16


def test_a_weight_that_is_no_number_is_not_saved(tmp_path: Path) -> None:
    plan = recipe(16)
    state = engine.new_state(small_net(), plan)
    engine.save(state, plan, tmp_path)
    with torch.no_grad():
        state.net.stem.weight[0, 0, 0, 0] = float("inf")

    with pytest.raises(TrainingDivergedError, match=r"net\.stem\.weight"):
        engine.save(state, plan, tmp_path)
    assert torch.isfinite(load_checkpoint(tmp_path)[1]["net.stem.weight"]).all()


def test_the_average_lags_behind_the_network(tmp_path: Path) -> None:
    plan = recipe(80)
    state = engine.new_state(small_net(), plan)
    start = state.net.stem.weight.detach().clone()

    fit(state, plan, tmp_path)

    moved = (state.net.stem.weight.detach() - start).norm()
    lagging = (state.ema.tensors()["stem.weight"] - start).norm()
    assert 0 < float(lagging) < float(moved)


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    plan = recipe(16)
    engine.save(engine.new_state(small_net(), plan), plan, tmp_path)

    with pytest.raises(CheckpointError, match="another network"):
        engine.load(PocketNet(Shape(8, 6, 32), CASIA, 16), plan, tmp_path)


@pytest.mark.parametrize("spoil", ["state.json", "state.safetensors"])
def test_a_damaged_checkpoint_is_refused(spoil: str, tmp_path: Path) -> None:
    plan = recipe(16)
    engine.save(engine.new_state(small_net(), plan), plan, tmp_path)
    (tmp_path / "last" / spoil).write_bytes(b"damaged")

    with pytest.raises(CheckpointError):
        load_checkpoint(tmp_path)


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    plan = recipe(16)
    engine.save(engine.new_state(small_net(), plan), plan, tmp_path)
    path = tmp_path / "last" / "state.json"
    path.write_text(path.read_text().replace('"format":1', '"format":9'))

    with pytest.raises(CheckpointError, match="format is 9"):
        load_checkpoint(tmp_path)
