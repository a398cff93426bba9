"""PocketNet: a face recognition network of searched cells, for any input size in steps of 8 px.

Source: Boutros et al., PocketNet: Extreme Lightweight Face Recognition Network using Neural
Architecture Search and Multi-Step Knowledge Distillation, IEEE Access 10 (2022) 46823–46833.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.errors import UsageError
from training.nets.genotype import CASIA, CIFAR, CellNodes, Genotype

STEM_MULTIPLIER = 4  # the stem is four times as wide as the first cells' nodes
TAIL_WIDTH = 512  # channels of the tail for embeddings of 128 and 256
PRELU_START = 0.25  # initial slope for negative values
SIZE_STEP_PX = 8  # the two factorized reductions need even maps; the last one does not
INPUT_SIDE_PX = 112


@dataclass(frozen=True, slots=True)
class Shape:
    """The numbers that tell the members of the family apart.

    Attributes:
        width: Channels of a node in the first cells; doubled by each reduction.
        cells: How many; reductions stand at one third, two thirds and the end.
        embedding: Numbers in the output.
    """

    width: int
    cells: int
    embedding: int

    @property
    def reductions(self) -> tuple[int, int, int]:
        """Indices of the cells that halve the map."""
        return self.cells // 3, 2 * self.cells // 3, self.cells - 1


class PReLU(nn.Module):
    """x where positive, a learnt slope per channel times x elsewhere."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.full((channels,), PRELU_START))

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as `x` (N, C, H, W)."""
        return functional.prelu(x, self.slope.to(x.dtype))


class Separable(nn.Module):
    """PReLU, depthwise k×k, pointwise 1×1, BatchNorm; with k = 1 also the cells' preprocessing."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.activation = PReLU(inputs)
        self.depthwise = nn.Conv2d(
            inputs, inputs, kernel, stride, kernel // 2, groups=inputs, bias=False
        )
        self.pointwise = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) → (N, outputs, ⌈H/stride⌉, ⌈W/stride⌉)."""
        result: Tensor = self.norm(self.pointwise(self.depthwise(self.activation(x))))
        return result


class FactorizedReduce(nn.Module):
    """Halves the map: two 1×1 branches of stride 2, one on the map shifted by one pixel."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.activation = PReLU(inputs)
        self.depthwise = nn.ModuleList(
            nn.Conv2d(inputs, inputs, 1, 2, groups=inputs, bias=False) for _ in range(2)
        )
        self.pointwise = nn.ModuleList(
            nn.Conv2d(inputs, outputs // 2, 1, bias=False) for _ in range(2)
        )
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) with even H and W → (N, outputs, H/2, W/2)."""
        active = self.activation(x)
        straight = self.pointwise[0](self.depthwise[0](active))
        shifted = self.pointwise[1](self.depthwise[1](active[:, :, 1:, 1:]))
        result: Tensor = self.norm(torch.cat([straight, shifted], dim=1))
        return result


class Pool(nn.Module):
    """A 3×3 pool of either kind, then BatchNorm."""

    def __init__(self, channels: int, kind: str, stride: int) -> None:
        super().__init__()
        self.pool: nn.Module = (
            nn.MaxPool2d(3, stride, 1)
            if kind == "max"
            else nn.AvgPool2d(3, stride, 1, count_include_pad=False)
        )
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → (N, C, ⌈H/stride⌉, ⌈W/stride⌉)."""
        result: Tensor = self.norm(self.pool(x))
        return result


class Zero(nn.Module):
    """No connection: zeros of the right size."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → (N, C, ⌈H/stride⌉, ⌈W/stride⌉), all zero."""
        return x[:, :, :: self.stride, :: self.stride] * 0.0


def _skip(channels: int, stride: int) -> nn.Module:
    return nn.Identity() if stride == 1 else FactorizedReduce(channels, channels)


OPERATIONS: dict[str, Callable[[int, int], nn.Module]] = {
    "max_pool_3x3": lambda channels, stride: Pool(channels, "max", stride),
    "avg_pool_3x3": lambda channels, stride: Pool(channels, "avg", stride),
    "skip_connect": _skip,
    "dw_conv_1x1": lambda channels, stride: Separable(channels, channels, 1, stride),
    "dw_conv_3x3": lambda channels, stride: Separable(channels, channels, 3, stride),
    "dw_conv_5x5": lambda channels, stride: Separable(channels, channels, 5, stride),
    "dw_conv_7x7": lambda channels, stride: Separable(channels, channels, 7, stride),
    "none": lambda _channels, stride: Zero(stride),
}
"""(channels, stride) → operation."""


