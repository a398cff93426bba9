"""A graph with the inputs and outputs of SCRFD that always finds the same faces."""

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

STRIDES, ANCHORS = (8, 16, 32), 2
SIDE_PX = 128


def tiny_scrfd(
    faces: Sequence[tuple[int, int, float]] = ((4, 3, 0.9),), *, points: bool = True
) -> bytes:
    """Finds `faces` on the grid of stride 16: column, row and score of each.

    Each is 64 px wide and high around its cell, with eyes 24 px apart.
    """
    outputs: dict[str, np.ndarray] = {}
    for stride in STRIDES:
        cells = (SIDE_PX // stride) ** 2 * ANCHORS
        outputs[f"score_{stride}"] = np.zeros((cells, 1), np.float32)
        outputs[f"box_{stride}"] = np.ones((cells, 4), np.float32)
        if points:
            outputs[f"points_{stride}"] = np.zeros((cells, 10), np.float32)
    for column, row, score in faces:
        cell = (row * (SIDE_PX // 16) + column) * ANCHORS + 1
        outputs["score_16"][cell] = score
        outputs["box_16"][cell] = 2.0
        if points:
            shape = [[-12, -12], [12, -12], [0, 2], [-10, 14], [10, 14]]
            outputs["points_16"][cell] = np.array(shape, np.float32).reshape(-1) / 16
    order = [f"{part}_{stride}" for part in ("score", "box", "points") for stride in STRIDES]
    names = [name for name in order if name in outputs]
    graph = helper.make_graph(
        [helper.make_node("Identity", [f"{name}_value"], [name]) for name in names],
        "scrfd",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, SIDE_PX, SIDE_PX])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, outputs[name].shape)
            for name in names
        ],
        [numpy_helper.from_array(outputs[name], f"{name}_value") for name in names],
    )
    model: onnx.ModelProto = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8
    )
    return model.SerializeToString()
