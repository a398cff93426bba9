"""The exported graph answers as the network does, in the form that runs fast."""

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from core.errors import ModelContractError
from training.export.parity import COSINE_LIMIT, cosine_gap
from training.nets.genotype import CASIA, CIFAR, Edge, Genotype
from training.nets.pocketnet import PocketNet, PReLU, Shape
from training.nets.to_onnx import alive_filters, to_onnx
from training.subjects import network_of
from training.synth import draw_face

FACES = np.stack([draw_face(person, 0)[8:120, 8:120] for person in range(5)])
MIXED = Genotype(
    normal=CASIA.normal,
    reduce=(
        (Edge("avg_pool_3x3", 0), Edge("skip_connect", 1)),
        (Edge("none", 0), Edge("dw_conv_3x3", 2)),
        (Edge("none", 2), Edge("dw_conv_7x7", 1)),
        (Edge("max_pool_3x3", 3), Edge("skip_connect", 0)),
    ),
)


def lively(genotype: Genotype, side: int = 48, slope: float | None = None) -> PocketNet:
    """A network whose every statistic and slope differs from its start."""
    torch.manual_seed(0)
    net = PocketNet(Shape(8, 6, 16), genotype, side)
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.weight.uniform_(-1, 1.5)
                module.bias.normal_()
            if isinstance(module, PReLU):
                module.slope.uniform_(-0.5, 0.9) if slope is None else module.slope.fill_(slope)
        net.train()
        net(torch.randn(8, 3, side, side))
    return net.eval()


@pytest.mark.parametrize("genotype", [CASIA, CIFAR, MIXED], ids=["casia", "cifar", "mixed"])
@pytest.mark.parametrize("side", [48, 64])
def test_the_graph_answers_as_the_network(genotype: Genotype, side: int) -> None:
    net = lively(genotype, side)

    network = network_of(net, "small")

    assert cosine_gap(net, network, FACES) <= COSINE_LIMIT
    assert network.embed(FACES).std(axis=0).mean() > 1e-3


def test_a_slope_of_one_is_exported_exactly() -> None:
    net = lively(CASIA, slope=1.0)

    assert cosine_gap(net, network_of(net, "small"), FACES) <= COSINE_LIMIT


def test_the_graph_holds_no_slow_or_folded_operation() -> None:
    kinds = {node.op_type for node in to_onnx(lively(CASIA)).graph.node}

    assert not kinds & {"PRelu", "BatchNormalization"}


def test_the_batch_is_free_and_the_weights_lie_inside() -> None:
    model = to_onnx(lively(CASIA))

    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    assert not any(onnx.external_data_helper.uses_external_data(t) for t in model.graph.initializer)


def test_a_graph_that_differs_is_refused() -> None:
    net, other = lively(CASIA), lively(CIFAR)

    with pytest.raises(ModelContractError, match="differs"):
        cosine_gap(other, network_of(net, "small"), FACES)


def with_dead_filters(dead: list[int]) -> PocketNet:
    """A network of which some stem filters answer with a constant."""
    net = lively(CASIA)
    with torch.no_grad():
        net.stem_norm.weight[dead] = 0
        net.stem_norm.bias[dead] = torch.linspace(-2, 2, len(dead))
    return net


def stem_filters(net: PocketNet) -> int:
    model = to_onnx(net)
    weights = {tensor.name: tensor.dims for tensor in model.graph.initializer}
    return weights[model.graph.node[0].input[1]][0]


def test_dead_stem_filters_are_taken_out_and_nothing_changes() -> None:
    net = with_dead_filters([0, 3, 4, 9, *range(13, 32)])

    assert cosine_gap(net, network_of(net, "small"), FACES) <= COSINE_LIMIT
    assert stem_filters(net) == 16  # nine are alive


def test_a_stem_without_dead_filters_is_whole() -> None:
    assert stem_filters(lively(CASIA)) == 32
    assert stem_filters(with_dead_filters([5])) == 32  # 31 alive fill two blocks


def test_a_filter_that_still_depends_on_its_input_is_kept() -> None:
    weight = np.zeros((40, 3, 3, 3))
    weight[[7, 20, 39], 0, 0, 0] = 1e-6

    kept = alive_filters(weight)

    assert {7, 20, 39} <= set(kept.tolist())
    assert len(kept) == 16
    assert (np.diff(kept) > 0).all()


def test_the_factorized_reduction_needs_no_slice() -> None:
    kinds = [node.op_type for node in to_onnx(lively(CASIA)).graph.node]

    assert "Slice" not in kinds
