"""A distillation that would teach nothing, or ask nobody, is refused."""

import pytest

from training.recipe.distil import (
    AnswersSection,
    DistilRecipe,
    Hint,
    LossSection,
    MixupSection,
    TeacherStep,
)
from training.recipe.sections import RunSection, Stage

BASE = {"run": RunSection(length=9), "stages": (Stage(side=48),)}
NOTHING = LossSection(cosine=0)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"loss": NOTHING}, "teach nothing"),
        ({"loss": LossSection(cosine=0, margin=1)}, "teach nothing"),
        ({"mixup": MixupSection(share=0.5)}, 'answers.view is "same"'),
        ({"answers": AnswersSection(repeats=2)}, 'answers.view is "same"'),
        (
            {
                "answers": AnswersSection(view="same", repeats=2),
                "mixup": MixupSection(share=0.5),
            },
            "no faces are mixed",
        ),
        ({"teachers": (TeacherStep(until=3),) * 3}, "teachers must rise"),
        ({"teachers": (TeacherStep(),), "follow": "RUN"}, "exclude each other"),
        ({"teachers_file": "x.toml", "follow": "RUN"}, "exclude each other"),
    ],
)
def test_what_makes_no_sense_is_told(parts: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        DistilRecipe(**(BASE | parts))  # type: ignore[arg-type]


def test_one_term_is_enough() -> None:
    hints = (Hint(student="cells.17", teacher="conv_14"),)
    same = AnswersSection(view="same")

    assert DistilRecipe(**BASE, loss=NOTHING, hints=hints).hints  # type: ignore[arg-type]
    assert DistilRecipe(**BASE, loss=LossSection(cosine=0, angles=1))  # type: ignore[arg-type]
    assert DistilRecipe(**BASE, answers=same, mixup=MixupSection(share=0.5))  # type: ignore[arg-type]