class Cell(nn.Module):
    """One cell: two preprocessed inputs, four nodes of two edges each, concatenated.

    Attributes:
        sources: By node, the state each of its two edges reads.
        edges: By node, the two operations.
    """

    def __init__(
        self,
        nodes: CellNodes,
        inputs: tuple[int, int],
        width: int,
        *,
        after_reduction: bool,
        reduction: bool,
    ) -> None:
        super().__init__()
        before, last = inputs
        self.preprocess: nn.ModuleList = nn.ModuleList(
            [
                FactorizedReduce(before, width)
                if after_reduction
                else Separable(before, width, 1, 1),
                Separable(last, width, 1, 1),
            ]
        )
        self.sources = tuple((one.source, other.source) for one, other in nodes)
        self.edges = nn.ModuleList(
            nn.ModuleList(
                OPERATIONS[edge.operation](width, 2 if reduction and edge.source < 2 else 1)  # noqa: PLR2004 - sources 0 and 1 are the inputs, which a reduction halves
                for edge in node
            )
            for node in nodes
        )

    def forward(self, before: Tensor, last: Tensor) -> Tensor:
        """Outputs of cells k−2 and k−1 → (N, 4·width, H, W)."""
        states = [self.preprocess[0](before), self.preprocess[1](last)]
        for (one, other), edges in zip(self.sources, self.edges, strict=True):
            first, second = tuple(edges.children())
            states.append(first(states[one]) + second(states[other]))
        return torch.cat(states[2:], dim=1)


