"""The graph as it is written: every network answers in onnxruntime as in torch."""

import numpy as np
import pytest
import torch
from torch import nn

from core.vision.onnx_model import open_session
from training.nets.plain_onnx import plain_onnx
from training.nets.table import Backbone, build_net
from training.nets.to_onnx import to_onnx

NAMES = ["pocketnet-8x6-16", "pocketnet-s-128-cifar", "iresnet-18-32", "mobilefacenet-32"]


def lively(name: str, side: int = 32) -> Backbone:
    """A network whose every statistic and slope differs from its start."""
    torch.manual_seed(0)
    net = build_net(name, side=side)
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.weight.uniform_(-1, 1.5)
                module.bias.normal_()
            if hasattr(module, "slope"):
                module.slope.uniform_(-0.5, 0.9)
        net.train()
        net(torch.randn(4, 3, side, side))
    return net.eval()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", [plain_onnx, to_onnx])
def test_every_network_answers_as_in_torch(name: str, form) -> None:
    net = lively(name)
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        expected = net(images)

    answer = torch.from_numpy(
        open_session(form(net).SerializeToString(), name).run(images.numpy())[0]
    )

    assert float((1 - torch.cosine_similarity(answer, expected)).max()) < 1e-5
    np.testing.assert_allclose(answer.norm(dim=1), expected.norm(dim=1), rtol=1e-3)


def test_nothing_is_folded_in_the_plain_form() -> None:
    kinds = [node.op_type for node in plain_onnx(build_net("pocketnet-s-128")).graph.node]

    assert kinds.count("Conv") == 308
    assert kinds.count("BatchNormalization") == 163
    assert kinds.count("PRelu") == 152
    assert kinds.count("MaxPool") == 9
