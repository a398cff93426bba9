"""Two processes are one: the same weights as one process with twice the passes."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from core.errors import UsageError
from training.checkpoint import load_checkpoint
from training.distributed import ALONE, join_group

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from pathlib import Path

import numpy as np
import torch

from training.device import prepare
from training.distributed import join_group
from training.engine.loop import fit
from training.engine.state import new_state
from training.losses.distil import cosine_distance
from training.nets.genotype import CASIA
from training.nets.pocketnet import PocketNet, Shape
from training.recipe.distil import DistilRecipe
from training.recipe.sections import OptimSection, RunSection, Stage

out, accumulate, stop_after = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(1)
group = join_group("gloo")
run = RunSection(length=6, unit="steps", batch=4, accumulate=accumulate, engine="torch")
plan = DistilRecipe(
    run=run, optim=OptimSection(kind="sgd", rate=0.05, clip=1.0, ema=0.9), stages=(Stage(side=16),)
)
prepare(run)
state = new_state({"net": PocketNet(Shape(8, 4, 16), CASIA, 16)}, plan, "distil")


class Noise:
    count = 24

    def batch(self, portion):
        random = np.random.default_rng(portion.seed)
        images = random.standard_normal((len(portion.indices), 3, 16, 16)).astype(np.float32)
        answers = random.standard_normal((len(portion.indices), 16)).astype(np.float32)
        return torch.from_numpy(images), torch.from_numpy(answers)


def step(state, batch):
    images, answers = batch
    value = state.engine.embed_and_backward(images, lambda out: cosine_distance(out, answers))
    return {"loss": value}


def stopped():
    # Only the second process is asked to stop; both must.
    return state.step >= stop_after and group.rank == group.size - 1


fit(state, plan, out, step=step, source=Noise(), stopped=stopped, group=group)
group.close()
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def start(tmp_path: Path, out: str, accumulate: int, processes: int, stop: int = 99) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    running = [
        subprocess.Popen(
            [sys.executable, str(program), str(tmp_path / out), str(accumulate), str(stop)],
            env=os.environ
            | shared
            | {
                "RANK": str(rank),
                "LOCAL_RANK": str(rank),
                "WORLD_SIZE": str(processes),
                "PYTHONPATH": str(ROOT),
                "OMP_NUM_THREADS": "1",
            },
        )
        for rank in range(processes)
    ]
    assert [process.wait(timeout=300) for process in running] == [0] * processes


@pytest.mark.train
@pytest.mark.slow
def test_two_processes_equal_one_with_twice_the_passes(tmp_path: Path) -> None:
    start(tmp_path, "one", accumulate=2, processes=1)
    start(tmp_path, "two", accumulate=1, processes=2)

    (facts, one), (others, two) = (load_checkpoint(tmp_path / name) for name in ("one", "two"))
    assert facts.presentations == others.presentations == 48
    assert one.keys() == two.keys()
    # Running statistics are left out: one process follows both halves of a batch in turn, two
    # follow one half each and save their mean.
    statistics = ("running_mean", "running_var", "num_batches_tracked")
    learnt = [name for name in one if name.startswith("net.") and not name.endswith(statistics)]
    for name in learnt:
        torch.testing.assert_close(one[name], two[name], rtol=1e-4, atol=1e-5)
    start_of_all = torch.tensor(0.25)
    assert any(not torch.allclose(two[name], start_of_all) for name in learnt if "slope" in name)


@pytest.mark.train
@pytest.mark.slow
def test_a_stop_that_one_process_sees_stops_all_at_one_step(tmp_path: Path) -> None:
    start(tmp_path, "two", accumulate=1, processes=2, stop=2)

    assert load_checkpoint(tmp_path / "two")[0].step == 2


def test_one_process_alone_needs_nobody() -> None:
    tensor = torch.ones(2)

    group = join_group("gloo", {})
    group.mean_([tensor])

    assert group == ALONE
    assert group.writes
    assert group.any(True, False, device=torch.device("cpu")) == (True, False)
    assert torch.equal(tensor, torch.ones(2))


def test_a_group_that_cannot_be_joined_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(UsageError, match="cannot be joined"):
        join_group("gloo", {"WORLD_SIZE": "2"})
