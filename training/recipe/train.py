"""What a supervised training needs besides the files: `python -m training.train`."""

from typing import Annotated, Literal

import msgspec

from training.recipe.sections import (
    Count,
    NetSection,
    OptimSection,
    RunSection,
    ScheduleSection,
    Section,
    Stage,
    check_plan,
)


class LabelledSection(Section, frozen=True, kw_only=True):
    """Which people are trained on.

    Attributes:
        fewest_crops: People with fewer crops are left out, and counted.
        held_out_share: Part of the people that is never trained on.
        check_crops: Held-out crops on which the equal error rate is logged; 0 is none.
    """

    fewest_crops: Count = 1
    held_out_share: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.0
    check_crops: Annotated[int, msgspec.Meta(ge=0)] = 1024


class HeadSection(Section, frozen=True, kw_only=True):
    """The loss against the class centres.

    Attributes:
        scale: What cosines are multiplied by.
        margin: Radians for ArcFace, a cosine for CosFace, both for AdaFace; absent is the
            published 0.5, 0.35 or 0.4.
        sampled: Share of the centres that one step compares with; below 1 for very many people.
    """

    kind: Literal["arcface", "cosface", "adaface"] = "arcface"
    scale: Annotated[float, msgspec.Meta(gt=0)] = 64.0
    margin: Annotated[float, msgspec.Meta(ge=0, lt=1.5)] | None = None
    sampled: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0


class TrainRecipe(Section, frozen=True, kw_only=True):
    """A supervised training."""

    run: RunSection
    net: NetSection = NetSection()
    data: LabelledSection = LabelledSection()
    head: HeadSection = HeadSection()
    optim: OptimSection = OptimSection()
    schedule: ScheduleSection = ScheduleSection()
    stages: tuple[Stage, ...]

    def __post_init__(self) -> None:
        check_plan(self)
