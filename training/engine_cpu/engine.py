"""The training step: embeds images, asks for the loss, leaves gradients on the net's parameters."""

import ctypes
import weakref
from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from training.engine_cpu.native import EdgeSpec, EngineUnavailableError, library
from training.engine_cpu.plan import ABSENT, Kind, plan_net
from training.nets.pocketnet import PocketNet, map_side

CHANNEL_STEP = 16  # the kernels work on whole vectors of channels
MIN_BATCH = 2  # one image has no batch statistics where a map is one pixel
IMAGE_AXES = 4

Precision = Literal["fp32", "bf16"]
Pointers = ctypes.Array[ctypes.c_void_p]


class FusedEngine:
    """Runs PocketNet's forward and backward pass in fused C++ kernels.

    The net stays an ordinary module: its parameters are read at each step and receive the
    gradients, its running statistics advance as in training mode. Optimisers, checkpoints, `eval()`
    and export need not know about the engine.

    Args:
        net: Float32 on the CPU. Read anew at each step; the input size may change between steps.
        precision: How feature maps and their gradients are stored. Arithmetic, statistics,
            parameters and the tail are float32 in both; "bf16" halves the memory and its traffic.
        threads: Each takes an equal share of the images. They block while there is no work.

    Raises:
        EngineUnavailableError: The library cannot be built, or the net has a channel count that
            is no multiple of 16.
    """

    def __init__(self, net: PocketNet, precision: Precision = "fp32", threads: int = 1) -> None:
        self._library = library()
        self._net = net
        self._full = int(precision == "fp32")
        self._threads = threads
        self._release: weakref.finalize[[int], FusedEngine] | None = None
        self._build()

    def _build(self) -> None:
        """Plans the net and makes the library's side of it."""
        plan = plan_net(self._net)
        if any(edge.channels_out % CHANNEL_STEP for edge in plan.edges):
            raise EngineUnavailableError(
                reason=f"the net has channel counts that are no multiple of {CHANNEL_STEP}"
            )
        edges = (EdgeSpec * len(plan.edges))(*plan.edges)
        handle: int | None = self._library.pf_create(
            edges, len(edges), plan.states, self._threads, self._full
        )
        if handle is None:
            raise EngineUnavailableError(reason=self._last_error())
        if self._release is not None:
            self._release()
        self._release = weakref.finalize(self, self._library.pf_destroy, handle)
        self._handle = handle
        self._plan = plan
        self._kernel = self._net.tail.spatial.kernel_size[0]
        unread = [
            edge
            for index, edge in enumerate(plan.edges)
            if not self._library.pf_edge_is_live(handle, index)
        ]
        self._no_gradient = {number for edge in unread for number in _parameters(edge)}

    def embed_and_backward(
        self, images: Tensor, loss_of_embedding: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """One training step up to the gradients, which are added to what is there.

        Args:
            images: Float32 (N, 3, side, side), N at least 2. Not modified.
            loss_of_embedding: From the embeddings (N, d), which carry autograd's history from here
                on, to a scalar loss.

        Returns:
            The loss, detached.

        Raises:
            ValueError: Images of a shape or type the net does not take.
        """
        images = self._checked(images)
        if self._net.tail.spatial.kernel_size[0] != self._kernel:
            self._build()
        tensors = [getattr(module, name) for module, name in self._plan.tensors]
        values = [tensor.detach().contiguous() for tensor in tensors]
        pointers = _pointers(values)
        embedding = self._forward(images, pointers)
        loss = loss_of_embedding(embedding)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        if embedding.grad is None:
            raise ValueError("the loss does not depend on the embedding")
        self._backward(embedding.grad.contiguous(), tensors)
        return loss.detach()

    def _last_error(self) -> str:
        message: bytes = self._library.pf_last_error()
        return message.decode()

    def _checked(self, images: Tensor) -> Tensor:
        side = self._net.input_side
        shape = tuple(images.shape)
        if images.dtype != torch.float32 or images.device.type != "cpu":
            raise ValueError(f"images are float32 on the CPU, not {images.dtype}, {images.device}")
        if len(shape) != IMAGE_AXES or shape[0] < MIN_BATCH or shape[1:] != (3, side, side):
            raise ValueError(
                f"images are (N, 3, {side}, {side}) with N at least {MIN_BATCH}, not {shape}"
            )
        if map_side(side) != self._net.tail.spatial.kernel_size[0]:
            raise ValueError("the tail's kernel is not as large as the last map")
        return images.detach().contiguous()

    def _forward(self, images: Tensor, pointers: Pointers) -> Tensor:
        embedding = torch.empty(images.shape[0], self._net.shape.embedding)
        self._call("pf_forward", images.data_ptr(), *_batch(images), pointers, embedding.data_ptr())
        for norm in self._plan.norms:
            if norm.num_batches_tracked is not None:
                norm.num_batches_tracked += 1
        return embedding.requires_grad_()

    def _backward(self, gradient: Tensor, tensors: list[Tensor]) -> None:
        parameters = [
            (number, tensor)
            for number, tensor in enumerate(tensors)
            if isinstance(tensor, nn.Parameter) and number not in self._no_gradient
        ]
        sizes = [parameter.numel() for _, parameter in parameters]
        pieces = torch.split(torch.zeros(sum(sizes)), sizes)
        table = (ctypes.c_void_p * len(tensors))()
        for (number, _), piece in zip(parameters, pieces, strict=True):
            table[number] = piece.data_ptr()
        self._call("pf_backward", gradient.data_ptr(), table)
        for (_, parameter), piece in zip(parameters, pieces, strict=True):
            if not parameter.requires_grad:
                continue
            if parameter.grad is None:
                parameter.grad = piece.view_as(parameter)
            else:
                parameter.grad += piece.view_as(parameter)

    def _call(self, name: str, *arguments: object) -> None:
        if getattr(self._library, name)(self._handle, *arguments):
            raise ValueError(self._last_error())


def _pointers(tensors: Sequence[Tensor]) -> Pointers:
    return (ctypes.c_void_p * len(tensors))(*(tensor.data_ptr() for tensor in tensors))


def _batch(images: Tensor) -> tuple[int, int, int]:
    count, _, height, width = images.shape
    return count, height, width


def _parameters(edge: EdgeSpec) -> set[int]:
    """The numbers of an operation's parameters."""
    numbers = {edge.slope, edge.depthwise, edge.pointwise, edge.depthwise_b, edge.pointwise_b}
    if edge.kind not in (Kind.SKIP, Kind.NOTHING):
        numbers |= {edge.gamma, edge.beta}
    return numbers - {ABSENT}
