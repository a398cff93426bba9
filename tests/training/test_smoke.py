"""The whole way from drawn faces to the program's decision, and the checks on that way."""

import importlib.util
import json
from pathlib import Path

import pytest

from core.vision.packs import read_pack
from training.checkpoint import FACTS, LAST
from training.engine.state import new_state, save
from training.nets.pocketnet import named_pocketnet
from training.recipe.distil import DistilRecipe
from training.recipe.reader import read_recipe
from training.recipe.search import SearchRecipe
from training.recipe.sections import RunSection, Stage
from training.recipe.train import TrainRecipe
from training.smoke import (
    PROGRAM_NEEDS,
    RECIPES,
    Course,
    SmokeError,
    check_closer,
    check_differ,
    check_falls,
    main,
    read_accuracies,
)


@pytest.mark.slow
@pytest.mark.train
@pytest.mark.timeout(1200)
def test_the_whole_way_ends_in_a_decision_of_the_program(tmp_path: Path) -> None:
    out = tmp_path / "smoke"

    assert main([str(out)]) == 0

    report = (out / "report.md").read_text(encoding="utf-8")
    student = json.loads((out / "student" / LAST / FACTS).read_text())
    cell = (out / "search" / "genotype.json").read_text()
    pack = read_pack(out / "pack", built_in=False)
    assert "cosine to the teacher on unseen people" in report
    assert json.loads(student["genotype"]) == json.loads(cell)
    assert len(list((out / "teacher" / "kept").iterdir())) == 4
    assert pack.card.operating_points[0].target_fmr == 0.01
    if all(importlib.util.find_spec(name) for name in PROGRAM_NEEDS):
        assert "the enrolled photo matches" in report


def saved(run: Path, seed: int) -> Path:
    recipe = TrainRecipe(run=RunSection(seed=seed, length=8, engine="torch"), stages=(Stage(),))
    state = new_state({"net": named_pocketnet("pocketnet-8x4-16", side=16)}, recipe, "train")
    save(state, recipe, run)
    return run / LAST


def test_two_steps_of_the_same_weights_are_found_out(tmp_path: Path) -> None:
    one, other = saved(tmp_path / "one", 1), saved(tmp_path / "other", 2)

    check_differ("train", one, other)
    with pytest.raises(SmokeError, match=r"'train'.*the same weights"):
        check_differ("train", one, one)


@pytest.mark.parametrize("losses", [[], [2.0], [2.0, 2.0], [1.0, 2.0]])
def test_a_loss_that_does_not_fall_is_found_out(losses: list[float]) -> None:
    check_falls("train", [2.0, 1.0])
    with pytest.raises(SmokeError, match="does not fall"):
        check_falls("train", losses)


def test_a_distillation_that_teaches_nothing_is_found_out() -> None:
    check_closer("distil", 0.05, 0.7)
    with pytest.raises(SmokeError, match="no closer"):
        check_closer("distil", 0.05, 0.05)


def test_a_part_that_fails_ends_the_run_with_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(SmokeError, match=r"training\.summary.*is no PocketNet"):
        Course(tmp_path).command("training.summary", "--arch", "pocketnet-x")


def test_the_accuracies_are_read_by_network(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    row = {"network": "one", "set": "a", "single": {"accuracy": {"value": 0.75, "low": 0.7}}}
    path.write_text(json.dumps({"measured": [row], "environment": {}}))

    assert read_accuracies(path) == {"one": 0.75}
    path.write_text("{}")
    with pytest.raises(SmokeError, match="evaluate"):
        read_accuracies(path)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path, caplog) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    assert main([str(tmp_path)]) == 2
    assert "is not empty" in caplog.text


def test_a_dry_run_names_the_parts_and_writes_nothing(tmp_path: Path, caplog) -> None:
    caplog.set_level("INFO")

    assert main([str(tmp_path / "new"), "--dry-run"]) == 0
    assert "distil" in caplog.text
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("name", "kind"),
    [("search", SearchRecipe), ("teacher", TrainRecipe), ("student", DistilRecipe)],
)
def test_its_recipes_are_valid(name: str, kind) -> None:
    assert read_recipe(RECIPES / f"smoke-{name}.toml", kind).run.length > 0
