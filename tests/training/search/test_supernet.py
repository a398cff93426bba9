"""The supernet: published sizes, the stride rule, what a mixture is, small inputs."""

import pytest
import torch
from torch import nn

from training.nets.genotype import CASIA, OPERATION_NAMES
from training.nets.pocketnet import FactorizedReduce, Pool, Separable, Shape, Zero
from training.search.space import PLACES, Alphas, Mixing
from training.search.supernet import MixedCell, MixedEdge, Supernet, SupernetShape

PUBLISHED = SupernetShape(Shape(16, 8, 128))
SMALL = SupernetShape(Shape(4, 4, 8), 4, "final")


def size(*modules: nn.Module) -> int:
    return sum(parameter.numel() for module in modules for parameter in module.parameters())


def test_the_published_supernet_has_the_published_sizes() -> None:
    net = Supernet(PUBLISHED, 112)

    assert size(net.stem, net.stem_norm, net.cells) == 2_361_168
    assert size(net.tail) == 431_360
    assert size(nn.Linear(net.embedding, 10_572)) == 1_363_788
    assert net.stem.out_channels == 48


def test_reductions_stand_at_two_five_and_seven() -> None:
    cells = list(Supernet(PUBLISHED, 112).cells)

    assert [i for i, cell in enumerate(cells) if cell.reduction] == [2, 5, 7]
    assert [
        i for i, cell in enumerate(cells) if isinstance(cell.preprocess[0], FactorizedReduce)
    ] == [3, 6]


def test_only_edges_from_the_inputs_of_a_reduction_have_stride_two() -> None:
    def stride(edge: MixedEdge) -> int:
        separable = next(each for each in edge.operations if isinstance(each, Separable))
        return separable.depthwise.stride[0]

    for reduction in (False, True):
        cell = MixedCell(OPERATION_NAMES, (4, 4), 4, after_reduction=False, reduction=reduction)
        strides = {place: stride(edge) for place, edge in zip(PLACES, cell.edges, strict=True)}

        assert all(
            strides[place] == (2 if reduction and place.source < 2 else 1) for place in PLACES
        )


def test_batch_norms_of_cells_have_no_scale_and_those_of_stem_and_tail_have() -> None:
    net = Supernet(SMALL, 32)

    assert not [name for name, _ in net.cells.named_parameters() if ".norm." in name]
    assert net.stem_norm.weight is not None
    assert net.tail.norm.weight is not None
    assert not list(net.buffers())


@pytest.mark.parametrize("stride", [1, 2])
def test_an_edge_that_is_all_one_operation_is_that_operation(stride: int) -> None:
    edge = MixedEdge(OPERATION_NAMES, 4, stride)
    x = torch.randn(3, 4, 8, 8)

    for column, operation in zip(edge.columns, edge.operations, strict=True):
        weights = torch.eye(len(OPERATION_NAMES))[column]
        assert torch.allclose(edge(x, weights), operation(x), atol=1e-6)


def test_the_columns_of_an_edge_are_the_named_operations() -> None:
    edge = MixedEdge(OPERATION_NAMES, 4, 1)
    kinds = [OPERATION_NAMES[column] for column in edge.columns]

    assert kinds == list(OPERATION_NAMES[:-1])
    for kind, operation in zip(kinds, edge.operations, strict=True):
        match operation:
            case Separable():
                assert kind == "dw_conv_{0}x{0}".format(operation.depthwise.kernel_size[0])
            case Pool():
                pooled = nn.MaxPool2d if kind == "max_pool_3x3" else nn.AvgPool2d
                assert isinstance(operation.pool, pooled)
            case _:
                assert (kind, type(operation)) == ("skip_connect", nn.Identity)


def test_none_only_takes_weight_from_the_others() -> None:
    edge = MixedEdge(("skip_connect", "none"), 4, 1)
    x = torch.randn(2, 4, 4, 4)

    assert torch.allclose(edge(x, torch.tensor([0.3, 0.7])), 0.3 * x)
    assert not [each for each in edge.modules() if isinstance(each, Zero)]


def test_a_cell_whose_mixture_is_a_genotype_computes_that_genotype() -> None:
    # All weight on the two chosen edges of each node, none elsewhere: node = sum of two edges.
    torch.manual_seed(1)
    cell = MixedCell(OPERATION_NAMES, (8, 8), 4, after_reduction=False, reduction=False)
    weights = torch.zeros(len(PLACES), len(OPERATION_NAMES))
    for number, place in enumerate(PLACES):
        for edge in CASIA.normal[place.node]:
            if edge.source == place.source:
                weights[number, OPERATION_NAMES.index(edge.operation)] = 1
    before, last = torch.randn(2, 8, 6, 6), torch.randn(2, 8, 6, 6)

    found = cell(before, last, weights)

    states = [cell.preprocess[0](before), cell.preprocess[1](last)]
    for node, edges in enumerate(CASIA.normal):
        total = torch.zeros_like(states[0])
        for edge in edges:
            mixed = cell.edges[PLACES.index((node, edge.source))]
            total = total + mixed.operations[OPERATION_NAMES.index(edge.operation)](
                states[edge.source]
            )
        states.append(total)
    assert torch.allclose(found, torch.cat(states[2:], dim=1), atol=1e-5)


def test_normal_and_reduction_cells_follow_their_own_table() -> None:
    torch.manual_seed(0)
    net = Supernet(SMALL, 16).eval()
    mixing = Alphas()()
    pictures = torch.randn(2, 3, 16, 16)
    # Reductions at 1, 2 and 3: the first cell is the only normal one.
    other = torch.softmax(torch.randn(14, 8), dim=1)

    plain = net(pictures, mixing)

    assert [cell.reduction for cell in net.cells] == [False, True, True, True]
    assert not torch.allclose(net(pictures, Mixing(other, mixing.reduce)), plain)
    assert not torch.allclose(net(pictures, Mixing(mixing.normal, other)), plain)


@pytest.mark.parametrize("side", [32, 48, 112])
def test_embeddings_come_from_any_input_size_the_tail_allows(side: int) -> None:
    net = Supernet(SMALL, side)

    assert net(torch.randn(2, 3, side, side), Alphas()()).shape == (2, 8)


def test_a_size_that_cannot_be_halved_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 8"):
        Supernet(SMALL, 36)
