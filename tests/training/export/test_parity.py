"""Parity: rounding passes, anything more does not."""

import numpy as np
import pytest
import torch

from core.errors import ModelContractError
from training.export.parity import COSINE_LIMIT, cosine_gap
from training.nets.genotype import CASIA
from training.nets.pocketnet import PocketNet, Shape
from training.subjects import network_of
from training.synth import draw_face

FACES = np.stack([draw_face(person, 0)[8:120, 8:120] for person in range(9)])


def settled() -> PocketNet:
    torch.manual_seed(0)
    net = PocketNet(Shape(8, 6, 16), CASIA, 48).train()
    net(torch.randn(8, 3, 48, 48))
    return net.eval()


def test_an_exported_graph_differs_by_rounding_only() -> None:
    net = settled()

    assert cosine_gap(net, network_of(net, "small"), FACES) <= COSINE_LIMIT


def test_one_changed_weight_is_noticed() -> None:
    net = settled()
    network = network_of(net, "small")
    with torch.no_grad():
        net.tail.project.weight[0] += 0.05

    with pytest.raises(ModelContractError, match="differs"):
        cosine_gap(net, network, FACES)
