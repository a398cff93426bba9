"""The training step: embeds images, asks for the loss, leaves gradients on the net's parameters."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from training.engine_cpu.kernels import Kernels, Precision
from training.engine_cpu.plan import Span, plan_net
from training.nets.pocketnet import PocketNet, map_side

MIN_BATCH = 2  # one image has no batch statistics where a map is one pixel
IMAGE_AXES = 4


class FusedEngine:
    """Runs PocketNet's forward and backward pass in fused C++ kernels.

    The net stays an ordinary module: its parameters are read at each step and receive the
    gradients, its running statistics advance as in training mode. Optimisers, checkpoints, `eval()`
    and export need not know about the engine.

    Args:
        net: Float32 on the CPU. Read anew at each step; the input size may change between steps.
        precision: How feature maps and their gradients are stored. Arithmetic, statistics,
            parameters and the tail are float32 in both; "bf16" halves the memory and its traffic.
        threads: In fp32 and bf16 alike their number does not change the result.

    Raises:
        EngineUnavailableError: The library cannot be built, or the net has a channel count that
            is no multiple of 16.
    """

    def __init__(self, net: PocketNet, precision: Precision = "fp32", threads: int = 1) -> None:
        self._net = net
        self._precision = precision
        self._threads = threads
        self._build()

    def _build(self) -> None:
        self._plan = plan_net(self._net)
        self._kernels = Kernels(self._plan, self._precision, self._threads)
        self._kernel = self._net.tail.spatial.kernel_size[0]

    @property
    def map_names(self) -> tuple[str, ...]:
        """What `maps` of `embed_and_backward` may name: the stem's output and each cell's."""
        return tuple(self._plan.maps)

    def embed_and_backward(
        self,
        images: Tensor,
        loss_of_outputs: Callable[..., Tensor],
        maps: Sequence[str] = (),
    ) -> Tensor:
        """One training step up to the gradients, which are added to what is there.

        Args:
            images: Float32 (N, 3, side, side), N at least 2. Not modified.
            loss_of_outputs: From the embeddings (N, d) and, one argument each, the maps asked
                for, to a scalar loss. All of them carry autograd's history from here on. Float32;
                a map is (N, C, H, W) in channels-last order.
            maps: Names of inner maps, as the net names its modules ("cells.16").

        Returns:
            The loss, detached.

        Raises:
            ValueError: Images of a shape or type the net does not take, a map there is not, or a
                loss of something else.
        """
        images = self._checked(images)
        if self._net.tail.spatial.kernel_size[0] != self._kernel:
            self._build()
        spans = self._spans(maps)
        tensors = [getattr(module, name) for module, name in self._plan.tensors]
        values = [
            tensor if tensor.is_contiguous() else tensor.detach().contiguous() for tensor in tensors
        ]
        outputs = [self._kernels.forward(images, values)]
        self._count_batch()
        outputs += [self._kernels.read(span) for span in spans]
        for output in outputs:
            output.requires_grad_()
        loss = loss_of_outputs(*outputs)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        self._teach(outputs, spans, tensors)
        return loss.detach()

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

    def _spans(self, maps: Sequence[str]) -> list[Span]:
        if len(set(maps)) != len(maps):
            raise ValueError("a map is asked for twice")
        for name in maps:
            if name not in self._plan.maps:
                known = ", ".join(self._plan.maps)
                raise ValueError(f"the net has no map '{name}'; there are {known}")
        return [self._plan.maps[name] for name in maps]

    def _count_batch(self) -> None:
        counts = [norm.num_batches_tracked for norm in self._plan.norms]
        # One call: 230 additions of their own take longer than the packing of all weights.
        torch._foreach_add_([count for count in counts if count is not None], 1)

    def _teach(
        self, outputs: Sequence[Tensor], spans: Sequence[Span], tensors: Sequence[Tensor]
    ) -> None:
        """The backward pass from the outputs' gradients to those of the parameters."""
        embedding, *maps = outputs
        if all(output.grad is None for output in outputs):
            raise ValueError("the loss does not depend on the embedding or on a map")
        last = torch.zeros_like(embedding) if embedding.grad is None else embedding.grad
        outside = [
            (span, one.grad) for span, one in zip(spans, maps, strict=True) if one.grad is not None
        ]
        for number, gradient in self._kernels.backward(last, outside).items():
            parameter = tensors[number]
            if not parameter.requires_grad:
                continue
            if parameter.grad is None:
                parameter.grad = gradient.view_as(parameter)
            else:
                parameter.grad += gradient.view_as(parameter)
