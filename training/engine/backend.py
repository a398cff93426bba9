"""What computes gradients: PyTorch on any device, or the fused kernels on a CPU."""

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Literal, Protocol

import torch
from torch import Tensor, nn

from core.errors import UsageError
from training import engine_cpu
from training.engine.loss_scale import LossScale
from training.engine_cpu.native import EngineUnavailableError
from training.nets.pocketnet import PocketNet
from training.recipe.sections import RunSection

log = logging.getLogger(__name__)

Loss = Callable[..., Tensor]
"""(embedding, *maps) → scalar."""

HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}


class Engine(Protocol):
    """Embeds pictures, asks for the loss, leaves gradients on the network's parameters."""

    def embed_and_backward(self, images: Tensor, loss: Loss, maps: Sequence[str] = ()) -> Tensor:
        """One forward and backward pass in training mode.

        Args:
            images: float32 (N, 3, side, side). Not modified.
            loss: (embedding, *maps) → scalar; all float32.
            maps: Names of parts of the network whose outputs, (N, C, H, W), the loss sees too.

        Returns:
            The loss, detached. Gradients are added to what is there.
        """
        ...


class TorchEngine:
    """The network as PyTorch runs it.

    Args:
        net: On its device.
        run: Precision, memory order and compilation.
        scale: Of the loss, for fp16.
    """

    def __init__(
        self, net: nn.Module, run: RunSection, device: torch.device, scale: LossScale
    ) -> None:
        self._net = net
        self._scale = scale
        self._device = device
        self._precision = precision_of(run, device)
        self._order = torch.channels_last if run.channels_last else torch.contiguous_format
        self._compile = run.compile
        self._taps: dict[tuple[str, ...], nn.Module] = {}
        for module in net.modules():
            if isinstance(module, nn.Conv2d):
                with torch.no_grad():
                    module.weight.data = module.weight.contiguous(memory_format=self._order)

    def autocast(self) -> AbstractContextManager[object]:
        """In which a forward pass is computed in the recipe's precision."""
        if self._precision == "fp32":
            return nullcontext()
        return torch.autocast(self._device.type, HALF[self._precision])

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of a loss to its parameters'."""
        torch.autograd.backward(loss * self._scale.factor)

    def embed_and_backward(self, images: Tensor, loss: Loss, maps: Sequence[str] = ()) -> Tensor:
        """As the protocol says."""
        images = images.contiguous(memory_format=self._order)
        with self.autocast():
            outputs = self._tapped(tuple(maps))(images)
        value = loss(*(output.float() for output in outputs))
        self.backward(value)
        return value.detach()

    def _tapped(self, names: tuple[str, ...]) -> nn.Module:
        if names not in self._taps:
            tapped = Tapped(self._net, names)
            # torch.compile returns a module whose type says nothing of it.
            self._taps[names] = torch.compile(tapped) if self._compile else tapped  # type: ignore[assignment]
        return self._taps[names]


class Tapped(nn.Module):
    """A network that also returns what some of its parts put out."""

    def __init__(self, net: nn.Module, names: Sequence[str]) -> None:
        super().__init__()
        self._net = net
        self._parts = [net.get_submodule(name) for name in names]

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """(N, 3, side, side) → the embedding and the maps, in the order of their names."""
        seen: dict[int, Tensor] = {}

        def watch(index: int) -> Callable[[nn.Module, object, Tensor], None]:
            def keep(_module: nn.Module, _inputs: object, output: Tensor) -> None:
                seen[index] = output

            return keep

        handles = [
            part.register_forward_hook(watch(index)) for index, part in enumerate(self._parts)
        ]
        embedding = self._net(images)
        for handle in handles:
            handle.remove()
        return (embedding, *(seen[index] for index in range(len(self._parts))))


def precision_of(run: RunSection, device: torch.device) -> Literal["fp32", "bf16", "fp16"]:
    """What torch computes in on a device."""
    if run.precision == "auto":
        return "bf16" if device.type == "cuda" else "fp32"
    return run.precision


def choose_engine(
    run: RunSection, net: nn.Module, device: torch.device, scale: LossScale
) -> Engine:
    """The engine a recipe asks for.

    Raises:
        UsageError: The fused kernels are asked for and cannot be used here.
    """
    reason = fused_refused(run, net, device)
    # The fused kernels bring threads of their own; torch's spin, and would fight with them over
    # the little that is left to do.
    torch.set_num_threads(1 if reason is None else run.threads)
    if reason is None and isinstance(net, PocketNet):
        stored: Literal["fp32", "bf16"] = "fp32" if run.precision == "fp32" else "bf16"
        try:
            return engine_cpu.FusedEngine(net, precision=stored, threads=run.threads)
        except EngineUnavailableError as error:
            reason = error.sentence
    if run.engine == "fused":
        raise UsageError(reason=reason or "the fused kernels know PocketNets only")
    torch.set_num_threads(run.threads)
    if run.engine == "auto" and device.type == "cpu":
        log.info("torch computes the gradients, several times slower: %s", reason)
    return TorchEngine(net, run, device, scale)


def fused_refused(run: RunSection, net: nn.Module, device: torch.device) -> str | None:
    """Why the fused kernels are not used, in words; None where they are."""
    if run.engine == "torch":
        return "the recipe asks for torch"
    if device.type != "cpu":
        return "the fused kernels run on a CPU"
    if not isinstance(net, PocketNet):
        return "the fused kernels know PocketNets only"
    if run.precision == "fp16" or run.compile:
        return "fp16 and torch.compile are of the torch engine"
    return engine_cpu.available()
