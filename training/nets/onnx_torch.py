"""An ONNX embedding network as a torch module, so that a teacher runs wherever the student does.

The graph is walked node by node; nothing of the file is executed or unpickled. Inner tensors can
be asked for by name, and gradients flow through to the pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn

from core.errors import ModelContractError
from core.vision.onnx_model import open_session
from training.nets.onnx_operators import OPERATORS, Attribute, Call, UnsupportedError
from training.nets.onnx_teacher import check_maps, free_batch


@dataclass(frozen=True, slots=True)
class Node:
    """One operation of the graph.

    Attributes:
        inputs: Names of tensors; empty where one is left out.
        last_use: Names that nothing reads after this node, so that their memory can go.
    """

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Attribute]
    last_use: tuple[str, ...]


class OnnxModule(nn.Module):
    """The graph. Made by `torch_form`; its constants are buffers, so `.to(device)` moves them.

    Attributes:
        names: Of the outputs in order: the embedding, then the inner maps asked for.
    """

    def __init__(
        self,
        name: str,
        source: str,
        nodes: Sequence[Node],
        constants: dict[str, Tensor],
        names: Sequence[str],
    ) -> None:
        super().__init__()
        self.name = name
        self.names = tuple(names)
        self._source = source
        self._nodes = tuple(nodes)
        self._places: dict[str, str] = {}
        # Whole numbers steer operators and are read by Python, so they stay on the host.
        self._steering = {
            key: value for key, value in constants.items() if not value.is_floating_point()
        }
        floating = {key: value for key, value in constants.items() if value.is_floating_point()}
        for index, (key, value) in enumerate(floating.items()):
            self._places[key] = f"constant_{index}"
            self.register_buffer(self._places[key], value, persistent=False)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """The embedding as the graph gives it, flattened to (N, d), then the inner maps.

        Args:
            x: float (N, 3, H, W), normalised as the graph's own input. Not modified.

        Raises:
            ModelContractError: A form of an operator that has no torch form here.
        """
        values: dict[str, Tensor] = {self._source: x, **self._steering}
        values |= {key: self.get_buffer(place) for key, place in self._places.items()}
        for node in self._nodes:
            call = Call(tuple(values[key] if key else None for key in node.inputs), node.attributes)
            try:
                result = OPERATORS[node.kind](call)
            except UnsupportedError as error:
                raise ModelContractError(
                    name=self.name, reason=f"its {node.kind} layer has no torch form here: {error}"
                ) from error
            results = result if isinstance(result, tuple) else (result,)
            values.update(zip(node.outputs, results, strict=False))
            for key in node.last_use:
                values.pop(key, None)
        embedding, *maps = (values[key] for key in self.names)
        return embedding.flatten(1), *maps


def read_torch_form(path: Path, maps: Sequence[str] = ()) -> OnnxModule:
    """An ONNX file as a torch module for batches of any size.

    Args:
        maps: Names of inner tensors to give out after the embedding.

    Raises:
        ModelContractError: Unreadable, or an operator or tensor that is not known.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelContractError(name=path.name, reason=str(error)) from error
    open_session(data, path.name)  # refuses in words what the reading below would stumble over
    return torch_form(free_batch(onnx.load_from_string(data)), path.name, maps)


def torch_form(model: onnx.ModelProto, name: str, maps: Sequence[str] = ()) -> OnnxModule:
    """A graph of ordinary layers as a torch module in evaluation mode, without parameters.

    Args:
        model: With one picture input and the embedding as its first output.
        name: For error messages.
        maps: Names of inner tensors to give out after the embedding.

    Raises:
        ModelContractError: An operator or tensor that is not known, named in the sentence.
    """
    graph = model.graph
    constants = {tensor.name: _tensor(tensor) for tensor in graph.initializer}
    sources = [value.name for value in graph.input if value.name not in constants]
    if len(sources) != 1:
        raise ModelContractError(name=name, reason=f"it has {len(sources)} inputs, not 1")
    names = [graph.output[0].name, *maps]
    check_maps(graph, name, maps)
    nodes = _needed(graph, names)
    for node in nodes:
        if node.op_type == "Constant":
            constants[node.output[0]] = _constant(node, name)
        elif node.op_type not in OPERATORS or node.domain not in ("", "ai.onnx"):
            raise ModelContractError(
                name=name, reason=f"its layer {node.op_type} has no torch form here"
            )
    rest = [node for node in nodes if node.op_type != "Constant"]
    kept = {*names, *constants}
    module = OnnxModule(name, sources[0], _with_last_use(rest, kept), constants, names)
    return module.eval()


def _needed(graph: onnx.GraphProto, names: Sequence[str]) -> list[onnx.NodeProto]:
    """The nodes that the asked-for tensors depend on, in the graph's order."""
    wanted = set(names)
    needed = []
    for node in reversed(graph.node):
        if wanted & set(node.output):
            needed.append(node)
            wanted |= set(node.input)
    return needed[::-1]


def _with_last_use(nodes: Sequence[onnx.NodeProto], kept: set[str]) -> list[Node]:
    later: set[str] = set(kept)
    result = []
    for node in reversed(nodes):
        # An output that nothing reads goes at once, as does an input read here for the last time.
        ended = {key for key in (*node.input, *node.output) if key} - later
        later |= set(node.input)
        attributes = {item.name: _attribute(item) for item in node.attribute}
        result.append(
            Node(node.op_type, tuple(node.input), tuple(node.output), attributes, tuple(ended))
        )
    return result[::-1]


def _attribute(item: onnx.AttributeProto) -> Attribute:
    value: Attribute = helper.get_attribute_value(item)
    return value


def _constant(node: onnx.NodeProto, name: str) -> Tensor:
    item = node.attribute[0]
    value = helper.get_attribute_value(item)
    if isinstance(value, onnx.TensorProto):
        return _tensor(value)
    if item.name in ("value_float", "value_floats"):
        return torch.tensor(value, dtype=torch.float32)
    if item.name in ("value_int", "value_ints"):
        return torch.tensor(value, dtype=torch.int64)
    raise ModelContractError(name=name, reason=f"its constant of kind {item.name} is not known")


def _tensor(tensor: onnx.TensorProto) -> Tensor:
    array = np.array(numpy_helper.to_array(tensor))  # a copy: torch wants to own what it may write
    return torch.from_numpy(array.astype(np.float32) if array.dtype == np.float16 else array)
