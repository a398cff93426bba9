"""Make the height and width of the published YuNet file symbolic: `python -m … SOURCE TARGET`.

The published graph states 640×640, and onnxruntime refuses any other size, although nothing in
the graph depends on it: every reshape infers its length. Weights are untouched.
"""

import argparse
import hashlib
from pathlib import Path

import onnx

SOURCE_SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
"""Of face_detection_yunet_2023mar.onnx as published by opencv/opencv_zoo."""

_HEIGHT_AXIS, _WIDTH_AXIS = 2, 3


def make_symbolic(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy whose input is (1, 3, height, width) and whose outputs have as many rows as cells.

    Args:
        model: The published graph. Not modified.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    # Shapes of inner values were inferred at 640×640; onnxruntime would warn at any other size.
    del graph.value_info[:]
    dims = graph.input[0].type.tensor_type.shape.dim
    dims[_HEIGHT_AXIS].dim_param = "height"
    dims[_WIDTH_AXIS].dim_param = "width"
    for output in graph.output:
        output.type.tensor_type.shape.dim[1].dim_param = f"cells_{output.name.split('_')[-1]}"
    # Initialisers that are also inputs could be overridden, which keeps them from being folded.
    constants = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in constants]
    del graph.input[:]
    graph.input.extend(inputs)
    onnx.checker.check_model(result)
    return result


def main() -> None:
    """Read SOURCE, check that it is the published file, write TARGET."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    data = arguments.source.read_bytes()
    if hashlib.sha256(data).hexdigest() != SOURCE_SHA256:
        parser.error(f"{arguments.source} is not face_detection_yunet_2023mar.onnx as published")
    written = make_symbolic(onnx.load_from_string(data)).SerializeToString()
    arguments.target.write_bytes(written)
    print(hashlib.sha256(written).hexdigest())  # noqa: T201 - the command's one answer


if __name__ == "__main__":
    main()
