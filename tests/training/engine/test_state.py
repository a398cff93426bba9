"""States: saved whole, resumed strictly, of any input size."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from core.errors import UsageError
from training.checkpoint import load_checkpoint
from training.engine.state import State, change_side, new_state, resume_state, save
from training.errors import CheckpointError
from training.nets.genotype import CASIA
from training.nets.pocketnet import PocketNet, Shape
from training.recipe.distil import DistilRecipe
from training.recipe.sections import OptimSection, RunSection, Stage

PLAN = DistilRecipe(run=RunSection(length=9), optim=OptimSection(ema=0.9), stages=(Stage(side=16),))


class Counter:
    """Something of the step's own that must survive."""

    def __init__(self) -> None:
        self.value = torch.zeros(1)

    def tensors(self) -> dict[str, Tensor]:
        return {"value": self.value}

    def load(self, saved: dict[str, Tensor]) -> None:
        self.value.copy_(saved["value"])


def fresh(embedding: int = 16, kind: str = "distil", **extras: Counter) -> State:
    torch.manual_seed(0)
    modules: dict[str, nn.Module] = {
        "net": PocketNet(Shape(8, 4, embedding), CASIA, 16),
        "adapters": nn.ModuleList([nn.Conv2d(4, 2, 1)]),
    }
    return new_state(modules, PLAN, kind, extras=extras)


def test_everything_comes_back_even_at_another_size(tmp_path: Path) -> None:
    counter = Counter()
    counter.value += 5
    state = fresh(counter=counter)
    change_side(state, 32)
    with torch.no_grad():
        state.modules["adapters"].get_parameter("0.weight").fill_(3)
    state.step, state.presentations, state.by_side, state.genotype = 2, 7, {"32": 7}, "{}"
    save(state, PLAN, tmp_path)

    again = fresh(counter=Counter())
    resume_state(again, tmp_path)

    assert (again.step, again.presentations, again.by_side, again.side) == (2, 7, {"32": 7}, 32)
    assert float(again.modules["adapters"].get_parameter("0.weight").detach().mean()) == 3
    assert float(again.extras["counter"].tensors()["value"]) == 5
    assert load_checkpoint(tmp_path)[0].genotype == "{}"


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (lambda: fresh(embedding=32), "another network"),
        (lambda: fresh(kind="train"), "of a distil run, not of a train run"),
        (lambda: fresh(counter=Counter()), "another network or optimiser"),
    ],
)
def test_a_checkpoint_of_something_else_is_refused(other, reason: str, tmp_path: Path) -> None:
    save(fresh(), PLAN, tmp_path)

    with pytest.raises(CheckpointError, match=reason):
        resume_state(other(), tmp_path)


def test_a_size_the_network_cannot_take_is_told() -> None:
    with pytest.raises(UsageError, match="multiple of 8"):
        change_side(fresh(), 20)


def test_a_network_of_one_size_is_told() -> None:
    net = nn.Conv2d(3, 4, 1)
    net.input_side = 16  # type: ignore[assignment]

    with pytest.raises(UsageError, match="takes 16 px only"):
        change_side(new_state({"net": net}, PLAN, "distil"), 24)
