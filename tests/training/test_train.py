"""The command: it learns, keeps epochs, resumes exactly, and two processes equal one."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from training.checkpoint import load_checkpoint
from training.nets.genotype import CIFAR, genotype_json
from training.recipe.reader import read_recipe
from training.recipe.train import TrainRecipe
from training.saved_net import saved_net
from training.synth import write_shard
from training.train import main

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "training" / "recipes"

RECIPE = """
[run]
unit = "epochs"
length = 4
batch = 6
engine = "torch"
log_steps = 1
keep_every = 2

[net]
architecture = "pocketnet-8x4-16"

[head]
kind = "cosface"
scale = 16.0
margin = 0.1

[optim]
kind = "sgd"
rate = 0.05
momentum = 0.9
weight_decay = 5e-4
clip = 5.0

[schedule]
kind = "drops"
drops = [3]

[[stages]]
side = 16
strength = 0.3
"""


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faces") / "data"
    write_shard(folder, "synth-00", range(4), 6)
    return folder


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE)
    return path


def train(recipe: Path, faces: Path, out: Path, *more: str) -> int:
    cache = faces.parent / "cache"
    return main(
        [str(recipe), "--data", str(faces), "--cache", str(cache), "--out", str(out), *more]
    )


def losses(run: Path) -> list[float]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [line["loss"] for line in lines if line["kind"] == "train"]


def same(one: Path, other: Path, *, tolerance: float = 0.0) -> None:
    first, second = load_checkpoint(one)[1], load_checkpoint(other)[1]
    assert first.keys() == second.keys()
    for key, value in first.items():
        torch.testing.assert_close(
            value, second[key], rtol=tolerance, atol=tolerance, msg=lambda text, key=key: key + text
        )


@pytest.mark.train
def test_it_learns_who_is_who(recipe: Path, faces: Path, tmp_path: Path) -> None:
    assert train(recipe, faces, tmp_path / "run", "--set", "run.length=12") == 0

    found = losses(tmp_path / "run")
    assert sum(found[-4:]) < 0.6 * sum(found[:4])


@pytest.mark.train
def test_the_run_folder_says_what_was_done(recipe: Path, faces: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(recipe, faces, run)

    facts = json.loads((run / "environment.json").read_text())
    assert (facts["crops"], facts["people"]) == (24, 4)
    assert len(facts["data_sha256"]) == 64
    assert read_recipe(run / "recipe.toml", TrainRecipe) == read_recipe(recipe, TrainRecipe)
    assert "cosface, 4 people" in (run / "report.md").read_text()
    assert (run / "train_accuracy.png").is_file()


@pytest.mark.train
def test_kept_epochs_are_networks_of_their_own(recipe: Path, faces: Path, tmp_path: Path) -> None:
    train(recipe, faces, tmp_path / "run")

    kept = sorted(path.name for path in (tmp_path / "run" / "kept").iterdir())
    half, progress = saved_net(tmp_path / "run" / "kept" / "0001")
    last, _ = saved_net(tmp_path / "run" / "kept" / "0002")
    assert kept == ["0001", "0002"]
    assert progress.presentations == 48
    assert not torch.equal(half.tail.spatial.weight, last.tail.spatial.weight)


@pytest.mark.train
def test_a_stopped_run_goes_on_bit_for_bit(recipe: Path, faces: Path, tmp_path: Path) -> None:
    train(recipe, faces, tmp_path / "whole")
    train(recipe, faces, tmp_path / "parts", "--set", "run.length=1.5")
    train(recipe, faces, tmp_path / "parts", "--resume")

    same(tmp_path / "whole", tmp_path / "parts")


@pytest.mark.train
def test_two_processes_equal_one(recipe: Path, faces: Path, tmp_path: Path) -> None:
    # BatchNorm sees each process's pictures alone, as it sees each of one process's two batches.
    one = ("--set", "run.batch=3", "--set", "run.accumulate=2", "--set", "run.length=2")
    two = ("--set", "run.batch=3", "--set", "run.accumulate=1", "--set", "run.length=2")
    assert train(recipe, faces, tmp_path / "one", *one) == 0

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    cache = faces.parent / "cache"
    command = [sys.executable, "-m", "training.train", str(recipe), "--data", str(faces)]
    command += ["--cache", str(cache), "--out", str(tmp_path / "two"), *two]
    processes = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            stderr=subprocess.PIPE,
            env={
                **os.environ,
                "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": port,
                "WORLD_SIZE": "2",
                "RANK": str(rank),
                "LOCAL_RANK": str(rank),
            },
        )
        for rank in range(2)
    ]
    said = [process.communicate(timeout=120)[1].decode() for process in processes]

    assert [process.returncode for process in processes] == [0, 0], said
    first, second = (load_checkpoint(tmp_path / name)[1] for name in ("one", "two"))
    for key in first:
        if "running" not in key and "num_batches" not in key:
            torch.testing.assert_close(first[key], second[key], rtol=1e-3, atol=1e-5)
    facts = json.loads((tmp_path / "two" / "environment.json").read_text())
    assert facts["crops"] == 24


@pytest.mark.train
def test_a_searched_cell_is_trained_and_remembered(
    recipe: Path, faces: Path, tmp_path: Path
) -> None:
    cell = tmp_path / "cell.json"
    cell.write_bytes(genotype_json(CIFAR))
    train(recipe, faces, tmp_path / "run", "--genotype", str(cell), "--set", "run.length=1")
    cell.unlink()

    net, _ = saved_net(tmp_path / "run")

    assert net.genotype == CIFAR


def test_a_dry_run_writes_no_run(recipe: Path, faces: Path, tmp_path: Path, caplog) -> None:
    caplog.set_level("INFO")

    assert train(recipe, faces, tmp_path / "run", "--dry-run") == 0

    command = [str(recipe), "--data", str(faces), "--out", str(tmp_path / "run")]
    assert main([*command, "--dry-run"]) == 0  # nor a cache that nobody named
    assert not (tmp_path / "run").exists()
    assert caplog.text.count("24 crops of 4 people") == 2


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (["--set", "head.kind=arcfase"], "arcfase"),
        (["--set", "head.margins=1"], "head.margin"),
        (["--set", "run.batch=100"], "24 pictures"),
        (["--set", "data.fewest_crops=9"], "0 usable crops"),
        (["--set", "data.held_out_share=0.99"], "remain to train on"),
        (["--set", "net.architecture=resnet"], "iresnet-18-D"),
        (["--genotype", "none.json"], "none.json"),
        (["--resume"], "there is none"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    more: list[str], reason: str, recipe: Path, faces: Path, tmp_path: Path, caplog
) -> None:
    assert train(recipe, faces, tmp_path / "run", *more) == 2

    assert reason in caplog.text
    assert "Traceback" not in caplog.text
    assert not (tmp_path / "run" / "metrics.jsonl").exists()


@pytest.mark.parametrize("path", sorted(RECIPES.glob("train-*.toml")), ids=lambda p: p.stem)
def test_every_shipped_recipe_is_valid(path: Path) -> None:
    recipe = read_recipe(path, TrainRecipe)

    assert recipe.run.length > 0


def test_the_published_recipe_says_what_was_published() -> None:
    recipe = read_recipe(RECIPES / "train-pocketnet-s-128.toml", TrainRecipe)

    assert recipe.run.batch * recipe.run.accumulate == 512
    assert (recipe.run.unit, recipe.run.length) == ("epochs", 26)
    assert recipe.schedule.drops == (7, 13, 19, 24)
    optim = recipe.optim
    assert (optim.kind, optim.rate, optim.momentum, optim.nesterov) == ("sgd", 0.1, 0.9, False)
    assert (optim.weight_decay, optim.decay_all, optim.clip) == (5e-4, True, 5.0)
    assert (recipe.head.kind, recipe.head.margin, recipe.head.scale) == ("arcface", None, 64.0)
    assert recipe.stages[0].strength == 0
