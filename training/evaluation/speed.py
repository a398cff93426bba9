"""How long one picture takes in onnxruntime on one thread, several models in turns."""

import time
from collections.abc import Mapping

import msgspec
import numpy as np

from core.vision.onnx_model import Session

ROUNDS = 50  # of all models in turn; the median is then steady to a few hundredths of its value
WARM_UP = 5  # first runs make plans and fill caches


class Speed(msgspec.Struct, frozen=True):
    """Milliseconds a picture, one at a time, onnxruntime on one thread.

    Attributes:
        median_ms: Of the processor time, which other programs on the machine disturb least.
        best_ms: The shortest.
        wall_ms: Median on the clock.
    """

    median_ms: float
    best_ms: float
    wall_ms: float


def time_sessions(
    sessions: Mapping[str, tuple[Session, tuple[int, ...]]], rounds: int = ROUNDS
) -> dict[str, Speed]:
    """Time models against each other.

    They run in turns, so that whatever else the machine does meets all of them alike.

    Args:
        sessions: By name, a model on one thread and the shape of its input.
    """
    random = np.random.default_rng(0)
    inputs = {
        name: random.standard_normal(shape).astype(np.float32)
        for name, (_, shape) in sessions.items()
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in sessions}
    for turn in range(WARM_UP + rounds):
        for name, (session, _) in sessions.items():
            wall, processor = time.perf_counter(), time.process_time()
            session.run(inputs[name])
            spent = time.process_time() - processor, time.perf_counter() - wall
            if turn >= WARM_UP:
                taken[name].append(spent)
    return {name: _speed(np.array(spent) * 1e3) for name, spent in taken.items()}


def _speed(spent: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> Speed:
    processor, wall = spent.T
    return Speed(float(np.median(processor)), float(processor.min()), float(np.median(wall)))
