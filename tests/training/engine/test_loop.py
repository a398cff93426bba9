"""The loop: it learns, resumes bit for bit, changes size, and never saves what is not finite."""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
import torch
from torch import Tensor, nn

from training.checkpoint import load_checkpoint
from training.engine.loop import fit
from training.engine.state import State, new_state, resume_state
from training.errors import TrainingDivergedError
from training.losses.distil import cosine_distance
from training.nets.genotype import CASIA
from training.nets.pocketnet import PocketNet, Shape
from training.order import Portion
from training.recipe.distil import DistilRecipe
from training.recipe.sections import OptimSection, RunSection, ScheduleSection, Stage

pytestmark = pytest.mark.train


def recipe(length: int, *, until: int = 1_000_000, **changes: object) -> DistilRecipe:
    parts: dict[str, object] = {
        "run": RunSection(length=length, batch=8, engine="torch", log_steps=2),
        "optim": OptimSection(ema=0.9),
        "stages": (Stage(until=until, side=16), Stage(side=24)),
    }
    return DistilRecipe(**(parts | changes))  # type: ignore[arg-type]


@dataclass
class Pictures:
    """Pictures of noise with answers; every portion draws its own, so that order matters."""

    count: int = 32

    def batch(self, portion: Portion) -> tuple[Tensor, Tensor]:
        random = torch.Generator().manual_seed(int(portion.indices[0]))
        side = portion.stage.side
        images = torch.randn(len(portion.indices), 3, side, side, generator=random)
        return images, torch.randn(len(images), 16, generator=random)


def step(state: State, batch: tuple[Tensor, Tensor]) -> dict[str, float | Tensor]:
    images, targets = batch
    noisy = images + 0.1 * torch.randn_like(images)  # what a step draws must repeat too
    return {
        "loss": state.engine.embed_and_backward(noisy, lambda out: cosine_distance(out, targets))
    }


def fresh(plan: DistilRecipe) -> State:
    torch.manual_seed(0)
    return new_state({"net": PocketNet(Shape(8, 4, 16), CASIA, 16)}, plan, "distil")


def train(
    state: State, plan: DistilRecipe, run: Path, stopped: Callable[[], bool] = lambda: False
) -> None:
    fit(state, plan, run, step=step, source=Pictures(), stopped=stopped)


