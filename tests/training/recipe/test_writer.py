"""The resolved recipe is a recipe."""

from pathlib import Path

from training.recipe.distil import DistilRecipe, Hint, TeacherStep
from training.recipe.reader import read_recipe
from training.recipe.sections import RunSection, ScheduleSection, Stage
from training.recipe.writer import write_recipe


def test_a_resolved_recipe_reads_back_equal(tmp_path: Path) -> None:
    recipe = DistilRecipe(
        run=RunSection(length=2.5, unit="epochs", seed=7),
        schedule=ScheduleSection(kind="drops", drops=(1, 2)),
        stages=(Stage(until=1, side=48, strength=0.3), Stage(side=64)),
        hints=(Hint(student="cells.17", teacher='conv"14', components=96),),
        teachers=(TeacherStep(until=1, rank=16), TeacherStep(model="RUN/kept/0002")),
    )

    write_recipe(tmp_path / "resolved.toml", recipe)

    assert read_recipe(tmp_path / "resolved.toml", DistilRecipe) == recipe
