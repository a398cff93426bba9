"""What each record refuses to hold."""

from datetime import datetime

import numpy as np
import pytest

from core.domain.decision import Decision, Outcome, Reason, Score
from core.domain.face import AlignedFace, Box, Face
from core.domain.frame import Frame
from core.domain.operating_point import OperatingPoint
from core.domain.quality import Component
from core.domain.template import Embedding, ModelId, Subject, SubjectId, Template
from tests.fakes.analyses import make_face, make_quality, unit

MODEL = ModelId("m")


def point(**changes: object) -> OperatingPoint:
    facts: dict[str, object] = {
        "target_fmr": 1e-3,
        "threshold": 0.4,
        "false_matches": 5,
        "non_mated": 10_000,
        "fmr_low": 1e-4,
        "fmr_high": 2e-3,
        "false_non_matches": 1,
        "mated": 100,
        "measured_on": "test",
    }
    return OperatingPoint(**{**facts, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), dtype=np.uint8),
        np.zeros((4, 4, 4), dtype=np.uint8),
        np.zeros((4, 4, 3), dtype=np.float32),
        np.zeros((0, 4, 3), dtype=np.uint8),
        np.zeros((4, 8, 3), dtype=np.uint8)[:, ::2],
    ],
    ids=["grey", "alpha", "float", "empty", "strided"],
)
def test_a_frame_is_contiguous_colour_bytes(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="frame"):
        Frame(pixels)


def test_a_frame_cannot_be_painted_into() -> None:
    frame = Frame(np.zeros((4, 4, 3), dtype=np.uint8))

    with pytest.raises(ValueError, match="read-only"):
        frame.pixels[0, 0] = 255


@pytest.mark.parametrize("size", [(0.0, 5.0), (5.0, -1.0), (float("nan"), 5.0)])
def test_a_box_has_a_finite_positive_size(size: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="box"):
        Box(0, 0, *size)


def test_landmarks_are_finite() -> None:
    points = make_face().landmarks.copy()
    points[2, 0] = np.nan

    with pytest.raises(ValueError, match="finite"):
        Face(Box(0, 0, 10, 10), points, 0.9)


def test_an_aligned_face_is_112_pixels_square() -> None:
    with pytest.raises(ValueError, match="112"):
        AlignedFace(np.zeros((96, 112, 3), dtype=np.uint8), np.eye(2, 3))


@pytest.mark.parametrize("record", [Embedding, Template])
@pytest.mark.parametrize(
    "vector",
    [unit(1, 1) * 1.001, np.array([np.nan, 1], dtype=np.float32), np.array([1.0, 0.0])],
    ids=["too long", "not finite", "double precision"],
)
def test_a_face_vector_is_finite_and_of_unit_length(record: type, vector: np.ndarray) -> None:
    with pytest.raises(ValueError, match="face vector"):
        record(vector, MODEL)


def test_a_template_comes_from_a_capture() -> None:
    with pytest.raises(ValueError, match="capture"):
        Template(unit(1, 0), MODEL, captures=0)


def test_times_without_a_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        Subject(SubjectId("1"), "Anna", datetime(2026, 1, 1), references=1)  # noqa: DTZ001


def test_quality_components_stay_on_their_scale() -> None:
    quality = make_quality()

    with pytest.raises(ValueError, match="100"):
        type(quality)(**{**fields(quality), "components": {Component.SHARPNESS: 101}})


def fields(record: object) -> dict[str, object]:
    return {name: getattr(record, name) for name in record.__slots__}  # type: ignore[attr-defined]


@pytest.mark.parametrize("value", [1.01, -1.01])
def test_a_score_is_a_cosine(value: float) -> None:
    with pytest.raises(ValueError, match="score"):
        Score(value, MODEL)


@pytest.mark.parametrize(
    "changes",
    [
        {"threshold": 1.5},
        {"target_fmr": 0.0},
        {"non_mated": 0},
        {"false_matches": 10_001},
        {"mated": 0},
        {"false_non_matches": 101},
        {"fmr_low": 0.5, "fmr_high": 0.1},
    ],
)
def test_an_operating_point_is_a_possible_measurement(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"between|counted|ordered"):
        point(**changes)


def test_no_rate_is_claimed_that_the_trials_cannot_carry() -> None:
    with pytest.raises(ValueError, match="cannot be claimed"):
        point(target_fmr=2.9e-4)


def test_the_measured_rate_never_falls_below_three_over_n() -> None:
    assert point(false_matches=0, fmr_low=0.0).fmr == pytest.approx(3e-4)


def decision(**changes: object) -> Decision:
    facts: dict[str, object] = {
        "outcome": Outcome.ACCEPTED,
        "claim": SubjectId("anna"),
        "subject": SubjectId("anna"),
        "score": Score(0.4, MODEL),
        "runner_up": None,
        "point": point(),
        "comparisons": 1,
        "reasons": (Reason.FRAMES_AGREED,),
        "issues": (),
        "evidence": (),
        "agreeing": 3,
        "needed": 3,
        "faces_in_view": 1,
        "elapsed_s": 0.2,
    }
    return Decision(**{**facts, **changes})  # type: ignore[arg-type]


def test_a_score_equal_to_the_threshold_can_accept() -> None:
    assert decision().outcome is Outcome.ACCEPTED


@pytest.mark.parametrize(
    "changes",
    [{"score": Score(0.399, MODEL)}, {"score": None}, {"agreeing": 2}, {"subject": None}],
    ids=["below threshold", "no score", "too few frames", "nobody"],
)
def test_an_acceptance_without_its_grounds_cannot_exist(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="acceptance"):
        decision(**changes)


def test_every_decision_has_a_reason() -> None:
    with pytest.raises(ValueError, match="reason"):
        decision(reasons=())
