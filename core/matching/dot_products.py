"""Dot products of one probe with very many vectors, in eight bits, by onnxruntime.

onnxruntime brings the fastest integer product that every user of this program already has; it is
asked for by a graph of one node, written here.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from core.wire_format import delimited, number

CHUNK_ROWS = 65_536  # vectors a graph: large enough for two threads, small enough to pack quickly
ROW_LIMIT = 127  # levels of a stored number on each side of 0
# Products are added in pairs of 16 bits where the processor has nothing better:
# 127 · 127 · 2 still fits, so a probe's digit may have 128 levels, here −64…63.
DIGIT_LEVELS = 128
DIGIT_ZERO = 64
DIGIT_STEP = 1 / DIGIT_ZERO
OPSET, IR_VERSION = 13, 8  # understood by every onnxruntime that this program accepts
UINT8, INT8, INT32 = 2, 3, 6  # TensorProto.DataType


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Up to CHUNK_ROWS vectors in eight bits.

    Attributes:
        rows: How many.
        scale: One level, in units of the vectors.
        error: Greatest length of the difference between a vector and its eight-bit form.
        length: Greatest length of an eight-bit form.
    """

    rows: int
    scale: float
    error: float
    length: float
    _session: onnxruntime.InferenceSession

    @classmethod
    def build(cls, vectors: NDArray[np.float32], threads: int) -> Self:
        """Round and pack.

        Args:
            vectors: float32 (n, D), 1 ≤ n ≤ CHUNK_ROWS. Not modified.
            threads: Processor threads a product may use.
        """
        scale = float(np.abs(vectors).max()) / ROW_LIMIT or 1.0
        rounded = np.rint(vectors / scale).astype(np.int8)
        restored = rounded * np.float32(scale)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Threads that spin between two probes would take the camera's time.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        session = onnxruntime.InferenceSession(
            product_graph(rounded), options, providers=["CPUExecutionProvider"]
        )
        return cls(
            rows=len(vectors),
            scale=scale,
            error=float(np.linalg.norm(vectors - restored, axis=1).max()),
            length=float(np.linalg.norm(restored, axis=1).max()),
            _session=session,
        )

    def products(self, probe: "Digits") -> NDArray[np.float32]:
        """float32 (rows,): each eight-bit vector times the rounded probe."""
        (answer,) = self._session.run(None, {"probe": probe.digits})
        high, low = answer.astype(np.float32)
        high += low * np.float32(DIGIT_STEP)
        high *= np.float32(self.scale * probe.scale)
        return np.asarray(high, dtype=np.float32)

    def bound(self, probe: "Digits") -> float:
        """By how much a product may differ from the exact one at most (Cauchy and Schwarz)."""
        return self.error * probe.exact_length + self.length * probe.error


@dataclass(frozen=True, slots=True, eq=False)
class Digits:
    """A probe in two digits of seven bits: coarse and what is left of it.

    Attributes:
        digits: uint8 (2, D), zero at 64.
        scale: What one level of the coarse digit stands for.
        error: Length of what the two digits leave out.
        exact_length: Length of the probe itself.
    """

    digits: NDArray[np.uint8]
    scale: float
    error: float
    exact_length: float

    @classmethod
    def of(cls, vector: NDArray[np.float32]) -> Self:
        """Round a float32 (D,) vector. Not modified."""
        exact = vector.astype(np.float64)
        scale = float(np.abs(exact).max()) / (DIGIT_ZERO - 1) or 1.0
        coarse = np.rint(exact / scale)
        fine = np.rint((exact / scale - coarse) * DIGIT_ZERO)
        fine = np.minimum(fine, DIGIT_ZERO - 1)
        restored = (coarse + fine * DIGIT_STEP) * scale
        digits = (np.stack([coarse, fine]) + DIGIT_ZERO).astype(np.uint8)
        return cls(
            digits,
            scale,
            error=float(np.linalg.norm(exact - restored)),
            exact_length=float(np.linalg.norm(exact)),
        )


def product_graph(rows: NDArray[np.int8]) -> bytes:
    """An ONNX file with one MatMulInteger: probe uint8 (2, D) times `rows`, int32 (2, n).

    Args:
        rows: int8 (n, D). Not modified.
    """
    count, size = rows.shape
    node = b"".join(delimited(1, name) for name in (b"probe", b"rows", b"zero"))
    node += delimited(2, b"products") + delimited(4, b"MatMulInteger")
    graph = delimited(1, node) + delimited(2, b"products")
    graph += delimited(5, _tensor(b"rows", INT8, (size, count), np.ascontiguousarray(rows.T)))
    graph += delimited(5, _tensor(b"zero", UINT8, (), np.array(DIGIT_ZERO, dtype=np.uint8)))
    graph += delimited(11, _value(b"probe", UINT8, (2, size)))
    graph += delimited(12, _value(b"products", INT32, (2, count)))
    return number(1, IR_VERSION) + delimited(7, graph) + delimited(8, number(2, OPSET))


def _tensor(
    name: bytes, kind: int, shape: tuple[int, ...], values: NDArray[np.int8] | NDArray[np.uint8]
) -> bytes:
    dims = b"".join(number(1, size) for size in shape)
    return dims + number(2, kind) + delimited(8, name) + delimited(9, values.tobytes())


def _value(name: bytes, kind: int, shape: tuple[int, ...]) -> bytes:
    dims = b"".join(delimited(1, number(1, size)) for size in shape)
    tensor = number(1, kind) + delimited(2, dims)
    return delimited(1, name) + delimited(2, delimited(1, tensor))
