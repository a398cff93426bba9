"""`bench`: the time of every stage, interleaved with OpenCV's own pair of models."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from app.cli.answer import Answer
from app.cli.render import Line, Style, Table, talk
from app.cli.reports import Bench, BenchRow
from app.cli.request import Request
from app.cli.session import folders_of, settings_of
from app.cli.specimen import HEIGHT_PX, WIDTH_PX, specimen
from core.domain.frame import Frame
from core.errors import ModelContractError, UsageError
from core.opencv import cv2
from core.pipeline import Parts, analyse
from core.vision.assess import VERIFY_LIMITS
from core.wiring import build_vision

WHOLE = "whole frame"
OURS, OPENCV = "pocketface", "OpenCV"
THREADS = (1, 2)
WARM_UP = 5  # rounds that are run and not counted: caches and allocators settle in two or three
_COLUMNS = ("implementation", "threads", "stage", "p50 (ms)", "p95 (ms)")
_OPENCV_SCORE = 0.6  # FaceDetectorYN's threshold; higher than any noise on the specimen

Run = Callable[[], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Contestant:
    """One implementation at one number of threads; `run` times its stages in milliseconds."""

    implementation: str
    threads: int
    run: Run


def bench(request: Request, rounds: int, detector: Path | None, recogniser: Path | None) -> Answer:
    """Time our pipeline, and OpenCV's where its two model files are given."""
    if (detector is None) != (recogniser is None):
        raise UsageError(reason="--opencv-detector and --opencv-recogniser belong together")
    frame = specimen(person=0)
    folders = folders_of(request)
    settings = settings_of(request, folders)
    contestants: list[Contestant] = []
    for threads in THREADS:
        vision = build_vision(msgspec.structs.replace(settings, threads=threads), folders)
        parts = vision.parts(settings.face_policy, VERIFY_LIMITS)
        contestants.append(Contestant(OURS, threads, _ours(frame, parts)))
        if detector is not None and recogniser is not None:
            contestants.append(Contestant(OPENCV, threads, _opencv(frame, detector, recogniser)))
    times = race(contestants, rounds)
    rows = tuple(
        BenchRow(
            implementation=contestant.implementation,
            threads=contestant.threads,
            stage=stage,
            p50_ms=float(np.percentile(spent, 50)),
            p95_ms=float(np.percentile(spent, 95)),
        )
        for contestant, stages in zip(contestants, times, strict=True)
        for stage, spent in stages.items()
    )
    document = Bench(
        frame=f"{WIDTH_PX}x{HEIGHT_PX}, one face",
        rounds=rounds,
        model=settings.model,
        rows=rows,
        ratio=ratio(rows),
    )
    return _answer(document)


def race(contestants: list[Contestant], rounds: int) -> list[dict[str, list[float]]]:
    """Let all contestants run in turn, so that a disturbance meets every one of them.

    Returns:
        For each contestant its stages' times in milliseconds, one a round.
    """
    times: list[dict[str, list[float]]] = [{} for _ in contestants]
    for turn in range(WARM_UP + rounds):
        for contestant, stages in zip(contestants, times, strict=True):
            cv2.setNumThreads(contestant.threads)
            spent = contestant.run()
            if turn < WARM_UP:
                continue
            for stage, value in spent.items():
                stages.setdefault(stage, []).append(value)
        if turn == WARM_UP:
            talk(f"Measuring {rounds} rounds of {len(contestants)} contestants…")
    return times


def ratio(rows: tuple[BenchRow, ...]) -> float | None:
    """Our median over OpenCV's for the whole frame on one thread; None without OpenCV's."""
    medians = {
        row.implementation: row.p50_ms for row in rows if row.threads == 1 and row.stage == WHOLE
    }
    return medians[OURS] / medians[OPENCV] if OPENCV in medians else None


def _ours(frame: Frame, parts: Parts) -> Run:
    def run() -> Mapping[str, float]:
        started = time.perf_counter()
        analysis = analyse(frame, parts)
        whole_ms = (time.perf_counter() - started) * 1e3
        assert analysis.embedding is not None, "the specimen is a usable face"
        return {**analysis.stage_ms, WHOLE: whole_ms}

    return run


def _opencv(frame: Frame, detector: Path, recogniser: Path) -> Run:
    """FaceDetectorYN and FaceRecognizerSF at the same frame.

    Raises:
        ModelContractError: OpenCV cannot load a file, or finds no face with it.
    """
    try:
        finder = cv2.FaceDetectorYN.create(
            str(detector), "", (frame.width_px, frame.height_px), _OPENCV_SCORE
        )
        comparer = cv2.FaceRecognizerSF.create(str(recogniser), "")
    except cv2.error as error:
        raise ModelContractError(name="OpenCV", reason="its files cannot be loaded") from error

    def run() -> Mapping[str, float]:
        started = time.perf_counter()
        _, faces = finder.detect(frame.pixels)
        detected = time.perf_counter()
        if faces is None:
            raise ModelContractError(name="OpenCV", reason="it finds no face on the specimen")
        aligned = comparer.alignCrop(frame.pixels, faces[0])
        cropped = time.perf_counter()
        comparer.feature(aligned)
        done = time.perf_counter()
        return {
            "detect": (detected - started) * 1e3,
            "align": (cropped - detected) * 1e3,
            "embed": (done - cropped) * 1e3,
            WHOLE: (done - started) * 1e3,
        }

    return run


def _answer(document: Bench) -> Answer:
    rows = tuple(
        (row.implementation, str(row.threads), row.stage, f"{row.p50_ms:.2f}", f"{row.p95_ms:.2f}")
        for row in document.rows
    )
    summary = (
        "Without OpenCV's models (--opencv-detector, --opencv-recogniser) there is no ratio."
        if document.ratio is None
        else f"Whole frame, one thread: {document.ratio:.2f} of OpenCV's time."
    )
    title = f"{document.frame}; {document.rounds} rounds; model {document.model}"
    return Answer(document, (Table(_COLUMNS, rows, title), Line(summary, Style.STRONG)))
