"""Runs a plan in the C++ library: forward, inner maps, backward; of nets it knows nothing."""

import ctypes
import weakref
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from training.engine_cpu.native import EdgeSpec, EngineUnavailableError, OutsideSpec, library
from training.engine_cpu.plan import ABSENT, Plan, Span

CHANNEL_STEP = 16  # the kernels work on whole vectors of channels

Precision = Literal["fp32", "bf16"]


class Kernels:
    """The library's side of one plan: its memory, its threads, the maps of the last batch.

    Args:
        precision: How maps and their gradients are stored. Arithmetic, statistics, parameters and
            edges marked as full precision are float32 in both.
        threads: Free threads take the batch's shares as they come, and block while there are none.

    Raises:
        EngineUnavailableError: The library cannot be built, or the plan has a channel count that
            is no multiple of 16.
    """

    def __init__(self, plan: Plan, precision: Precision, threads: int) -> None:
        self._library = library()
        if any(edge.channels_out % CHANNEL_STEP for edge in plan.edges):
            raise EngineUnavailableError(
                reason=f"the net has channel counts that are no multiple of {CHANNEL_STEP}"
            )
        edges = (EdgeSpec * len(plan.edges))(*plan.edges)
        handle: int | None = self._library.pf_create(
            edges, len(edges), plan.states, threads, int(precision == "fp32")
        )
        if handle is None:
            raise EngineUnavailableError(reason=self._last_error())
        weakref.finalize(self, self._library.pf_destroy, handle)
        self._handle = handle
        self._width = plan.edges[-1].channels_out
        self._count = 0
        live = [
            edge
            for index, edge in enumerate(plan.edges)
            if self._library.pf_edge_is_live(handle, index)
        ]
        self._taught = sorted({number for edge in live for number in _parameters(edge)})

    def forward(self, images: Tensor, tensors: Sequence[Tensor]) -> Tensor:
        """The last state of a batch; running statistics among the tensors advance.

        Args:
            images: Float32 (N, 3, height, width), contiguous; must live until `backward` is done,
                and so must the tensors.
            tensors: By the plan's numbers, float32, contiguous.

        Returns:
            Float32 (N, channels).

        Raises:
            ValueError: A size that the plan cannot halve.
        """
        self._count, _, height, width = images.shape
        self._images, self._tensors = images, tensors
        self._pointers = (ctypes.c_void_p * len(tensors))(*(t.data_ptr() for t in tensors))
        output = torch.empty(self._count, self._width)
        self._call(
            "pf_forward",
            *(images.data_ptr(), self._count, height, width),
            *(self._pointers, output.data_ptr()),
        )
        return output

    def read(self, span: Span) -> Tensor:
        """States of the last forward pass as one map: float32 (N, C, H, W), channels last."""
        side = self._library.pf_map_side(self._handle, span.first)
        joined = torch.empty(self._count, side, side, span.channels)
        self._call("pf_read_map", span.first, span.planes, joined.data_ptr())
        return joined.permute(0, 3, 1, 2)

    def backward(
        self, output_gradient: Tensor, outside: Sequence[tuple[Span, Tensor]] = ()
    ) -> dict[int, Tensor]:
        """Gradients of the parameters that take part in the output, by their numbers, flat.

        Args:
            output_gradient: Float32 (N, channels) of the last forward pass.
            outside: Gradients of a loss on inner maps, (N, C, H, W) each; no state in two of them.
        """
        last = output_gradient.contiguous()
        joined = [
            (span, one.contiguous(memory_format=torch.channels_last)) for span, one in outside
        ]
        specs = (OutsideSpec * len(joined))(
            *(OutsideSpec(span.first, span.planes, one.data_ptr()) for span, one in joined)
        )
        sizes = [self._tensors[number].numel() for number in self._taught]
        flat = torch.zeros(sum(sizes))
        table = (ctypes.c_void_p * len(self._tensors))()
        address = flat.data_ptr()
        for number, size in zip(self._taught, sizes, strict=True):
            table[number] = address
            address += size * flat.element_size()
        self._call("pf_backward", last.data_ptr(), specs, len(specs), table)
        return dict(zip(self._taught, torch.split(flat, sizes), strict=True))

    def _last_error(self) -> str:
        message: bytes = self._library.pf_last_error()
        return message.decode()

    def _call(self, name: str, *arguments: object) -> None:
        if getattr(self._library, name)(self._handle, *arguments):
            raise ValueError(self._last_error())


def _parameters(edge: EdgeSpec) -> set[int]:
    """The numbers of an operation's parameters."""
    convolutions = {edge.depthwise, edge.pointwise, edge.depthwise_b, edge.pointwise_b}
    return (convolutions | {edge.slope, edge.gamma, edge.beta}) - {ABSENT}