def lines(run: Path) -> list[dict[str, float | str]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def after(steps: int) -> Callable[[], bool]:
    counter = itertools.count()
    return lambda: next(counter) >= steps


def test_the_loss_falls(tmp_path: Path) -> None:
    plan = recipe(24 * 8)
    pictures = Pictures(count=8)

    fit(fresh(plan), plan, tmp_path, step=step, source=pictures)

    losses = [float(line["loss"]) for line in lines(tmp_path) if line["kind"] == "train"]
    assert losses[-1] < 0.7 * losses[0]


@pytest.mark.parametrize("kind", ["muon", "adamw", "sgd"])
@pytest.mark.parametrize("stop_at", [1, 4])
def test_a_run_stopped_at_any_step_goes_on_bit_for_bit(
    kind: str, stop_at: int, tmp_path: Path
) -> None:
    plan = recipe(
        48,
        until=16,
        optim=OptimSection(kind=kind, rate=0.01, ema=0.9, clip=1.0),  # type: ignore[arg-type]
        schedule=ScheduleSection(kind="cosine", warm_up=16),
    )
    train(fresh(plan), plan, tmp_path / "whole")
    train(fresh(plan), plan, tmp_path / "parts", stopped=after(stop_at))
    assert load_checkpoint(tmp_path / "parts")[0].presentations == 8 * stop_at

    state = fresh(plan)
    resume_state(state, tmp_path / "parts")
    train(state, plan, tmp_path / "parts")

    one, other = load_checkpoint(tmp_path / "whole")[1], load_checkpoint(tmp_path / "parts")[1]
    assert one.keys() == other.keys()
    assert [name for name in one if not torch.equal(one[name], other[name])] == []


def test_a_run_that_dies_goes_on_from_its_last_checkpoint_bit_for_bit(tmp_path: Path) -> None:
    run = RunSection(length=48, batch=8, engine="torch", log_steps=1, checkpoint_s=1e-9)
    plan = recipe(48, run=run)

    def dying(state: State, batch: tuple[Tensor, Tensor]) -> dict[str, float | Tensor]:
        if state.step == 5:
            raise MemoryError
        return step(state, batch)

    train(fresh(plan), plan, tmp_path / "whole")
    with pytest.raises(MemoryError):
        fit(fresh(plan), plan, tmp_path / "parts", step=dying, source=Pictures())
    state = fresh(plan)
    resume_state(state, tmp_path / "parts")
    assert state.step == 5
    train(state, plan, tmp_path / "parts")

    one, other = load_checkpoint(tmp_path / "whole")[1], load_checkpoint(tmp_path / "parts")[1]
    assert [name for name in one if not torch.equal(one[name], other[name])] == []
    shown = [line["presentations"] for line in lines(tmp_path / "parts") if line["kind"] == "train"]
    assert shown == [8, 16, 24, 32, 40, 48]


def test_batches_prepared_by_threads_are_the_same(tmp_path: Path) -> None:
    plan = recipe(40)
    ahead = msgspec.structs.replace(plan, run=msgspec.structs.replace(plan.run, workers=3))

    train(fresh(plan), plan, tmp_path / "between")
    train(fresh(ahead), ahead, tmp_path / "ahead")

    one, other = load_checkpoint(tmp_path / "between")[1], load_checkpoint(tmp_path / "ahead")[1]
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_every_epoch_shows_every_picture_once_in_another_order(tmp_path: Path) -> None:
    plan = recipe(2, run=RunSection(length=2, unit="epochs", batch=8, engine="torch"))
    seen: list[int] = []

    @dataclass
    class Watched(Pictures):
        def batch(self, portion: Portion) -> tuple[Tensor, Tensor]:
            seen.extend(portion.indices.tolist())
            return super().batch(portion)

    fit(fresh(plan), plan, tmp_path, step=step, source=Watched())

    assert sorted(seen[:32]) == sorted(seen[32:]) == list(range(32))
    assert seen[:32] != seen[32:]


def test_the_schedule_changes_the_input_size(tmp_path: Path) -> None:
    plan = recipe(48, until=24)
    state = fresh(plan)

    train(state, plan, tmp_path)

    assert state.side == 24
    assert load_checkpoint(tmp_path)[0].by_side == {"16": 24, "24": 24}
    assert state.net.eval()(torch.zeros(2, 3, 24, 24)).shape == (2, 16)


def test_two_passes_make_one_update_of_their_mean(tmp_path: Path) -> None:
    seen: list[Tensor] = []

    def sum_of_weights(state: State, batch: tuple[Tensor, Tensor]) -> dict[str, float | Tensor]:
        weight = next(state.net.parameters())
        factor = float(len(seen) + 1)
        (weight.sum() * factor).backward()
        seen.append(weight)
        return {"loss": factor}

    run = RunSection(length=1, unit="steps", batch=8, accumulate=2, engine="torch", log_steps=1)
    optim = OptimSection(kind="sgd", rate=0.1, momentum=0, weight_decay=0)
    plan = recipe(1, run=run, optim=optim)
    state = fresh(plan)
    before = next(state.net.parameters()).detach().clone()

    fit(state, plan, tmp_path, step=sum_of_weights, source=Pictures())

    assert (state.step, state.presentations) == (1, 16)
    torch.testing.assert_close(before - next(state.net.parameters()), torch.full_like(before, 0.15))
    assert lines(tmp_path)[0]["loss"] == 1.5


def test_a_long_gradient_is_clipped_to_its_length(tmp_path: Path) -> None:
    optim = OptimSection(kind="sgd", rate=1.0, momentum=0, weight_decay=0, clip=0.5)
    plan = recipe(8, optim=optim)
    state = fresh(plan)
    before = [parameter.detach().clone() for parameter in state.net.parameters()]

    train(state, plan, tmp_path)

    moved = torch.cat(
        [(a - b).flatten() for a, b in zip(before, state.net.parameters(), strict=True)]
    )
    assert float(moved.detach().norm()) == pytest.approx(0.5, rel=1e-4)


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_checkpoint(tmp_path: Path) -> None:
    plan = recipe(16)
    state = fresh(plan)
    train(state, plan, tmp_path)

    def broken(state: State, batch: tuple[Tensor, Tensor]) -> dict[str, float | Tensor]:
        return {"loss": float("nan")}

    with pytest.raises(TrainingDivergedError, match="16 presentations"):
        fit(state, recipe(80), tmp_path, step=broken, source=Pictures())
    assert load_checkpoint(tmp_path)[0].presentations == 16


def test_checkpoints_are_kept_for_a_student_to_follow(tmp_path: Path) -> None:
    run = RunSection(length=2, unit="epochs", batch=8, engine="torch", keep_every=1)
    plan = recipe(2, run=run)

    train(fresh(plan), plan, tmp_path)

    one, two = (load_checkpoint(tmp_path / "kept" / name) for name in ("0001", "0002"))
    assert (one[0].presentations, two[0].presentations) == (32, 64)
    assert set(one[1]) == {name for name in load_checkpoint(tmp_path)[1] if name.startswith("net.")}


def test_the_average_lags_behind_the_network(tmp_path: Path) -> None:
    plan = recipe(80)
    state = fresh(plan)
    start = state.net.get_parameter("stem.weight").detach().clone()

    train(state, plan, tmp_path)

    moved = (state.net.get_parameter("stem.weight").detach() - start).norm()
    assert state.ema is not None
    lagging = (state.ema.tensors()["stem.weight"] - start).norm()
    assert 0 < float(lagging) < float(moved)


def test_modules_apart_are_saved_and_left_to_the_step(tmp_path: Path) -> None:
    plan = recipe(16)
    torch.manual_seed(0)
    modules = {"net": PocketNet(Shape(8, 4, 16), CASIA, 16), "alphas": nn.Linear(2, 2)}
    state = new_state(modules, plan, "search", apart=("alphas",))
    before = state.modules["alphas"].state_dict()["weight"].clone()

    train(state, plan, tmp_path)

    assert torch.equal(load_checkpoint(tmp_path)[1]["alphas.weight"], before)
