from collections.abc import Callable

import numpy as np
import pytest

from core.domain.face import Box, Face
from core.domain.frame import Frame
from core.domain.quality import Component, Quality, QualityIssue
from core.opencv import cv2
from core.vision.align import align
from core.vision.assess import ENROL_LIMITS, VERIFY_LIMITS, Limits, assess
from core.vision.detect import YuNetDetector
from tests.core.vision.turned_heads import seen

FaceAt = Callable[..., Face]
Change = Callable[[np.ndarray], np.ndarray]


def textured(mean: float = 120, spread: float = 40, grain_px: int = 4) -> Frame:
    """A frame of soft noise with a given mean and spread of luminance."""
    rng = np.random.default_rng(3)
    noise = cv2.resize(
        rng.standard_normal((480 // grain_px, 640 // grain_px)).astype(np.float32), (640, 480)
    )
    grey = np.clip(mean + spread * noise / noise.std(), 0, 255).astype(np.uint8)
    return Frame(np.repeat(grey[..., None], 3, axis=2))


def quality(
    frame: Frame, face: Face, limits: Limits = ENROL_LIMITS, others: tuple[Face, ...] = ()
) -> Quality:
    return assess(frame, face, align(frame, face), limits, others)


def test_a_good_face_has_no_issue_and_every_component(face_at: FaceAt) -> None:
    found = quality(textured(), seen(face_at()))

    assert found.issues == frozenset()
    assert set(found.components) == set(Component)
    assert found.unified == min(found.components.values()) > 80


@pytest.mark.parametrize(
    ("frame", "issue", "component"),
    [
        (textured(mean=12, spread=4), QualityIssue.TOO_DARK, Component.UNDER_EXPOSURE),
        (textured(mean=252, spread=8), QualityIssue.TOO_BRIGHT, Component.OVER_EXPOSURE),
        (textured(spread=3), QualityIssue.LOW_CONTRAST, Component.DYNAMIC_RANGE),
        (textured(grain_px=40), QualityIssue.BLURRED, Component.SHARPNESS),
    ],
)
def test_bad_light_and_blur_are_named_and_lower_their_component(
    face_at: FaceAt, frame: Frame, issue: QualityIssue, component: Component
) -> None:
    good, bad = quality(textured(), seen(face_at())), quality(frame, seen(face_at()))

    assert issue in bad.issues
    assert bad.components[component] < good.components[component] - 20


@pytest.mark.parametrize(
    ("turned", "issue", "component"),
    [
        ({"yaw_deg": 65}, QualityIssue.TURNED_AWAY, Component.HEAD_YAW),
        ({"yaw_deg": -65}, QualityIssue.TURNED_AWAY, Component.HEAD_YAW),
        ({"pitch_deg": 50}, QualityIssue.TILTED_UP_DOWN, Component.HEAD_PITCH),
        ({"roll_deg": -52}, QualityIssue.TILTED_SIDEWAYS, Component.HEAD_ROLL),
    ],
)
def test_a_turned_head_is_named_and_lowers_its_component(
    face_at: FaceAt, turned: dict[str, float], issue: QualityIssue, component: Component
) -> None:
    found = quality(textured(), seen(face_at(), **turned), VERIFY_LIMITS)

    assert issue in found.issues
    assert found.components[component] < 60


def test_a_face_is_too_small_just_below_the_limit(face_at: FaceAt) -> None:
    limit = ENROL_LIMITS.interocular_px

    below = quality(textured(), seen(face_at(eyes_px=limit * 0.98)))
    above = quality(textured(), seen(face_at(eyes_px=limit * 1.02)))

    assert QualityIssue.TOO_SMALL in below.issues
    assert QualityIssue.TOO_SMALL not in above.issues


@pytest.mark.parametrize(("x", "y"), [(20, 240), (620, 240), (320, 20), (320, 470)])
def test_a_face_beyond_any_edge_is_outside(face_at: FaceAt, x: float, y: float) -> None:
    found = quality(textured(), seen(face_at(x=x, y=y)), VERIFY_LIMITS)

    assert QualityIssue.OUTSIDE_FRAME in found.issues
    assert found.components[Component.INSIDE_FRAME] < 60


def test_other_faces_lower_a_component_by_their_size_and_raise_no_issue(face_at: FaceAt) -> None:
    face = seen(face_at())
    half = Face(Box(0, 0, face.box.width, face.box.height / 2), face.landmarks, 0.9)

    alone = quality(textured(), face)
    together = quality(textured(), face, others=(half,))

    assert alone.components[Component.SINGLE_FACE] == 100
    assert together.components[Component.SINGLE_FACE] == 50
    assert together.issues == frozenset()


def test_points_no_face_has_are_an_issue(face_at: FaceAt) -> None:
    face = face_at()
    swapped = Face(face.box, np.ascontiguousarray(face.landmarks[[3, 4, 2, 0, 1]]), 0.9)

    assert QualityIssue.IMPLAUSIBLE_FACE in quality(textured(), swapped).issues


def test_verification_asks_for_no_more_than_enrolment() -> None:
    smallest = ("interocular_px", "sharpness", "darkest", "contrast")
    largest = ("brightest", "yaw_deg", "pitch_deg", "roll_deg", "overhang")

    assert all(getattr(VERIFY_LIMITS, name) < getattr(ENROL_LIMITS, name) for name in smallest)
    assert all(getattr(VERIFY_LIMITS, name) > getattr(ENROL_LIMITS, name) for name in largest)


KINDS = ("studio_portrait", "amateur_selfie", "studio_posture", "amateur_posture")


@pytest.mark.parametrize("kind", KINDS)
def test_ordinary_pictures_of_people_are_good_enough_to_enrol(
    detector: YuNetDetector, person: Callable[..., Frame], kind: str
) -> None:
    for name in ("P001", "P002", "P005", "P007", "P009"):
        frame = person(name, kind, 1280)
        (face,) = detector.detect(frame)

        assert quality(frame, face).issues == frozenset(), name


@pytest.mark.parametrize(
    ("change", "issue"),
    [
        (lambda pixels: cv2.GaussianBlur(pixels, (0, 0), 9), QualityIssue.BLURRED),
        (lambda pixels: (pixels * 0.12).astype(np.uint8), QualityIssue.TOO_DARK),
        (lambda pixels: (pixels * 0.06 + 110).astype(np.uint8), QualityIssue.LOW_CONTRAST),
        (
            lambda pixels: np.clip(pixels * 2.0 + 90, 0, 255).astype(np.uint8),
            QualityIssue.TOO_BRIGHT,
        ),
    ],
    ids=["blurred", "dark", "flat", "bright"],
)
def test_the_same_pictures_spoilt_are_refused_even_for_verification(
    detector: YuNetDetector, person: Callable[..., Frame], change: Change, issue: QualityIssue
) -> None:
    frame = person("P005", "studio_portrait", 640)
    (face,) = detector.detect(frame)

    spoilt = Frame(np.ascontiguousarray(change(frame.pixels)))

    assert issue in quality(spoilt, face, VERIFY_LIMITS).issues
