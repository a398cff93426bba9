"""Graphs put together node by node run as they say."""

import numpy as np
import torch
from torch import nn

from core.vision.onnx_model import open_session
from training.nets.onnx_graph import INPUT, Graph, affine


def answer(graph: Graph, output: str, images: np.ndarray, numbers: int) -> np.ndarray:
    model = graph.finished(output, images.shape[-1], numbers)
    return open_session(model.SerializeToString(), "toy").run(images)[0]


def test_a_norm_is_a_scale_and_a_shift() -> None:
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(3)
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    norm(torch.randn(8, 3, 4, 4) * 3 + 1)
    norm.eval()
    x = torch.randn(2, 3, 4, 4)

    scale, shift = affine(norm)

    expected = norm(x).detach().numpy()
    found = x.numpy() * scale.reshape(-1, 1, 1) + shift.reshape(-1, 1, 1)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_one_relu_serves_all_readers_of_a_tensor() -> None:
    graph = Graph()

    assert graph.relu(INPUT) == graph.relu(INPUT)
    assert [node.op_type for node in graph.nodes] == ["Relu"]


def test_a_slice_takes_every_second_pixel_from_the_first_or_the_next() -> None:
    images = np.arange(48, dtype=np.float32).reshape(1, 3, 4, 4)
    for start in (0, 1):
        graph = Graph()
        thinned = graph.slice(INPUT, start=start, step=2)

        found = answer(graph, thinned, images, 12)

        assert np.array_equal(found.reshape(3, 2, 2), images[0, :, start::2, start::2])


def test_a_convolution_pads_strides_and_adds_its_bias() -> None:
    random = np.random.default_rng(0)
    weight, bias = random.normal(size=(5, 3, 3, 3)), random.normal(size=5)
    images = random.normal(size=(2, 3, 8, 8)).astype(np.float32)
    graph = Graph()

    found = answer(graph, graph.conv(INPUT, weight, bias, stride=2, pad=1), images, 80)

    expected = nn.functional.conv2d(
        torch.from_numpy(images).double(), torch.from_numpy(weight), torch.from_numpy(bias), 2, 1
    )
    np.testing.assert_allclose(found, expected.flatten(1).numpy(), atol=1e-4)


def test_channels_are_scaled_each_by_its_own_number() -> None:
    images = np.ones((1, 3, 2, 2), dtype=np.float32)
    graph = Graph()

    found = answer(graph, graph.by_channel(INPUT, np.array([1.0, -2.0, 0.5])), images, 12)

    assert found.reshape(3, 4)[:, 0].tolist() == [1.0, -2.0, 0.5]


def test_the_mean_of_a_pool_leaves_out_the_padding() -> None:
    images = np.ones((1, 3, 4, 4), dtype=np.float32)
    graph = Graph()

    found = answer(graph, graph.pool(INPUT, nn.AvgPool2d(3), 1), images, 48)

    assert np.allclose(found, 1.0)
