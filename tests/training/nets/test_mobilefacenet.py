"""MobileFaceNet: the size its paper states, and its shape."""

import pytest
import torch
from torch import nn

from training.nets.mobilefacenet import Bottleneck, MobileFaceNet
from training.nets.pocketnet import resize_input


def test_parameters_are_those_of_the_papers_table() -> None:
    net = MobileFaceNet()
    convolutions = sum(m.weight.numel() for m in net.modules() if isinstance(m, nn.Conv2d))

    # An independent network of the same table has 4,096 more, in a 1×1 after its second layer.
    assert convolutions == 976_000
    assert sum(parameter.numel() for parameter in net.parameters()) == 1_003_136


def test_the_embedding_can_have_any_size() -> None:
    net = MobileFaceNet(256, 32).eval()

    with torch.no_grad():
        assert net(torch.zeros(2, 3, 32, 32)).shape == (2, 256)


def test_inputs_are_added_only_where_shapes_agree() -> None:
    added = [module.residual for module in MobileFaceNet().modules() if type(module) is Bottleneck]

    assert added == [False, *[True] * 4, False, *[True] * 6, False, *[True] * 2]


@pytest.mark.parametrize("side", [16, 40, 112])
def test_any_multiple_of_eight_is_an_input(side: int) -> None:
    net = MobileFaceNet(16, 48).eval()
    resize_input(net, side)

    with torch.no_grad():
        assert net(torch.zeros(1, 3, side, side)).shape == (1, 16)


def test_the_last_layers_are_linear() -> None:
    net = MobileFaceNet(16, 48).eval()
    x = torch.randn(1, 512, 3, 3)
    tail = net.tail

    with torch.no_grad():
        one = tail.norm(tail.project(tail.spatial_norm(tail.spatial(x))))
        two = tail.norm(tail.project(tail.spatial_norm(tail.spatial(-x))))
        none = tail.norm(tail.project(tail.spatial_norm(tail.spatial(0 * x))))

    torch.testing.assert_close(one + two, 2 * none, rtol=1e-4, atol=1e-5)
