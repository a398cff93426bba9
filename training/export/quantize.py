"""A model in 8-bit integers: static QDQ, with ranges seen on training faces."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

from core.vision.onnx_model import open_session
from core.vision.tensors import to_blob
from training.nets.onnx_graph import INPUT
from training.subjects import Network

CALIBRATION_CROPS = 200  # training faces; ranges change by less than 1 % from there on


class _Crops(CalibrationDataReader):  # type: ignore[misc] # onnxruntime is untyped
    """Feeds crops one at a time, as onnxruntime asks for them."""

    def __init__(self, network: Network, crops: NDArray[np.uint8]) -> None:
        self._blobs = _blobs(network, crops)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next input, or None at the end."""
        return next(self._blobs, None)


def _blobs(network: Network, crops: NDArray[np.uint8]) -> Iterator[dict[str, NDArray[np.float32]]]:
    for crop in crops:
        yield {INPUT: to_blob(crop[None], network.spec)}


def _prepared(model: bytes) -> bytes:
    """With inner shapes, and marked as ready: the graph has been folded already."""
    prepared = onnx.shape_inference.infer_shapes(onnx.load_from_string(model))
    prepared.metadata_props.add(key="onnx.quant.pre_process", value="onnxruntime.quant")
    result: bytes = prepared.SerializeToString()
    return result


def quantized(network: Network, crops: NDArray[np.uint8], name: str) -> Network:
    """The same network in 8-bit integers.

    Weights by output channel, signed; activations unsigned, with the range that covers all but
    the rarest values. Weights use 7 bits: processors without 8-bit dot products saturate otherwise.

    Args:
        network: An exported network. Not modified.
        crops: uint8 (N, 112, 112, 3), BGR: faces that were trained on.
        name: Of the new one.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        source.write_bytes(_prepared(network.model))
        quantize_static(
            source,
            target,
            _Crops(network, crops[:CALIBRATION_CROPS]),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
        model = target.read_bytes()
    return Network(name, model, network.spec, open_session(model, name))
