"""The command: it searches, draws, resumes bit for bit, ends by itself, and refuses in words."""

import json
from pathlib import Path

import pytest
import torch

from training.checkpoint import load_checkpoint
from training.nets.genotype import read_genotype
from training.nets.pocketnet import named_pocketnet
from training.recipe.reader import read_recipe
from training.recipe.search import SearchRecipe
from training.search.__main__ import main
from training.search.derive import derive
from training.search.space import read_alphas

pytestmark = pytest.mark.train

RECIPE = """
[run]
unit = "epochs"
length = 3
batch = 6
engine = "torch"
log_steps = 1

[supernet]
width = 2
cells = 4
embedding = 8
tail = "final"
operations = ["max_pool_3x3", "skip_connect", "dw_conv_3x3", "none"]

[alphas]
order = "first"
rate = 0.05

[goal]
objective = "labels"

[schedule]
kind = "cosine"
floor = 0.04

[[stages]]
side = 16
strength = 0.3
"""
HALF, EPOCH_STEPS = 24, 4  # of the 48 crops; 24 / 6


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "recipe.toml"
    path.write_text(RECIPE)
    return path


def search(recipe: Path, world, cache: Path, out: Path, *more: str) -> int:
    return main(
        [str(recipe), "--data", str(world.data), "--cache", str(cache), "--out", str(out), *more]
    )


@pytest.fixture(scope="module")
def run(recipe: Path, world, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "run"
    assert search(recipe, world, cache, out) == 0
    return out


def metrics(run: Path) -> list[dict[str, float]]:
    lines = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    return [line for line in lines if line["kind"] == "train"]


def test_a_search_leaves_a_cell_that_a_network_can_be_built_from(run: Path) -> None:
    genotype = read_genotype(run / "genotype.json")

    assert genotype == derive(read_alphas(run / "alphas.json"))
    net = named_pocketnet("pocketnet-s-128", genotype, 32)
    assert net(torch.zeros(2, 3, 32, 32)).shape == (2, 128)


def test_every_epoch_leaves_its_alphas_and_its_picture(run: Path) -> None:
    epochs = json.loads((run / "history.json").read_text())

    assert [epoch["epoch"] for epoch in epochs] == [1, 2, 3]
    assert len({json.dumps(epoch["alphas"]) for epoch in epochs}) == 3
    assert sorted(path.name for path in (run / "cells").iterdir()) == [
        "epoch-001.png", "epoch-002.png", "epoch-003.png",
    ]  # fmt: skip
    assert (run / "operations-normal.png").is_file()
    assert (run / "train_entropy_reduce.png").is_file()
    assert "3 epochs ended" in (run / "report.md").read_text()


def test_the_run_folder_says_what_was_done(recipe: Path, run: Path) -> None:
    facts = json.loads((run / "environment.json").read_text())

    assert (facts["crops"], facts["people"]) == (48, 16)
    assert read_recipe(run / "recipe.toml", SearchRecipe) == read_recipe(recipe, SearchRecipe)
    lines = metrics(run)
    assert len(lines) == 3 * EPOCH_STEPS
    assert lines[-1]["entropy_normal"] < lines[0]["entropy_normal"]
    assert lines[-1]["presentations"] == 3 * HALF


@pytest.mark.parametrize(
    ("order", "steps"),
    [("first", EPOCH_STEPS), ("second", 5)],
    ids=["after an epoch", "within one"],
)
def test_a_stopped_search_goes_on_bit_for_bit(
    recipe: Path, world, cache: Path, tmp_path: Path, order: str, steps: int
) -> None:
    # A shorter run stands for one that is stopped: with a constant rate, no step knows the end.
    def part(out: Path, length: int, *more: str) -> None:
        changes = ("run.unit=steps", f"run.length={length}", "schedule.kind=constant")
        options = [word for change in changes for word in ("--set", change)]
        code = search(recipe, world, cache, out, *options, "--set", f"alphas.order={order}", *more)
        assert code == 0

    part(tmp_path / "whole", 6)
    part(tmp_path / "parts", steps)
    part(tmp_path / "parts", 6, "--resume")

    first, second = (load_checkpoint(tmp_path / name)[1] for name in ("whole", "parts"))
    assert first.keys() == second.keys()
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    histories = [(tmp_path / name / "history.json").read_bytes() for name in ("whole", "parts")]
    assert histories[0] == histories[1]


def test_a_stable_cell_ends_the_search(recipe: Path, world, cache: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    still = ("--set", "alphas.rate=1e-9", "--set", "goal.stable_epochs=2")

    assert search(recipe, world, cache, out, "--set", "run.length=9", *still) == 0

    assert len(json.loads((out / "history.json").read_text())) == 2
    assert load_checkpoint(out)[0].presentations == 2 * HALF


@pytest.mark.parametrize("objective", ["embeddings", "clusters"])
def test_faces_need_no_labels(
    recipe: Path, world, cache: Path, tmp_path: Path, objective: str
) -> None:
    out = tmp_path / "run"
    code = search(
        recipe, world, cache, out, "--teacher", str(world.teacher),
        "--set", f"goal.objective={objective}", "--set", "supernet.embedding=128",
        "--set", "run.length=1", "--set", "alphas.order=first",
    )  # fmt: skip

    assert code == 0
    score = "cosine" if objective == "embeddings" else "top1"
    assert all(f"valid_{score}" in line for line in metrics(out))


def test_a_dry_run_searches_nothing(recipe: Path, world, cache: Path, tmp_path: Path) -> None:
    assert search(recipe, world, cache, tmp_path / "out", "--dry-run") == 0

    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--set", "goal.objective=embeddings"], "needs --teacher"),
        (["--set", "goal.objective=embeddings", "--teacher", "none.onnx"], "none.onnx"),
        (["--set", "alpha.rate=1"], "did you mean alphas"),
        (["--set", "run.batch=25"], "lower run.batch"),
        (["--set", "run.engine=fused"], "no multiple of 16"),
        (["--set", "stages.0.side=20"], "multiple of 8"),
        (["--resume"], "checkpoint"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    recipe: Path, world, cache: Path, tmp_path: Path, caplog, more: list[str], sentence: str
) -> None:
    assert search(recipe, world, cache, tmp_path / "out", *more) == 2

    assert sentence in caplog.text
    assert "Traceback" not in caplog.text


def test_another_set_of_operations_cannot_be_resumed(
    recipe: Path, world, cache: Path, run: Path, caplog
) -> None:
    other = 'supernet.operations=["skip_connect", "dw_conv_3x3", "none"]'

    assert search(recipe, world, cache, run, "--resume", "--set", other) == 2
    assert "another network" in caplog.text
