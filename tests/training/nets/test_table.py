"""Networks by name."""

import pytest
import torch

from core.errors import UsageError
from training.nets.genotype import CASIA, CIFAR, Genotype
from training.nets.iresnet import IResNet
from training.nets.mobilefacenet import MobileFaceNet
from training.nets.pocketnet import PocketNet
from training.nets.table import build_net


@pytest.mark.parametrize(
    ("name", "kind", "embedding"),
    [
        ("pocketnet-s-128", PocketNet, 128),
        ("pocketnet-8x6-32", PocketNet, 32),
        ("mobilefacenet-64", MobileFaceNet, 64),
        ("iresnet-18-256", IResNet, 256),
    ],
)
def test_a_name_gives_a_network_of_that_embedding(name: str, kind: type, embedding: int) -> None:
    with torch.device("meta"):
        net = build_net(name, side=48)

    assert isinstance(net, kind)
    assert (net.embedding, net.input_side) == (embedding, 48)


@pytest.mark.parametrize("name", ["pocketnet-s-128", "mobilefacenet-64", "iresnet-18-64"])
def test_stages_cover_every_parameter_once(name: str) -> None:
    with torch.device("meta"):
        net = build_net(name)

    inside = [p for _, parts in net.stages() for part in parts for p in part.parameters()]

    assert sorted(map(id, inside)) == sorted(map(id, net.parameters()))


def test_a_genotype_replaces_the_cell() -> None:
    changed, own = build_net("pocketnet-8x6-32", CIFAR), build_net("pocketnet-8x6-32")

    assert isinstance(changed, PocketNet)
    assert isinstance(own, PocketNet)
    assert (changed.genotype, own.genotype) == (CIFAR, CASIA)


@pytest.mark.parametrize(
    ("name", "genotype", "side", "reason"),
    [
        ("resnet-18-128", None, 112, "iresnet-18-D"),
        ("iresnet-20-128", None, 112, "iresnet-18-D"),
        ("iresnet-18", None, 112, "is no network"),
        ("pocketnet-x", None, 112, "pocketnet-m-256"),
        ("pocketnet-8x3-32", None, 112, "at least 4 cells"),
        ("mobilefacenet-64", CASIA, 112, "no cells"),
        ("iresnet-18-64", None, 50, "multiple of 8"),
        ("pocketnet-s-128", None, 50, "multiple of 8"),
    ],
)
def test_what_cannot_be_built_is_refused_in_words(
    name: str, genotype: Genotype | None, side: int, reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        build_net(name, genotype, side)
