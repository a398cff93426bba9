"""The JSON documents of every command, and the envelope around them.

Field meanings are those of the records in core.domain; scores are cosine similarities, times
are seconds or, where the name says so, milliseconds. Sentences are for people and may change;
codes and field names change only with CONTRACT_VERSION.
"""

from typing import Generic, Literal, TypeVar

import msgspec

CONTRACT_VERSION = 1


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What a command found; the `data` of an envelope."""


D = TypeVar("D", bound=Document)


class Done(msgspec.Struct, Generic[D], frozen=True, kw_only=True):
    """A command that was carried out, whether its answer is yes, no or undecided.

    Attributes:
        exit_code: 0 yes or done, 1 no, 3 no decision possible, 4 a self-test that failed.
    """

    contract_version: int = CONTRACT_VERSION
    program_version: str
    command: str
    ok: Literal[True] = True
    exit_code: int
    data: D


class ErrorDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Why a command was not carried out.

    Attributes:
        code: Stable, for programs.
        sentence: For people.
    """

    code: str
    sentence: str


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """A command that was not carried out.

    Attributes:
        exit_code: 2 usage, unreadable input or an unknown subject; 3 no decision possible;
            4 fault; 130 stopped from the keyboard.
    """

    contract_version: int = CONTRACT_VERSION
    program_version: str
    command: str
    ok: Literal[False] = False
    exit_code: int
    error: ErrorDocument


class Rate(Document, frozen=True, kw_only=True):
    """About one stranger in `one_in` would score this high; the interval is one of 95 %."""

    one_in: int
    one_in_low: int
    one_in_high: int
    beyond: bool


class Evidence(Document, frozen=True, kw_only=True):
    """One frame's part in a decision."""

    index: int
    captured_at_s: float
    score: float | None
    matched: bool
    quality: int | None
    issues: tuple[str, ...]


class Decided(Document, frozen=True, kw_only=True):
    """`verify` and `identify`."""

    outcome: Literal["accepted", "rejected", "inconclusive"]
    claim: str | None
    subject: str | None
    headline: str
    explanation: str
    rate: str | None
    stated_rate: Rate | None
    advice: tuple[str, ...]
    reasons: tuple[str, ...]
    issues: tuple[str, ...]
    score: float | None
    runner_up: float | None
    threshold: float
    target_fmr: float
    comparisons: int
    agreeing: int
    needed: int
    faces_in_view: int
    elapsed_s: float
    stage_ms: dict[str, float]
    model: str
    source: str
    notes: tuple[str, ...]
    evidence: tuple[Evidence, ...]


class Taken(Document, frozen=True, kw_only=True):
    """A picture or frame that became a reference."""

    source: str
    quality: int


class Refused(Document, frozen=True, kw_only=True):
    """A picture that did not, and why."""

    source: str
    code: str
    sentence: str


class Resembling(Document, frozen=True, kw_only=True):
    """Somebody enrolled who is as similar as a match."""

    name: str
    score: float


class Enrolled(Document, frozen=True, kw_only=True):
    """`enrol`; `subject` is null where nobody was enrolled."""

    subject: str | None
    taken: tuple[Taken, ...]
    refused: tuple[Refused, ...]
    resembling: tuple[Resembling, ...]
    references: int
    needed: int
    end: str
    model: str
    notes: tuple[str, ...]


class ComparedPicture(Document, frozen=True, kw_only=True):
    """One side of a comparison."""

    path: str
    faces_in_view: int
    quality: int | None
    issues: tuple[str, ...]
    advice: tuple[str, ...]
    notes: tuple[str, ...]


class Compared(Document, frozen=True, kw_only=True):
    """`compare`; `match` is null where a picture could not be used."""

    match: bool | None
    score: float | None
    threshold: float
    target_fmr: float
    headline: str
    explanation: str
    rate: str | None
    stated_rate: Rate | None
    model: str
    pictures: tuple[ComparedPicture, ComparedPicture]


class DetectedFace(Document, frozen=True, kw_only=True):
    """One face, in pixels of the picture after `quarter_turns`.

    Attributes:
        box: x, y, width, height.
        landmarks: Eye, eye, nose tip, mouth corner, mouth corner, left to right in the image.
        quality: Component of ISO/IEC 29794-5 → 0 to 100.
    """

    box: tuple[float, float, float, float]
    landmarks: tuple[tuple[float, float], ...]
    detector_score: float
    yaw_deg: float | None
    pitch_deg: float | None
    roll_deg: float | None
    quality: dict[str, int]
    issues: tuple[str, ...]
    advice: tuple[str, ...]


class Detected(Document, frozen=True, kw_only=True):
    """`detect`.

    Attributes:
        quarter_turns: Counter-clockwise turns that brought the picture upright.
    """

    path: str
    width_px: int
    height_px: int
    quarter_turns: int
    faces: tuple[DetectedFace, ...]
    drawn: str | None
    notes: tuple[str, ...]


class Person(Document, frozen=True, kw_only=True):
    """An enrolled subject."""

    subject_id: str
    name: str
    enrolled_at: str
    references: int
    note: str
    consent: str
    keep_until: str | None


class People(Document, frozen=True, kw_only=True):
    """`people list`."""

    people: tuple[Person, ...]


class StoredReference(Document, frozen=True, kw_only=True):
    """A reference without its templates.

    Attributes:
        model: The first of `models`.
        models: Installed models that know it.
    """

    reference_id: str
    model: str
    models: tuple[str, ...]
    enrolled_at: str
    quality: int
    source: str


class PersonShown(Document, frozen=True, kw_only=True):
    """`people show`; references of models that are not installed are only counted."""

    person: Person
    references: tuple[StoredReference, ...]


class Renamed(Document, frozen=True, kw_only=True):
    """`people rename`."""

    subject_id: str
    former: str
    name: str


class Deleted(Document, frozen=True, kw_only=True):
    """`people delete`; `deleted` is false, and `change` null, where the answer was no.

    Attributes:
        change: Its number in the history, for `people undo`.
    """

    name: str
    deleted: bool
    change: int | None


class Camera(Document, frozen=True, kw_only=True):
    """A camera that is connected now."""

    index: int
    name: str
    identity: str
    usb_id: str | None
    kind: str


class Cameras(Document, frozen=True, kw_only=True):
    """`cameras`."""

    cameras: tuple[Camera, ...]
