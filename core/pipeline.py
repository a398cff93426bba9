"""The flow of one frame: detect → choose → align → assess → embed, and nothing else."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from core.domain.face import Face
from core.domain.frame import Frame
from core.domain.quality import QualityIssue
from core.domain.result import Analysis
from core.errors import DegenerateLandmarksError
from core.ports import Detector, Embedder
from core.settings import FacePolicy
from core.vision.align import align
from core.vision.assess import Limits, assess
from core.vision.choose import choose
from core.vision.track import Tracker
from core.vision.upright import plausible


@dataclass(frozen=True, slots=True)
class Parts:
    """What the flow needs; the tracker remembers the faces of earlier frames of one source."""

    detector: Detector
    embedder: Embedder
    tracker: Tracker
    policy: FacePolicy
    limits: Limits


class _Stopwatch:
    """Times the stages of one frame, in milliseconds."""

    def __init__(self) -> None:
        self.stage_ms: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.stage_ms[name] = (time.perf_counter() - started) * 1e3


def analyse(frame: Frame, parts: Parts) -> Analysis:
    """Find the face that is decided about, and its vector if it is fit for one."""
    watch = _Stopwatch()
    with watch.stage("detect"):
        faces = parts.detector.detect(frame)
        labels = parts.tracker.update(faces)
    empty = _without_face(frame, faces, watch)
    if not faces:
        return replace(empty, issues=frozenset({QualityIssue.NO_FACE}))
    chosen = choose(faces, frame, parts.policy)
    if chosen is None:
        return replace(empty, issues=frozenset({QualityIssue.SEVERAL_FACES}))
    return _finish(replace(empty, chosen=chosen, track=labels[chosen]), parts, watch)


def analyse_every_face(frame: Frame, parts: Parts) -> tuple[Analysis, ...]:
    """One analysis for each face of a still picture, largest first."""
    watch = _Stopwatch()
    with watch.stage("detect"):
        faces = parts.detector.detect(frame)
    empty = _without_face(frame, faces, watch)
    return tuple(_finish(replace(empty, chosen=i), parts, watch) for i in range(len(faces)))


def _without_face(frame: Frame, faces: tuple[Face, ...], watch: _Stopwatch) -> Analysis:
    return Analysis(
        frame=frame,
        faces=faces,
        chosen=None,
        track=None,
        aligned=None,
        quality=None,
        embedding=None,
        issues=frozenset(),
        stage_ms=watch.stage_ms,
    )


def _finish(analysis: Analysis, parts: Parts, watch: _Stopwatch) -> Analysis:
    """Align, assess and embed the chosen face; the cheap refusals come first."""
    face = analysis.face
    if face is None or not plausible(face):
        return replace(analysis, issues=frozenset({QualityIssue.IMPLAUSIBLE_FACE}))
    try:
        with watch.stage("align"):
            aligned = align(analysis.frame, face)
    except DegenerateLandmarksError:
        # An everyday outcome of a bad detection, so it becomes a value here.
        return replace(analysis, issues=frozenset({QualityIssue.IMPLAUSIBLE_FACE}))
    with watch.stage("assess"):
        others = [other for other in analysis.faces if other is not face]
        quality = assess(analysis.frame, face, aligned, parts.limits, others)
    assessed = replace(analysis, aligned=aligned, quality=quality, issues=quality.issues)
    if not quality.usable:
        return assessed
    with watch.stage("embed"):
        embedding = parts.embedder.embed(aligned)
    if embedding is None:
        return replace(assessed, issues=frozenset({QualityIssue.UNUSABLE_EMBEDDING}))
    return replace(assessed, embedding=embedding)