class Tail(nn.Module):
    """From the last map to the embedding: 1×1, global depthwise convolution, 1×1, BatchNorm."""

    def __init__(self, inputs: int, embedding: int, kernel: int) -> None:
        super().__init__()
        self.activation = PReLU(inputs)
        self.expand = nn.Conv2d(inputs, TAIL_WIDTH, 1, bias=False)
        self.expand_norm = nn.BatchNorm2d(TAIL_WIDTH)
        self.expand_activation = PReLU(TAIL_WIDTH)
        self.spatial = nn.Conv2d(TAIL_WIDTH, TAIL_WIDTH, kernel, groups=TAIL_WIDTH, bias=False)
        self.spatial_norm = nn.BatchNorm2d(TAIL_WIDTH)
        self.project = nn.Conv2d(TAIL_WIDTH, embedding, 1, bias=False)
        self.norm = nn.BatchNorm2d(embedding)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, k, k) → (N, embedding)."""
        x = self.expand_activation(self.expand_norm(self.expand(self.activation(x))))
        x = self.norm(self.project(self.spatial_norm(self.spatial(x))))
        return x.flatten(1)


class PocketNet(nn.Module):
    """The network.

    Args:
        input_side: Of the square input, px; a multiple of 8. The tail's depthwise kernel is as
            large as the last map; `resize_input` changes it later.

    Raises:
        ValueError: A size the reductions cannot halve.
    """

    def __init__(
        self, shape: Shape, genotype: Genotype = CASIA, input_side: int = INPUT_SIDE_PX
    ) -> None:
        super().__init__()
        self.shape = shape
        self.genotype = genotype
        self.input_side = input_side
        channels = STEM_MULTIPLIER * shape.width
        self.stem = nn.Conv2d(3, channels, 3, 2, 1, bias=False)
        self.stem_norm = nn.BatchNorm2d(channels)
        before = last = channels
        width = shape.width
        after_reduction = False
        cells = []
        for index in range(shape.cells):
            reduction = index in shape.reductions
            width *= 2 if reduction else 1
            cells.append(
                Cell(
                    genotype.reduce if reduction else genotype.normal,
                    (before, last),
                    width,
                    after_reduction=after_reduction,
                    reduction=reduction,
                )
            )
            before, last, after_reduction = last, 4 * width, reduction
        self.cells = nn.ModuleList(cells)
        self.tail = Tail(last, shape.embedding, map_side(input_side))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")

    @property
    def embedding(self) -> int:
        """Numbers in the output."""
        return self.shape.embedding

    def stages(self) -> tuple[tuple[str, tuple[nn.Module, ...]], ...]:
        """Names and modules, from the pixels to the embedding."""
        cells = tuple((f"cell {index}", (cell,)) for index, cell in enumerate(self.cells))
        return (("stem", (self.stem, self.stem_norm)), *cells, ("tail", (self.tail,)))

    def forward(self, images: Tensor) -> Tensor:
        """Embeddings, not normalised.

        Args:
            images: float (N, 3, side, side), RGB, (x − 127.5) / 127.5. Not modified.

        Returns:
            (N, embedding).
        """
        before = last = self.stem_norm(self.stem(images))
        for cell in self.cells:
            before, last = last, cell(before, last)
        result: Tensor = self.tail(last)
        return result


def map_side(input_side: int) -> int:
    """Side of the last map for an input side: halved four times, rounding up.

    Raises:
        ValueError: Not a multiple of 8, so that a factorized reduction meets an odd map.
    """
    if input_side < 2 * SIZE_STEP_PX or input_side % SIZE_STEP_PX:
        raise ValueError(
            f"the input is a multiple of {SIZE_STEP_PX} px from {2 * SIZE_STEP_PX} on, "
            f"not {input_side}"
        )
    return math.ceil(input_side / 16)


def resize_kernel(weight: Tensor, side: int) -> Tensor:
    """A kernel as large as the map for a map of another size.

    Resampled linearly over the face (which the map covers at any size) and scaled so that the
    weighted sum over a constant map stays the same.

    Args:
        weight: (O, I, k, k), with I = 1 in a depthwise kernel. Not modified.

    Returns:
        (O, I, side, side).
    """
    old = weight.shape[-1]
    if old == side:
        return weight.clone()
    resized = functional.interpolate(
        weight, size=(side, side), mode="bilinear", align_corners=False, antialias=side < old
    )
    return resized * (old / side) ** 2


class MapWide(Protocol):
    """A tail with one convolution as large as the map it reads."""

    spatial: nn.Conv2d


class Resizable(Protocol):
    """A network of this package: one kernel follows its input size."""

    input_side: int

    @property
    def tail(self) -> MapWide:
        """The layers after the last map."""
        ...


def resize_input(net: Resizable, input_side: int) -> None:
    """Make a network take another input size, in place; only the tail's kernel changes.

    The kernel becomes a new Parameter, so an optimiser must be told.
    """
    side = map_side(input_side)
    spatial = net.tail.spatial
    spatial.weight = nn.Parameter(resize_kernel(spatial.weight.detach(), side))
    spatial.kernel_size = (side, side)
    net.input_side = input_side


ARCHITECTURES: dict[str, tuple[Shape, Genotype]] = {
    "pocketnet-s-128": (Shape(16, 18, 128), CASIA),
    "pocketnet-s-256": (Shape(16, 18, 256), CASIA),
    "pocketnet-m-128": (Shape(32, 9, 128), CASIA),
    "pocketnet-m-256": (Shape(32, 9, 256), CASIA),
    "pocketnet-s-128-cifar": (Shape(16, 18, 128), CIFAR),
    "pocketnet-m-128-cifar": (Shape(32, 9, 128), CIFAR),
}
"""The published family, and the cell searched on CIFAR-10 in both shapes."""


FREE_SHAPE = re.compile(r"pocketnet-([1-9]\d{0,2})x([1-9]\d?)-([1-9]\d{0,3})")
"""Width, cells and embedding of any other shape, as in `pocketnet-8x6-64`."""

SMALLEST_CELLS = 4  # with fewer, two of the three reductions would be one cell


def named_pocketnet(
    architecture: str, genotype: Genotype | None = None, side: int = INPUT_SIDE_PX
) -> PocketNet:
    """A member of the family, or any other shape, with fresh weights.

    Args:
        architecture: A name of `ARCHITECTURES`, or `pocketnet-WIDTHxCELLS-EMBEDDING`.
        genotype: A cell in the place of the member's own.

    Raises:
        UsageError: No network of that name, or an input size it cannot take.
    """
    shape, cell = _named_shape(architecture)
    try:
        return PocketNet(shape, genotype or cell, side)
    except ValueError as error:
        raise UsageError(reason=str(error)) from error


def _named_shape(architecture: str) -> tuple[Shape, Genotype]:
    if architecture in ARCHITECTURES:
        return ARCHITECTURES[architecture]
    free = FREE_SHAPE.fullmatch(architecture)
    if not free:
        known = ", ".join(ARCHITECTURES)
        raise UsageError(
            reason=f"'{architecture}' is no PocketNet; there are {known} and any "
            "pocketnet-WIDTHxCELLS-EMBEDDING"
        )
    width, cells, embedding = map(int, free.groups())
    if cells < SMALLEST_CELLS:
        raise UsageError(reason=f"a PocketNet has at least {SMALLEST_CELLS} cells, not {cells}")
    return Shape(width, cells, embedding), CASIA
