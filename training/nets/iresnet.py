"""IResNet: the residual networks that face recognition uses as teachers.

They differ from the ImageNet kind in a stem without stride or pool, in blocks that begin and end
with BatchNorm and add without an activation, and in a fully connected embedding.

Source: Deng et al., ArcFace, CVPR 2019, section 3.2; Duta et al., Improved residual networks, 2020.
"""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from training.nets.pocketnet import INPUT_SIDE_PX, PReLU, map_side

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 14, 3), 100: (3, 13, 30, 3)}
"""Depth → blocks in each of the four legs."""

WIDTHS = (64, 128, 256, 512)  # channels of the four legs
STEM_WIDTH = 64
START_SPREAD = 0.1  # standard deviation of fresh convolutions, as the published training has it

Stages = tuple[tuple[str, tuple[nn.Module, ...]], ...]


class Block(nn.Module):
    """BatchNorm, conv, BatchNorm, PReLU, conv, BatchNorm, plus the input or its projection."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(inputs)
        self.conv = nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False)
        self.conv_norm = nn.BatchNorm2d(outputs)
        self.activation = PReLU(outputs)
        self.reduce = nn.Conv2d(outputs, outputs, 3, stride, 1, bias=False)
        self.reduce_norm = nn.BatchNorm2d(outputs)
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) → (N, outputs, ⌈H/stride⌉, ⌈W/stride⌉)."""
        y = self.activation(self.conv_norm(self.conv(self.norm(x))))
        result: Tensor = self.reduce_norm(self.reduce(y)) + self.shortcut(x)
        return result


class DenseTail(nn.Module):
    """BatchNorm, then every pixel of the map to every number of the embedding, then BatchNorm.

    The fully connected layer is a convolution as large as the map: the same numbers in the same
    order, in the shape in which an input of another size can resample them. The last BatchNorm
    has its scale frozen at 1, so that a margin loss sees centred embeddings of free length.
    """

    def __init__(self, inputs: int, embedding: int, kernel: int) -> None:
        super().__init__()
        self.map_norm = nn.BatchNorm2d(inputs)
        self.spatial = nn.Conv2d(inputs, embedding, kernel)
        self.norm = nn.BatchNorm2d(embedding)
        self.norm.weight.requires_grad_(False)  # noqa: FBT003 - torch's own signature

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, k, k) → (N, embedding)."""
        result: Tensor = self.norm(self.spatial(self.map_norm(x)))
        return result.flatten(1)


def _without_autocast(device: str) -> AbstractContextManager[object]:
    if not torch.amp.is_autocast_available(device):  # torch's shape-only device has none
        return nullcontext()
    return torch.autocast(device, enabled=False)


class IResNet(nn.Module):
    """The network.

    Args:
        depth: 18, 34, 50 or 100.
        input_side: Of the square input, px; a multiple of 8.

    Raises:
        ValueError: An unknown depth or an input size that cannot be halved.
    """

    def __init__(self, depth: int, embedding: int = 512, input_side: int = INPUT_SIDE_PX) -> None:
        super().__init__()
        if depth not in BLOCKS:
            raise ValueError(f"an IResNet has {', '.join(map(str, BLOCKS))} layers, not {depth}")
        self.embedding = embedding
        self.input_side = input_side
        self.stem = nn.Conv2d(3, STEM_WIDTH, 3, 1, 1, bias=False)
        self.stem_norm = nn.BatchNorm2d(STEM_WIDTH)
        self.stem_activation = PReLU(STEM_WIDTH)
        legs = []
        last = STEM_WIDTH
        for count, width in zip(BLOCKS[depth], WIDTHS, strict=True):
            blocks = [Block(last, width, 2), *(Block(width, width, 1) for _ in range(count - 1))]
            legs.append(nn.Sequential(*blocks))
            last = width
        self.legs = nn.ModuleList(legs)
        self.tail = DenseTail(last, embedding, map_side(input_side))
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and module is not self.tail.spatial:
                nn.init.normal_(module.weight, 0.0, START_SPREAD)

    def forward(self, images: Tensor) -> Tensor:
        """Embeddings, not normalised.

        Args:
            images: float (N, 3, side, side), RGB, (x − 127.5) / 127.5. Not modified.

        Returns:
            (N, embedding), in the weights' own precision also under autocast: the last layer sums
            25,088 products.
        """
        x = self.stem_activation(self.stem_norm(self.stem(images)))
        for leg in self.legs:
            x = leg(x)
        with _without_autocast(x.device.type):
            result: Tensor = self.tail(x.to(self.tail.spatial.weight.dtype))
        return result

    def stages(self) -> Stages:
        """Names and modules, from the pixels to the embedding."""
        legs = tuple((f"leg {index}", (leg,)) for index, leg in enumerate(self.legs))
        stem = (self.stem, self.stem_norm, self.stem_activation)
        return (("stem", stem), *legs, ("tail", (self.tail,)))
