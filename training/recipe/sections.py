"""The sections that recipes share, and the rules that hold between them."""

from collections.abc import Sequence
from typing import Annotated, Literal, Protocol

import msgspec

MIN_BATCH = 2  # BatchNorm needs a spread

Amount = Annotated[float, msgspec.Meta(ge=0)]
"""A length of training in the recipe's own unit, `run.unit`."""
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Count = Annotated[int, msgspec.Meta(ge=1)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of a recipe: every key is known and has a type."""


class RunSection(Section, frozen=True, kw_only=True):
    """How long, on what, and how often it is written down.

    Attributes:
        length: At which the run ends, in `unit`.
        unit: Of every length in the recipe. A step is one update, an epoch all pictures once.
        batch: Pictures in one forward pass of one process.
        accumulate: Forward passes of each process before an update.
        engine: "fused" uses the CPU kernels of this package, "auto" those where they can be used.
        precision: What torch computes in, or what the fused kernels store; "auto" is bf16 for the
            kernels and on a GPU, fp32 for torch on a CPU.
        channels_last: Colour innermost; faster for convolutions nearly everywhere.
        compile: torch.compile; the first steps at each input size take minutes.
        deterministic: Only algorithms that repeat exactly, on a GPU too.
        threads: Processor threads of each process.
        workers: Threads that prepare the next batches; 0 prepares them in between.
        checkpoint_s: Seconds between two checkpoints.
        log_steps: Steps between two lines in metrics.jsonl.
        keep_every: Length after which a checkpoint is kept for good, as a step of a teacher; 0
            keeps none.
    """

    seed: int = 1
    length: Amount
    unit: Literal["presentations", "epochs", "steps"] = "presentations"
    batch: Annotated[int, msgspec.Meta(ge=MIN_BATCH)] = 32
    accumulate: Count = 1
    device: Literal["auto", "cpu", "cuda"] = "auto"
    engine: Literal["auto", "torch", "fused"] = "auto"
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    channels_last: bool = True
    compile: bool = False
    deterministic: bool = False
    threads: Count = 1
    workers: Annotated[int, msgspec.Meta(ge=0, le=64)] = 0
    checkpoint_s: Positive = 180.0
    log_steps: Count = 50
    keep_every: Amount = 0


class NetSection(Section, frozen=True, kw_only=True):
    """Which network; `genotype` names a JSON file that replaces the architecture's cell."""

    architecture: str = "pocketnet-s-128"
    genotype: str = ""


class OptimSection(Section, frozen=True, kw_only=True):
    """What turns gradients into steps.

    Attributes:
        kind: "muon" is Muon for the network's matrices and AdamW for the rest.
        rate: The full rate; the schedule says which part of it applies.
        matrix_rate: The full rate of Muon.
        momentum: Of Muon and SGD.
        nesterov: For SGD; Muon always looks ahead.
        weight_decay: Times the rate. Decoupled from the gradient for Muon and AdamW.
        coupled: Adds the decay to AdamW's gradient instead, which is Adam with an L2 penalty.
        decay_all: Decays norms, slopes and biases too, as PocketNet was published; it kills
            channels.
        clip: Largest L2 norm of the network's whole gradient; 0 is none.
        ema: Decay of the averaged weights, per step; 0 keeps no average.
    """

    kind: Literal["muon", "adamw", "sgd"] = "muon"
    rate: Positive = 0.004
    matrix_rate: Positive = 0.08
    momentum: Share = 0.95
    nesterov: bool = False
    beta1: Share = 0.9
    beta2: Share = 0.99
    weight_decay: Annotated[float, msgspec.Meta(ge=0)] = 0.05
    coupled: bool = False
    decay_all: bool = False
    clip: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    ema: Share = 0.0


class ScheduleSection(Section, frozen=True, kw_only=True):
    """Which part of the full rate applies when.

    Attributes:
        warm_up: Over which the rate rises from 0.
        decay: "linear": over which it falls at the end; 0 is all of the run.
        floor: Part of the full rate at the end, for "linear", "cosine" and "one-cycle".
        drops: "drops": where the rate is multiplied by `factor`.
        peak: "one-cycle": part of the run at which the rate is full.
    """

    kind: Literal["constant", "linear", "cosine", "one-cycle", "drops"] = "constant"
    warm_up: Amount = 0
    decay: Amount = 0
    floor: Share = 0.0
    drops: tuple[Amount, ...] = ()
    factor: Share = 0.1
    peak: Share = 0.3


class Stage(Section, frozen=True, kw_only=True):
    """One leg of the run.

    Attributes:
        until: Where it ends; the last stage goes on to the end.
        side: Input size, px.
        strength: Of the augmentation, 0–1; 0 only mirrors.
    """

    until: Amount = 0
    side: Count = 112
    strength: Share = 0.0


class Plan(Protocol):
    """What the loop reads of a recipe of any kind."""

    @property
    def run(self) -> RunSection:
        """How long and on what."""
        ...

    @property
    def optim(self) -> OptimSection:
        """The optimiser."""
        ...

    @property
    def schedule(self) -> ScheduleSection:
        """Its rate."""
        ...

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Input sizes and augmentation."""
        ...


def check_plan(plan: Plan) -> None:
    """Refuse a recipe whose parts contradict each other.

    Raises:
        ValueError: With the reason; msgspec puts it into its own error.
    """
    check_ends("stages", [stage.until for stage in plan.stages[:-1]])
    if not plan.stages:
        raise ValueError("there is no stage; write at least one [[stages]]")
    if list(plan.schedule.drops) != sorted(set(plan.schedule.drops)):
        raise ValueError("schedule.drops must rise")
    if (plan.schedule.kind == "drops") != bool(plan.schedule.drops):
        raise ValueError('schedule.drops belongs to kind = "drops", and only to it')
    if plan.run.precision == "fp16" and plan.run.engine == "fused":
        raise ValueError("the fused kernels store fp32 or bf16, not fp16")
    if plan.run.compile and plan.run.engine == "fused":
        raise ValueError("run.compile is of the torch engine")


def check_ends(name: str, ends: Sequence[float]) -> None:
    """Refuse ends that do not rise.

    Raises:
        ValueError: They do not.
    """
    if list(ends) != sorted(set(ends)):
        raise ValueError(f"the ends (until) of the {name} must rise")
