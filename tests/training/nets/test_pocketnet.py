"""The network family: exact sizes, input sizes, and independence of the batch."""

import pytest
import torch

from core.errors import UsageError
from training.nets.genotype import CASIA
from training.nets.pocketnet import (
    ARCHITECTURES,
    PocketNet,
    PReLU,
    Shape,
    map_side,
    named_pocketnet,
    resize_input,
    resize_kernel,
)

PUBLISHED = {
    "pocketnet-s-128": 925_632,
    "pocketnet-s-256": 991_424,
    "pocketnet-m-128": 1_686_656,
    "pocketnet-m-256": 1_752_448,
    "pocketnet-s-128-cifar": 885_184,
    "pocketnet-m-128-cifar": 1_495_168,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_are_as_published(name: str) -> None:
    net = PocketNet(*ARCHITECTURES[name])

    assert sum(parameter.numel() for parameter in net.parameters()) == PUBLISHED[name]


def test_stages_of_s_have_the_published_parameters() -> None:
    net = named_pocketnet("pocketnet-s-128")

    counts = [sum(p.numel() for p in cell.parameters()) for cell in net.cells]

    expected = [5_632] * 6 + [10_688, 16_832] + [18_944] * 4
    expected += [35_712, 60_288] + [68_608] * 3 + [128_768]
    assert counts == expected
    assert sum(p.numel() for p in net.tail.parameters()) == 356_096


def tiny(side: int = 48) -> PocketNet:
    torch.manual_seed(0)
    return PocketNet(Shape(8, 6, 16), CASIA, side)


@pytest.mark.parametrize("side", [16, 48, 56, 64, 112])
def test_any_multiple_of_eight_is_an_input(side: int) -> None:
    net = tiny(48)
    resize_input(net, side)

    assert net.eval()(torch.zeros(2, 3, side, side)).shape == (2, 16)


@pytest.mark.parametrize("side", [8, 50, 0, -8])
def test_other_sizes_are_refused(side: int) -> None:
    with pytest.raises(ValueError, match="multiple of 8"):
        map_side(side)


def test_an_image_alone_embeds_as_in_a_batch() -> None:
    net = tiny().eval()
    images = torch.randn(3, 3, 48, 48)

    with torch.no_grad():
        together, alone = net(images), net(images[1:2])

    torch.testing.assert_close(together[1:2], alone, rtol=1e-4, atol=1e-5)


def test_resizing_a_kernel_keeps_its_answer_to_a_constant_map() -> None:
    kernel = torch.randn(4, 1, 7, 7)

    for side in (3, 4, 7, 10):
        resized = resize_kernel(kernel, side)

        assert resized.shape == (4, 1, side, side)
    grown = resize_kernel(torch.full((1, 1, 3, 3), 2.0), 7)
    assert float(grown.sum()) == pytest.approx(18.0, rel=1e-5)


def test_prelu_scales_only_what_is_negative() -> None:
    activation = PReLU(2)
    with torch.no_grad():
        activation.slope.copy_(torch.tensor([0.5, -2.0]))
    x = torch.tensor([[[[-2.0, 3.0]], [[-1.0, 0.0]]]])

    assert activation(x).tolist() == [[[[-1.0, 3.0]], [[2.0, 0.0]]]]


def test_an_unknown_architecture_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="pocketnet-m-256"):
        named_pocketnet("pocketnet-x")
