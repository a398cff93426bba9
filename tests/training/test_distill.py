"""The command: it teaches by every way there is, goes on exactly, and refuses in sentences."""

import json
from pathlib import Path

import pytest
import torch

from training.answers import main as answer
from training.checkpoint import load_checkpoint
from training.compact import write_compact
from training.distill import main
from training.engine_cpu import available

pytestmark = pytest.mark.train

RECIPE = """
[run]
length = 16
batch = 4
engine = "torch"
log_steps = 1

[net]
architecture = "pocketnet-8x4-128"

[data]
held_out_share = 0.3
check_crops = 4

[[stages]]
until = 8
side = 16
strength = 0.3

[[stages]]
side = 24
"""
HINT = """
[[hints]]
student = "cells.3"
teacher = "active"
components = 4
"""
MIXED = """
[answers]
view = "same"
centre = true

[mixup]
share = 0.5

[loss]
margin = 0.1
similarity = 1
angles = 1
distances = 1
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "recipe.toml"
    path.write_text(RECIPE)
    return path


def arguments(world, cache: Path, recipe: Path, out: Path, *more: str) -> list[str]:
    return [
        str(recipe), "--data", str(world.data), "--teacher", str(world.teacher),
        "--cache", str(cache), "--out", str(out), *more,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def run(world, cache: Path, recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "run"
    kept = ["--set", "run.keep_every=8"]
    assert main(arguments(world, cache, recipe, out, *kept)) == 0
    return out


def lines(run: Path, kind: str = "train") -> list[dict[str, float]]:
    found = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    return [line for line in found if line["kind"] == kind]


def test_a_run_leaves_its_recipe_its_facts_its_figures_and_a_report(run: Path) -> None:
    assert [line["presentations"] for line in lines(run)] == [4, 8, 12, 16]
    assert -1 <= lines(run, "end")[0]["held_out_cosine"] <= 1
    assert "length = 16" in (run / "recipe.toml").read_text()
    assert json.loads((run / "environment.json").read_text())["crops"] == 48
    assert "| train_cosine |" in (run / "report.md").read_text()
    assert (run / "train_loss.png").read_bytes().startswith(b"\x89PNG")
    assert list(run.glob("events.out.tfevents.*"))


def test_a_branch_leaves_its_origin_alone_and_its_rate_falls(
    world, cache: Path, recipe: Path, run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "branch"

    assert main(arguments(world, cache, recipe, out, "--branch", str(run), "--anneal", "8")) == 0

    assert load_checkpoint(out)[0].presentations == 24
    assert load_checkpoint(run)[0].presentations == 16
    assert [line["rate"] for line in lines(out)] == [1.0, 0.5]


def test_a_small_file_is_enough_to_start_from(
    world, cache: Path, recipe: Path, run: Path, tmp_path: Path
) -> None:
    write_compact(run, tmp_path / "small.safetensors")
    more = ["--weights", str(tmp_path / "small.safetensors"), "--set", "run.length=20"]

    assert main(arguments(world, cache, recipe, tmp_path / "out", *more)) == 0

    assert load_checkpoint(tmp_path / "out")[0].presentations == 20


def test_a_dry_run_trains_nothing(world, cache: Path, recipe: Path, tmp_path: Path) -> None:
    assert main(arguments(world, cache, recipe, tmp_path / "out", "--dry-run")) == 0

    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("extra", [HINT, MIXED, MIXED + HINT])
def test_hints_and_mixtures_go_on_bit_for_bit(
    extra: str, world, cache: Path, tmp_path: Path
) -> None:
    answer(
        [
            "--data", str(world.data), "--teacher", str(world.teacher), "--cache", str(cache),
            "--maps", "active:4",
        ]
    )  # fmt: skip
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE + extra)
    whole, parts = tmp_path / "whole", tmp_path / "parts"

    assert main(arguments(world, cache, path, whole)) == 0
    assert main(arguments(world, cache, path, parts, "--max-minutes", "0.00001")) == 0
    stopped = load_checkpoint(parts)[0].presentations
    assert main(arguments(world, cache, path, parts, "--resume")) == 0

    assert stopped < 16
    one, other = load_checkpoint(whole)[1], load_checkpoint(parts)[1]
    assert [name for name in one if not torch.equal(one[name], other[name])] == []
    terms = {"hint_0"} if extra == HINT else {"margin", "similarity", "angles", "distances"}
    assert all(terms <= line.keys() for line in lines(whole))


@pytest.mark.slow
def test_the_fused_kernels_teach_the_same(world, cache: Path, tmp_path: Path) -> None:
    reason = available()
    if reason is not None:
        pytest.skip(f"the fused kernels cannot be used here: {reason}")
    answer(
        [
            "--data", str(world.data), "--teacher", str(world.teacher), "--cache", str(cache),
            "--maps", "active:4",
        ]
    )  # fmt: skip
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE + HINT)
    wide = ["--set", "net.architecture=pocketnet-16x4-128", "--set", "run.precision=fp32"]

    for engine in ("torch", "fused"):
        more = [*wide, "--set", f"run.engine={engine}"]
        assert main(arguments(world, cache, path, tmp_path / engine, *more)) == 0

    for one, other in zip(lines(tmp_path / "torch"), lines(tmp_path / "fused"), strict=True):
        assert one["loss"] == pytest.approx(other["loss"], rel=2e-3)
        assert one["hint_0"] == pytest.approx(other["hint_0"], rel=2e-3)


def test_a_student_follows_the_checkpoints_that_a_run_kept(
    world, cache: Path, recipe: Path, run: Path, tmp_path: Path
) -> None:
    more = ["--set", "answers.view=same", "--set", f"follow={run}"]

    assert main(arguments(world, cache, recipe, tmp_path / "out", *more)) == 0

    report = (tmp_path / "out" / "report.md").read_text()
    assert "kept/0001" in report
    assert "kept/0002" in report


def test_views_that_repeat_are_asked_about_once(
    world, cache: Path, recipe: Path, tmp_path: Path
) -> None:
    more = ["--set", "answers.view=same", "--set", "answers.repeats=1", "--set", "run.length=48"]
    shared = tmp_path / "cache"

    assert main(arguments(world, shared, recipe, tmp_path / "one", *more)) == 0
    stored = {path.name: path.read_bytes() for path in shared.glob("views.*.npy")}
    assert main(arguments(world, shared, recipe, tmp_path / "two", *more)) == 0

    assert stored
    assert {path.name: path.read_bytes() for path in shared.glob("views.*.npy")} == stored
    assert [line["loss"] for line in lines(tmp_path / "one")] == [
        line["loss"] for line in lines(tmp_path / "two")
    ]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("run.bach=2", "did you mean run.batch"),
        ("loss.cosine=0", "teach nothing"),
        ("mixup.share=0.5", 'answers.view is "same"'),
        ("net.architecture=pocketnet-8x4-64", "128 numbers, the student with 64"),
        ("answers.view=mean", "run training.answers"),
        ("run.batch=64", "lower run.batch"),
        ("follow=nowhere", "keeps no checkpoints to follow"),
        ('teachers=[{until=4}, {model="gone.onnx"}]', "neither an ONNX file nor a checkpoint"),
        ("teachers=[{until=8}, {until=12}]", "the last teacher stops at 12"),
        ("teachers=[{until=99}, {rank=8}]", "1 of 2 teachers would begin after the run's end"),
        ("teachers=[{rank=500}]", "have no 500 axes"),
        ('hints=[{student="cells.9", teacher="active"}]', "near names are cells"),
        ('hints=[{student="cells.3", teacher="activ"}]', "near names are active"),
        ('hints=[{student="cells.3", teacher="conv", components=3}]', "--maps conv:3"),
    ],
)
def test_what_cannot_work_is_told_before_the_first_step(
    change: str, sentence: str, world, recipe: Path, tmp_path: Path, cache: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    part = cache if change != "answers.view=mean" else tmp_path / "cache"
    if part != cache:
        answer(["--data", str(world.data), "--teacher", str(world.teacher), "--cache", str(part)])
    code = main(arguments(world, part, recipe, tmp_path / "out", "--set", change))

    assert code == 2
    assert sentence in caplog.text
    assert not (tmp_path / "out").exists()
