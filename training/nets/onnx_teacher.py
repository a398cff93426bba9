"""Any ONNX embedding network as a teacher, rewritten to run fast on a CPU.

Its inner maps can be asked for by name. `onnx_torch` runs the same files where the student runs.

onnxruntime has no blocked-layout kernel for PRelu, so each one forces the tensor out of that
layout and back. a·x + (1 − a)·relu(x) is the same function and stays inside it: SFace takes half
the time, with answers that differ by 1e-6.
"""

import difflib
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from core.domain.model_card import InputSpec
from core.errors import ModelContractError
from core.vision.onnx_model import open_session
from core.vision.tensors import to_blob

SFACE_INPUT = InputSpec(
    width=112, height=112, colour="rgb", mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)
)
"""SFace subtracts 127.5 and divides by 128 inside its graph."""

NEAR_NAMES = 3  # how many tensors of a similar name a refusal offers
BATCH = 2  # pictures a run; SFace on one Zen 3 core: 24 ms each at 1, 22 at 2, 24 at 4, 28 at 16


class OnnxTeacher:
    """A loaded teacher.

    Args:
        path: An ONNX file with one picture input (N or 1, 3, H, W) and the embedding as its
            first output.
        spec: How pictures become its input.
        threads: Of onnxruntime.
        maps: Names of inner tensors that `answer_with_maps` gives out.

    Raises:
        ModelContractError: The file cannot be read or run, or has no tensor of that name.
    """

    def __init__(
        self, path: Path, spec: InputSpec, threads: int = 1, maps: Sequence[str] = ()
    ) -> None:
        self._spec = spec
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ModelContractError(name=path.name, reason=str(error)) from error
        self.digest = hashlib.sha256(data).hexdigest()
        model = fast_form(data, path.name, maps)
        self._session = open_session(model, path.name, threads)
        self._maps = len(maps)

    def answer(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Unit-length embeddings.

        Args:
            crops: uint8 (N, 112, 112, 3), BGR. Not modified.

        Returns:
            float32 (N, d).
        """
        return self.answer_with_maps(crops)[0]

    def answer_with_maps(
        self, crops: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float32], tuple[NDArray[np.float32], ...]]:
        """Unit-length embeddings, and the inner tensors asked for at the start.

        Args:
            crops: uint8 (N, 112, 112, 3), BGR. Not modified.

        Returns:
            float32 (N, d), and float32 (N, …) for each name in `maps`.
        """
        outputs = self._session.run(to_blob(crops, self._spec))
        vectors = outputs[0].reshape(len(crops), -1)
        unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit, outputs[len(outputs) - self._maps :]


def answer_all(
    teacher: OnnxTeacher, crops: NDArray[np.uint8], batch: int = BATCH
) -> Iterator[NDArray[np.float32]]:
    """Answers in small batches, so that a caller can report progress."""
    for start in range(0, len(crops), batch):
        yield teacher.answer(np.asarray(crops[start : start + batch]))


def fast_form(data: bytes, name: str, maps: Sequence[str] = ()) -> bytes:
    """An ONNX file with a free batch and without PRelu, and with inner tensors as last outputs.

    Raises:
        ModelContractError: onnxruntime cannot load the bytes, or there is no such tensor.
    """
    open_session(data, name)  # refuses in words what the rewriting below would stumble over
    model = rewrite_prelu(free_batch(onnx.load_from_string(data)))
    check_maps(model.graph, name, maps)
    result: bytes = with_outputs(model, maps).SerializeToString()
    return result


def check_maps(graph: onnx.GraphProto, name: str, maps: Sequence[str]) -> None:
    """Refuse names of inner tensors that a graph does not have.

    Raises:
        ModelContractError: One is missing; the sentence offers near names.
    """
    known = [output for node in graph.node for output in node.output if output]
    for wanted in maps:
        if wanted not in known:
            near = ", ".join(difflib.get_close_matches(wanted, known, NEAR_NAMES, 0.0))
            raise ModelContractError(
                name=name, reason=f"it has no inner map '{wanted}'; near names are {near}"
            )


def with_outputs(model: onnx.ModelProto, maps: Sequence[str]) -> onnx.ModelProto:
    """A copy that also gives out inner tensors, after its own outputs.

    Args:
        model: Not modified.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    result.graph.output.extend(
        helper.make_tensor_value_info(wanted, TensorProto.FLOAT, None) for wanted in maps
    )
    return result


def free_batch(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy whose first dimension is symbolic, and whose constants are no inputs.

    Args:
        model: Not modified.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    constants = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in constants]
    del graph.input[:]
    graph.input.extend(inputs)
    # Inner shapes were inferred for the fixed batch; onnxruntime would warn at any other.
    del graph.value_info[:]
    _free_reshapes(graph)
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    return result


def _free_reshapes(graph: onnx.GraphProto) -> None:
    """In a graph for one picture, a reshape to (1, …) keeps the batch instead; in place."""
    fixed = graph.input[0].type.tensor_type.shape.dim[0].dim_value
    stored = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            stored[node.output[0]] = node.attribute[0].t
    targets = [node.input[1] for node in graph.node if node.op_type == "Reshape"]
    for name in set(targets) & set(stored):
        shape = np.array(numpy_helper.to_array(stored[name]))
        if fixed == 1 and len(shape) and shape[0] == 1:
            shape[0] = 0  # as long as the input's own first axis
            stored[name].CopyFrom(numpy_helper.from_array(shape, stored[name].name))


def rewrite_prelu(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy with every PRelu of constant slope a written as a·x + (1 − a)·relu(x).

    Args:
        model: Not modified.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        if node.op_type != "PRelu" or node.input[1] not in constants:
            nodes.append(node)
            continue
        source, slope = node.input
        name = node.output[0]
        rest = f"{name}/one_minus_slope"
        values = numpy_helper.to_array(constants[slope])
        graph.initializer.append(numpy_helper.from_array(1 - values, rest))
        nodes += [
            helper.make_node("Relu", [source], [f"{name}/relu"]),
            helper.make_node("Mul", [source, slope], [f"{name}/scaled"]),
            helper.make_node("Mul", [f"{name}/relu", rest], [f"{name}/positive"]),
            helper.make_node("Add", [f"{name}/scaled", f"{name}/positive"], [name]),
        ]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(result)
    return result
