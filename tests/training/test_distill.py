"""The whole way on synthetic faces: distil, resume, branch, measure, export."""

import json
from pathlib import Path

import pytest

from core.vision.packs import read_pack
from training.checkpoint import load_checkpoint
from training.compact import write_compact
from training.distill import main
from training.evaluate import main as evaluate
from training.export.__main__ import main as export

pytestmark = pytest.mark.train

RECIPE = """
[run]
presentations = 16
batch = 4
engine = "torch"
log_steps = 1
check_crops = 4

[data]
held_out_share = 0.3

[optim]
warm_up = 0

[[stages]]
until = 16
side = 16
strength = 0.3
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
    assert main(arguments(world, cache, recipe, out)) == 0
    return out


def test_a_run_leaves_its_recipe_its_facts_and_its_figures(run: Path) -> None:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]

    assert [line["presentations"] for line in lines if line["kind"] == "train"] == [4, 8, 12, 16]
    assert -1 <= lines[-1]["held_out_cosine"] <= 1
    assert "presentations = 16" in (run / "recipe.toml").read_text()
    assert json.loads((run / "environment.json").read_text())["crops"] == 48


def test_a_branch_leaves_its_origin_alone_and_ends_at_rate_zero(
    world, cache: Path, recipe: Path, run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "branch"

    assert main(arguments(world, cache, recipe, out, "--branch", str(run), "--anneal", "8")) == 0

    assert load_checkpoint(out)[0].presentations == 24
    assert load_checkpoint(run)[0].presentations == 16
    shares = [
        line["share"]
        for line in map(json.loads, (out / "metrics.jsonl").read_text().splitlines())
        if line["kind"] == "train"
    ]
    assert shares == [0.5, 0.0]


def test_a_small_file_is_enough_to_start_from(
    world, cache: Path, recipe: Path, run: Path, tmp_path: Path
) -> None:
    write_compact(run, tmp_path / "small.safetensors")
    more = ["--weights", str(tmp_path / "small.safetensors"), "--set", "run.presentations=20"]

    assert main(arguments(world, cache, recipe, tmp_path / "out", *more)) == 0

    assert load_checkpoint(tmp_path / "out")[0].presentations == 20


def test_a_dry_run_trains_nothing(world, cache: Path, recipe: Path, tmp_path: Path) -> None:
    assert main(arguments(world, cache, recipe, tmp_path / "out", "--dry-run")) == 0

    assert not (tmp_path / "out").exists()


def test_a_wrong_key_is_told_in_a_sentence(
    world, cache: Path, recipe: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    code = main(arguments(world, cache, recipe, tmp_path / "out", "--set", "run.bach=2"))

    assert code == 2
    assert "did you mean run.batch" in caplog.text


def test_a_run_is_measured_and_becomes_a_pack(
    world, cache: Path, run: Path, tmp_path: Path
) -> None:
    pairs = f"synth={world.pairs}"
    pack = tmp_path / "small-pack"

    measured = evaluate([str(run), "--sets", pairs, "--fmr", "0.2", "--out", str(tmp_path / "m")])
    exported = export(
        [
            str(run), "--out", str(pack), "--data", str(world.data), "--cache", str(cache),
            "--teacher", str(run), "--sets", pairs, "--mated", "synth",
        ]
    )  # fmt: skip

    assert (measured, exported) == (0, 0)
    figures = json.loads((tmp_path / "m" / "metrics.json").read_text())["run"][0]
    assert 0 <= figures["accuracy_low"] <= figures["accuracy_high"] <= 1
    opened = read_pack(pack, built_in=False)
    assert opened.read_model()
    assert opened.card.training is not None
    assert opened.card.training.presentations == 16
    assert "16 at 16 px" in opened.read_text("MODEL_CARD.md")


def test_what_is_no_network_is_refused(
    world, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    code = evaluate([str(world.teacher), "--sets", f"synth={world.pairs}"])

    assert code == 2
    assert "without a card" in caplog.text
