"""The one table of networks that can be trained, by name."""

import re
from collections.abc import Callable

from core.errors import UsageError
from training.nets.genotype import Genotype
from training.nets.iresnet import BLOCKS, IResNet
from training.nets.mobilefacenet import MobileFaceNet
from training.nets.pocketnet import ARCHITECTURES, INPUT_SIDE_PX, PocketNet, named_pocketnet

Backbone = PocketNet | IResNet | MobileFaceNet

NAME = re.compile(r"(.+)-([1-9]\d{0,3})")
"""A family and the size of its embedding, as in `iresnet-50-512`."""


def _iresnet(depth: int) -> Callable[[int, int], Backbone]:
    return lambda embedding, side: IResNet(depth, embedding, side)


FAMILIES: dict[str, Callable[[int, int], Backbone]] = {
    "mobilefacenet": MobileFaceNet,
    **{f"iresnet-{depth}": _iresnet(depth) for depth in BLOCKS},
}
"""Family → (embedding, input side, px) → network."""


def build_net(
    architecture: str, genotype: Genotype | None = None, side: int = INPUT_SIDE_PX
) -> Backbone:
    """A network with fresh weights, drawn from torch's generator.

    Args:
        architecture: A PocketNet's name, `mobilefacenet-D`, or `iresnet-DEPTH-D` with any size D
            of the embedding.
        genotype: A cell in the place of the PocketNet's own.
        side: Of the square input, px; a multiple of 8.

    Raises:
        UsageError: No network of that name, an input size it cannot take, or a cell for a
            network that has none.
    """
    if architecture.startswith("pocketnet"):
        return named_pocketnet(architecture, genotype, side)
    named = NAME.fullmatch(architecture)
    if not named or named[1] not in FAMILIES:
        raise UsageError(reason=f"'{architecture}' is no network; there are {known_names()}")
    if genotype:
        raise UsageError(reason=f"{architecture} has no cells that a genotype could replace")
    try:
        return FAMILIES[named[1]](int(named[2]), side)
    except ValueError as error:
        raise UsageError(reason=str(error)) from error


def known_names() -> str:
    """Every name there is, for a sentence."""
    families = [f"{family}-D" for family in FAMILIES]
    return ", ".join([*ARCHITECTURES, "pocketnet-WIDTHxCELLS-D", *families])
