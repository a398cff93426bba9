"""MobileFaceNet: the hand-made network that a searched one has to beat.

Source: Chen et al., MobileFaceNets: Efficient CNNs for Accurate Real-Time Face Verification on
Mobile Devices, CCBR 2018, table 1. The paper gives 0.99 million parameters. Table 1 built as
written has 1,003,136: 976,000 weights of convolutions, 19,584 of BatchNorm and 7,552 slopes of
PReLU; the first two agree to the last weight with an independent network of the same table.
"""

from torch import Tensor, nn

from training.nets.iresnet import Stages
from training.nets.pocketnet import INPUT_SIDE_PX, PReLU, map_side

STEM_WIDTH = 64
TAIL_WIDTH = 512

LEGS = ((2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1))
"""By leg: expansion, channels, how many bottlenecks, and the stride of the first one."""


class ConvUnit(nn.Module):
    """Convolution and BatchNorm, then PReLU unless it is linear."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        stride: int = 1,
        *,
        groups: int = 1,
        linear: bool = False,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False
        )
        self.norm = nn.BatchNorm2d(outputs)
        self.activation: nn.Module = nn.Identity() if linear else PReLU(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) → (N, outputs, ⌈H/stride⌉, ⌈W/stride⌉)."""
        result: Tensor = self.activation(self.norm(self.conv(x)))
        return result


class Bottleneck(nn.Module):
    """1×1 expansion, depthwise 3×3, linear 1×1; the input is added where the shapes agree."""

    def __init__(self, inputs: int, outputs: int, expansion: int, stride: int) -> None:
        super().__init__()
        wide = expansion * inputs
        self.expand = ConvUnit(inputs, wide, 1)
        self.depthwise = ConvUnit(wide, wide, 3, stride, groups=wide)
        self.project = ConvUnit(wide, outputs, 1, linear=True)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) → (N, outputs, ⌈H/stride⌉, ⌈W/stride⌉)."""
        y: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + y if self.residual else y


class GlobalTail(nn.Module):
    """1×1 to 512, linear global depthwise convolution, linear 1×1, each with BatchNorm."""

    def __init__(self, inputs: int, embedding: int, kernel: int) -> None:
        super().__init__()
        self.expand = ConvUnit(inputs, TAIL_WIDTH, 1)
        self.spatial = nn.Conv2d(TAIL_WIDTH, TAIL_WIDTH, kernel, groups=TAIL_WIDTH, bias=False)
        self.spatial_norm = nn.BatchNorm2d(TAIL_WIDTH)
        self.project = nn.Conv2d(TAIL_WIDTH, embedding, 1, bias=False)
        self.norm = nn.BatchNorm2d(embedding)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, k, k) → (N, embedding)."""
        x = self.spatial_norm(self.spatial(self.expand(x)))
        result: Tensor = self.norm(self.project(x))
        return result.flatten(1)


class MobileFaceNet(nn.Module):
    """The network.

    Args:
        input_side: Of the square input, px; a multiple of 8.

    Raises:
        ValueError: An input size that cannot be halved.
    """

    def __init__(self, embedding: int = 128, input_side: int = INPUT_SIDE_PX) -> None:
        super().__init__()
        self.embedding = embedding
        self.input_side = input_side
        self.stem = nn.Sequential(
            ConvUnit(3, STEM_WIDTH, 3, 2), ConvUnit(STEM_WIDTH, STEM_WIDTH, 3, groups=STEM_WIDTH)
        )
        legs = []
        last = STEM_WIDTH
        for expansion, width, count, stride in LEGS:
            blocks = [Bottleneck(last, width, expansion, stride)]
            blocks += [Bottleneck(width, width, expansion, 1) for _ in range(count - 1)]
            legs.append(nn.Sequential(*blocks))
            last = width
        self.legs = nn.ModuleList(legs)
        self.tail = GlobalTail(last, embedding, map_side(input_side))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> Tensor:
        """Embeddings, not normalised.

        Args:
            images: float (N, 3, side, side), RGB, (x − 127.5) / 127.5. Not modified.

        Returns:
            (N, embedding).
        """
        x = self.stem(images)
        for leg in self.legs:
            x = leg(x)
        result: Tensor = self.tail(x)
        return result

    def stages(self) -> Stages:
        """Names and modules, from the pixels to the embedding."""
        legs = tuple((f"leg {index}", (leg,)) for index, leg in enumerate(self.legs))
        return (("stem", (self.stem,)), *legs, ("tail", (self.tail,)))
