"""The JSON documents about models and about the program itself."""

from typing import Literal

from app.cli.documents import Document


class Point(Document, frozen=True, kw_only=True):
    """An operating point with the counts behind it."""

    target_fmr: float
    threshold: float
    false_matches: int
    non_mated: int
    fmr_low: float
    fmr_high: float
    false_non_matches: int
    mated: int
    measured_on: str


class Measured(Document, frozen=True, kw_only=True):
    """One measured accuracy, with its 95 % interval."""

    dataset: str
    protocol: str
    pairs: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float


class Model(Document, frozen=True, kw_only=True):
    """One model pack."""

    name: str
    title: str
    role: Literal["embedder", "detector"]
    model_id: str
    sha256: str
    licence: str
    non_commercial: bool
    origin: str
    built_in: bool
    in_use: bool
    embedding_size: int
    operating_points: tuple[Point, ...]
    measured: tuple[Measured, ...]


class BrokenModel(Document, frozen=True, kw_only=True):
    """A folder that is no usable pack."""

    name: str
    code: str
    sentence: str


class Models(Document, frozen=True, kw_only=True):
    """`models list`."""

    models: tuple[Model, ...]
    broken: tuple[BrokenModel, ...]


class ModelShown(Document, frozen=True, kw_only=True):
    """`models show`."""

    model: Model
    warnings: tuple[str, ...]
    latency_ms: float | None
    card: str


class ModelAdded(Document, frozen=True, kw_only=True):
    """`models add`."""

    model: Model
    warnings: tuple[str, ...]
    latency_ms: float


class ModelMeasured(Document, frozen=True, kw_only=True):
    """`models measure`: the model with its new operating points.

    Attributes:
        pictures: Compared with each other.
        people: On those pictures.
        left_out: Pictures that were not used, by the code of the reason.
    """

    model: Model
    pictures: int
    people: int
    left_out: dict[str, int]
    mated: int
    non_mated: int


class ModelRemoved(Document, frozen=True, kw_only=True):
    """`models remove`; `removed` is false where the question was answered with no."""

    name: str
    removed: bool


class Check(Document, frozen=True, kw_only=True):
    """One line of `doctor`: "bad" makes the exit code 4, "note" does not."""

    subject: str
    state: Literal["good", "note", "bad"]
    finding: str


class Doctor(Document, frozen=True, kw_only=True):
    """`doctor`."""

    checks: tuple[Check, ...]
    versions: dict[str, str]
    timings_ms: dict[str, float]


class BenchRow(Document, frozen=True, kw_only=True):
    """Times of one stage of one implementation, in milliseconds."""

    implementation: str
    threads: int
    stage: str
    p50_ms: float
    p95_ms: float


class Bench(Document, frozen=True, kw_only=True):
    """`bench`.

    Attributes:
        ratio: Whole frame, one thread: our median over OpenCV's; null without OpenCV's models.
    """

    frame: str
    rounds: int
    model: str
    rows: tuple[BenchRow, ...]
    ratio: float | None


class DemoStep(Document, frozen=True, kw_only=True):
    """One act of the demonstration."""

    act: str
    headline: str
    explanation: str
    rate: str | None
    expected: bool
    elapsed_s: float
    computed_ms: float


class Demo(Document, frozen=True, kw_only=True):
    """`demo` without a screen; with one, `steps` is empty and `window` says what was shown."""

    steps: tuple[DemoStep, ...]
    window: str | None
    picture: str | None
    export: str | None


class Version(Document, frozen=True, kw_only=True):
    """`--version`."""

    version: str


class Schema(Document, frozen=True, kw_only=True):
    """`schema`: the commands that have one."""

    commands: tuple[str, ...]


class GrowthRow(Document, frozen=True, kw_only=True):
    """How a gallery of one size behaved.

    Attributes:
        enrolled_per_s: People with two references each, one transaction a person.
        start_s: From opening the file to the first probe.
        memory_mb: What the open gallery and its snapshot take; null where it cannot be told.
        exact_p50_ms: The same search by a product with all templates as they are.
        faiss_p50_ms: The same by faiss, IndexFlatIP; null where it is not installed.
        other_answers: Probes for which the exact search finds somebody else.
    """

    references: int
    enrolled_per_s: float
    file_mb: float
    start_s: float
    memory_mb: float | None
    probes: int
    probe_p50_ms: float
    probe_p95_ms: float
    exact_p50_ms: float
    faiss_p50_ms: float | None
    other_answers: int


class Growth(Document, frozen=True, kw_only=True):
    """`gallery measure`."""

    rows: tuple[GrowthRow, ...]
