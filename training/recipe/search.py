"""What an architecture search needs besides the files: `python -m training.search`."""

from typing import Annotated, Literal

import msgspec

from training.nets.genotype import OPERATION_NAMES, Operation
from training.recipe.sections import (
    Count,
    OptimSection,
    Positive,
    RunSection,
    ScheduleSection,
    Section,
    Share,
    Stage,
    check_plan,
)

FEWEST_CELLS = 4  # with fewer, two of the three reductions would be one cell


class SupernetSection(Section, frozen=True, kw_only=True):
    """The network that is searched in.

    Attributes:
        width: Channels of a node in the first cells.
        stem_multiplier: Stem channels over width: 3 as published, 4 as in final networks.
        tail: The last spatial convolution in 128 groups as published, or depthwise as in final
            networks.
        operations: Candidates on every edge.
    """

    width: Annotated[int, msgspec.Meta(ge=2, multiple_of=2)] = 16
    cells: Annotated[int, msgspec.Meta(ge=FEWEST_CELLS)] = 8
    embedding: Count = 128
    stem_multiplier: Literal[3, 4] = 3
    tail: Literal["published", "final"] = "published"
    operations: tuple[Operation, ...] = OPERATION_NAMES


class AlphaSection(Section, frozen=True, kw_only=True):
    """How the architecture is updated: Adam with an L2 penalty, at a constant rate.

    Attributes:
        order: "second" looks at the weights one step ahead, for two and a half times the work.
    """

    order: Literal["first", "second"] = "second"
    rate: Positive = 1.2e-3
    beta1: Share = 0.5
    beta2: Share = 0.999
    weight_decay: Annotated[float, msgspec.Meta(ge=0)] = 1e-3


class GoalSection(Section, frozen=True, kw_only=True):
    """What the supernet learns, and when its cell is read off.

    Attributes:
        objective: Cross-entropy over the people ("labels") or over groups of faces that the
            teacher finds alike ("clusters"); or 1 − cos to the teacher's own answers
            ("embeddings"), for which nobody need be labelled.
        clusters: How many groups; 0 is one for every eight faces.
        rule: What is compared between edges when a cell is read off.
        stable_epochs: The search ends when the cell has not changed for so many epochs; 0 goes on
            to the end.
    """

    objective: Literal["labels", "embeddings", "clusters"] = "labels"
    clusters: Annotated[int, msgspec.Meta(ge=0)] = 0
    rule: Literal["probability", "alpha"] = "probability"
    stable_epochs: Annotated[int, msgspec.Meta(ge=0)] = 0


class HalvesSection(Section, frozen=True, kw_only=True):
    """Which pictures are searched on; one half trains the weights, the other the architecture.

    Attributes:
        fewest_crops: "labels": people with fewer are left out; with 2 everyone is in both halves.
        held_out_share: Part of the people that the search never sees.
    """

    fewest_crops: Annotated[int, msgspec.Meta(ge=2)] = 2
    held_out_share: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.0


class SearchRecipe(Section, frozen=True, kw_only=True):
    """An architecture search."""

    run: RunSection
    supernet: SupernetSection = SupernetSection()
    alphas: AlphaSection = AlphaSection()
    goal: GoalSection = GoalSection()
    data: HalvesSection = HalvesSection()
    optim: OptimSection = OptimSection(
        kind="sgd", rate=0.1, momentum=0.9, weight_decay=3e-4, decay_all=True, clip=5.0
    )
    schedule: ScheduleSection = ScheduleSection(kind="cosine", floor=0.04)
    stages: tuple[Stage, ...]

    def __post_init__(self) -> None:
        check_plan(self)
        if self.alphas.order == "second" and (self.optim.kind != "sgd" or self.optim.nesterov):
            raise ValueError(
                'alphas.order = "second" looks one step of plain SGD ahead: optim.kind is "sgd" '
                'without nesterov, or alphas.order is "first"'
            )
        if self.alphas.order == "second" and self.run.precision == "bf16":
            raise ValueError("second order takes differences too fine for bf16: precision is fp32")
        if self.run.accumulate != 1:
            raise ValueError("a search updates the architecture with each batch: accumulate is 1")
        if self.run.precision == "fp16":
            raise ValueError("a search does not run in fp16: precision is fp32 or bf16")
        if len({stage.side for stage in self.stages}) > 1:
            raise ValueError("a search has one input size: every stage has the same side")
        names = self.supernet.operations
        if len(set(names)) != len(names) or not set(names) - {"none"}:
            raise ValueError("supernet.operations names each candidate once, and one besides none")
