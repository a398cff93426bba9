"""IResNet: published sizes, frozen scale, any input size."""

import pytest
import torch
from torch import nn

from training.nets.iresnet import IResNet
from training.nets.pocketnet import resize_input


@pytest.mark.parametrize(
    ("depth", "embedding", "parameters"),
    [
        (100, 128, 55_521_216),
        (100, 256, 58_732_864),
        (100, 512, 65_156_160),
        (50, 512, 43_590_848),
        (34, 512, 34_139_328),
        (18, 512, 24_025_600),
    ],
)
def test_parameters_are_as_published(depth: int, embedding: int, parameters: int) -> None:
    with torch.device("meta"):
        net = IResNet(depth, embedding)

    assert sum(parameter.numel() for parameter in net.parameters()) == parameters


def test_the_last_scale_is_one_and_stays_so() -> None:
    net = IResNet(18, 8, 16)

    net(torch.randn(2, 3, 16, 16)).sum().backward()

    assert net.tail.norm.weight.grad is None
    assert bool((net.tail.norm.weight == 1).all())
    assert net.stem_norm.weight.grad is not None


def test_the_dense_layer_reads_the_map_as_a_flattened_one() -> None:
    net = IResNet(18, 8, 32).eval()
    features = torch.randn(2, 512, 2, 2)

    dense = nn.functional.linear(
        net.tail.map_norm(features).flatten(1),
        net.tail.spatial.weight.flatten(1),
        net.tail.spatial.bias,
    )

    expected = net.tail.norm(dense[:, :, None, None]).flatten(1)
    torch.testing.assert_close(net.tail(features), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("side", [16, 24, 32])
def test_any_multiple_of_eight_is_an_input(side: int) -> None:
    net = IResNet(18, 8, 16).eval()
    resize_input(net, side)

    with torch.no_grad():
        assert net(torch.zeros(2, 3, side, side)).shape == (2, 8)


def test_an_image_alone_embeds_as_in_a_batch() -> None:
    torch.manual_seed(0)
    net = IResNet(18, 8, 16).eval()
    images = torch.randn(3, 3, 16, 16)

    with torch.no_grad():
        together, alone = net(images), net(images[1:2])

    torch.testing.assert_close(together[1:2], alone, rtol=1e-3, atol=1e-4)


def test_the_embedding_is_float32_under_autocast() -> None:
    net = IResNet(18, 8, 16).eval()

    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        assert net(torch.zeros(1, 3, 16, 16)).dtype == torch.float32


def test_an_unknown_depth_names_those_there_are() -> None:
    with pytest.raises(ValueError, match="18, 34, 50, 100"):
        IResNet(20)
