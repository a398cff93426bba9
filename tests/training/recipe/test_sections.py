"""Parts of a recipe that contradict each other are refused."""

import pytest

from training.recipe.distil import DistilRecipe
from training.recipe.sections import RunSection, ScheduleSection, Stage

TWO = (Stage(until=9, side=48), Stage(side=64))


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"stages": ()}, "at least one"),
        ({"stages": (Stage(until=9), Stage(until=3), Stage())}, "stages must rise"),
        ({"schedule": ScheduleSection(kind="drops")}, "belongs to kind"),
        ({"schedule": ScheduleSection(drops=(3,))}, "belongs to kind"),
        ({"schedule": ScheduleSection(kind="drops", drops=(3, 1))}, "drops must rise"),
        ({"run": RunSection(length=9, engine="fused", precision="fp16")}, "not fp16"),
        ({"run": RunSection(length=9, engine="fused", compile=True)}, "torch engine"),
    ],
)
def test_a_contradiction_is_told(parts: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        DistilRecipe(**({"run": RunSection(length=9), "stages": TWO} | parts))  # type: ignore[arg-type]
