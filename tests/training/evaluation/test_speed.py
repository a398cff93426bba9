"""Times: of every model, in turns, in milliseconds that follow the work."""

from core.vision.onnx_model import open_session
from tests.training.runs import settled_net
from training.evaluation.speed import time_sessions
from training.nets.to_onnx import to_onnx


def session(side: int):
    model = to_onnx(settled_net(side=side)).SerializeToString()
    return open_session(model, str(side)), (1, 3, side, side)


def test_more_pixels_take_longer() -> None:
    found = time_sessions({"small": session(16), "large": session(96)}, rounds=8)

    assert found["large"].best_ms > 2 * found["small"].best_ms
    for speed in found.values():
        assert 0 < speed.best_ms <= speed.median_ms
        assert speed.wall_ms < 10_000
