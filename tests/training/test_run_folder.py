"""The folder of a run says what it was made with and what came of it."""

import json
from pathlib import Path

import pytest

from training.errors import CheckpointError, DataError
from training.recipe.distil import DistilRecipe
from training.recipe.reader import read_recipe
from training.recipe.sections import RunSection, Stage
from training.run_folder import (
    device_words,
    finish_run,
    open_run,
    read_environment,
    read_metrics,
)

RECIPE = DistilRecipe(run=RunSection(length=8), stages=(Stage(side=48),))
LINES = [
    {"kind": "train", "presentations": 4, "side": 48, "loss": 0.5, "images_per_s": 10.0},
    {"kind": "train", "presentations": 8, "side": 48, "loss": 0.25, "images_per_s": 12.0},
    {"kind": "end", "presentations": 8, "side": 48, "held_out_cosine": 0.75},
]


def opened(folder: Path) -> Path:
    open_run(folder, RECIPE, {"data_sha256": "ab" * 32, "crops": 7}, "cpu")
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LINES))
    return folder


def test_a_run_begins_with_its_recipe_and_its_facts(tmp_path: Path) -> None:
    run = opened(tmp_path / "run")

    facts = read_environment(run)
    assert read_recipe(run / "recipe.toml", DistilRecipe) == RECIPE
    assert (facts["crops"], facts["device"]) == (7, "cpu")
    assert {"torch", "numpy", "python", "commit"} <= facts.keys()


def test_a_run_ends_with_curves_and_a_report(tmp_path: Path) -> None:
    run = opened(tmp_path / "run")

    finish_run(run, "A student", ("3 crops left out: too dark.",))

    report = (run / "report.md").read_text()
    assert report.startswith("# A student\n\n- 3 crops left out: too dark.\n\nFinished after 8 ")
    assert "| train_loss | 0.5 | 0.25 | 0.25 | 0.5 |" in report
    for name in ("train_loss", "check_held_out_cosine"):
        assert f"![{name}]({name}.png)" in report
        assert (run / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_a_run_that_was_stopped_says_so(tmp_path: Path) -> None:
    run = opened(tmp_path / "run")
    with (run / "metrics.jsonl").open("a") as stream:
        stream.write(json.dumps({"kind": "stopped", "presentations": 8}) + "\n")

    finish_run(run, "A student")

    assert "Stopped, and can be resumed, at 8 presentations" in (run / "report.md").read_text()


def test_a_last_line_that_was_cut_short_is_left_out(tmp_path: Path) -> None:
    run = opened(tmp_path / "run")
    with (run / "metrics.jsonl").open("a") as stream:
        stream.write('{"kind": "tr')

    assert len(read_metrics(run)) == 3


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        read_metrics(tmp_path)
    with pytest.raises(CheckpointError):
        read_environment(tmp_path)
    (tmp_path / "metrics.jsonl").write_text("no metrics\n{}\n")
    with pytest.raises(DataError, match="line 1"):
        read_metrics(tmp_path)


def test_a_processor_is_called_by_its_name() -> None:
    import torch  # noqa: PLC0415 - only this test needs it

    assert device_words(torch.device("cpu")) == "cpu"
