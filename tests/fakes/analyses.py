"""Hand-made analyses of frames: what the pipeline would have found, without pixels or models."""

import numpy as np

from core.domain.face import AlignedFace, Box, Face
from core.domain.frame import Frame
from core.domain.operating_point import OperatingPoint
from core.domain.quality import Component, Quality, QualityIssue
from core.domain.result import Analysis
from core.domain.template import Embedding, ModelId

MODEL = ModelId("fake-model")
POINT = OperatingPoint(
    target_fmr=1e-3,
    threshold=0.4,
    false_matches=1000,
    non_mated=1_000_000,
    fmr_low=9e-4,
    fmr_high=1.1e-3,
    false_non_matches=10,
    mated=1000,
    measured_on="test",
)


def unit(*values: float) -> np.ndarray:
    vector = np.array(values, dtype=np.float32)
    return vector / np.linalg.norm(vector)


def at_angle(cosine: float) -> np.ndarray:
    """A vector whose similarity to (1, 0) is `cosine`."""
    return unit(cosine, float(np.sqrt(max(0.0, 1 - cosine**2))))


def make_face(x: float = 100, y: float = 100, side: float = 100) -> Face:
    points = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]])
    landmarks = (points * side + np.array([x, y])).astype(np.float32)
    return Face(Box(x, y, side, side), landmarks, 0.9)


def make_quality(
    yaw_deg: float = 0.0, pitch_deg: float = 0.0, issues: frozenset[QualityIssue] = frozenset()
) -> Quality:
    return Quality(
        interocular_px=60,
        sharpness=200,
        brightness=120,
        contrast=50,
        yaw_deg=yaw_deg,
        pitch_deg=pitch_deg,
        roll_deg=0,
        components={Component.UNIFIED: 80},
        issues=issues,
    )


def make_aligned() -> AlignedFace:
    return AlignedFace(np.zeros((112, 112, 3), dtype=np.uint8), np.eye(2, 3))


def make_analysis(
    vector: np.ndarray | None = None,
    *,
    at_s: float = 0.0,
    track: int | None = 1,
    faces: int = 1,
    quality: Quality | None = None,
    issue: QualityIssue | None = None,
) -> Analysis:
    """A frame with a usable face whose embedding is `vector`, or an unusable one."""
    frame = Frame(np.zeros((480, 640, 3), dtype=np.uint8), captured_at=at_s, index=int(at_s * 30))
    usable = vector is not None
    return Analysis(
        frame=frame,
        faces=tuple(make_face(x=50 + 150 * i) for i in range(faces)),
        chosen=0 if usable else None,
        track=track if usable else None,
        aligned=make_aligned() if usable else None,
        quality=(quality or make_quality()) if usable else None,
        embedding=Embedding(vector, MODEL) if vector is not None else None,
        issues=frozenset() if usable else frozenset({issue or QualityIssue.NO_FACE}),
        stage_ms={},
    )
