"""Reading a cell off the alphas: the published table gives the published cell, by both rules."""

import math

import pytest

from training.nets.genotype import CASIA, OPERATION_NAMES
from training.search.derive import derive, mean_entropy, probabilities
from training.search.history import same_cells
from training.search.space import PLACES, AlphaTable

# Softmax weights at the start of the last epoch of the published search, columns as in
# OPERATION_NAMES, rows as in PLACES.
NORMAL = (
    (0.0218, 0.0168, 0.1996, 0.5369, 0.0520, 0.0365, 0.0323, 0.1042),
    (0.0223, 0.0157, 0.1140, 0.1903, 0.1605, 0.0795, 0.2537, 0.1642),
    (0.0180, 0.0147, 0.1034, 0.0522, 0.2790, 0.0222, 0.1422, 0.3682),
    (0.0190, 0.0165, 0.0512, 0.0934, 0.1087, 0.0396, 0.0386, 0.6330),
    (0.0136, 0.0133, 0.0372, 0.7308, 0.1001, 0.0271, 0.0344, 0.0435),
    (0.0272, 0.0220, 0.0409, 0.5950, 0.1319, 0.0304, 0.0669, 0.0856),
    (0.0312, 0.0261, 0.0697, 0.3138, 0.2275, 0.0573, 0.2029, 0.0717),
    (0.0332, 0.0265, 0.0717, 0.2919, 0.1393, 0.1075, 0.2147, 0.1150),
    (0.0195, 0.0184, 0.0299, 0.6902, 0.1504, 0.0315, 0.0270, 0.0331),
    (0.0249, 0.0187, 0.4457, 0.1544, 0.0720, 0.0458, 0.0809, 0.1577),
    (0.0209, 0.0186, 0.0344, 0.0583, 0.0737, 0.0398, 0.0560, 0.6984),
    (0.0242, 0.0192, 0.0439, 0.3302, 0.2331, 0.0899, 0.1457, 0.1138),
    (0.0250, 0.0277, 0.0774, 0.1558, 0.2418, 0.0319, 0.3883, 0.0521),
    (0.0186, 0.0161, 0.0298, 0.7539, 0.0749, 0.0436, 0.0312, 0.0319),
)
REDUCE = (
    (0.0275, 0.0271, 0.0621, 0.0339, 0.0233, 0.0837, 0.0432, 0.6992),
    (0.0693, 0.0703, 0.0954, 0.3365, 0.0559, 0.2021, 0.1023, 0.0682),
    (0.0563, 0.0200, 0.0288, 0.0381, 0.0290, 0.0242, 0.1084, 0.6950),
    (0.0379, 0.0454, 0.0719, 0.1074, 0.3247, 0.2889, 0.0705, 0.0534),
    (0.0304, 0.0176, 0.2694, 0.0476, 0.0228, 0.0246, 0.0695, 0.5180),
    (0.2967, 0.0496, 0.0287, 0.0206, 0.0217, 0.0361, 0.0310, 0.5155),
    (0.1014, 0.0586, 0.1005, 0.2044, 0.0884, 0.1235, 0.0621, 0.2610),
    (0.0206, 0.0160, 0.3311, 0.1454, 0.0504, 0.0565, 0.1030, 0.2771),
    (0.0268, 0.0209, 0.1337, 0.0786, 0.0511, 0.0344, 0.0871, 0.5673),
    (0.8709, 0.0181, 0.0145, 0.0203, 0.0187, 0.0240, 0.0148, 0.0185),
    (0.4325, 0.0385, 0.0585, 0.0509, 0.0320, 0.2336, 0.0491, 0.1049),
    (0.0146, 0.0117, 0.0424, 0.0268, 0.0381, 0.0485, 0.0265, 0.7915),
    (0.0176, 0.0151, 0.0501, 0.0378, 0.0261, 0.0373, 0.0328, 0.7832),
    (0.0140, 0.0134, 0.0260, 0.0285, 0.0940, 0.0461, 0.0175, 0.7603),
)


def alphas_of(weights: tuple[float, ...]) -> tuple[float, ...]:
    """What a search holds for these weights: logarithms, with a mean of 0.

    A softmax's gradient has a mean of 0 in every row, so a row keeps the mean it began with.
    """
    logarithms = [math.log(weight) for weight in weights]
    mean = sum(logarithms) / len(logarithms)
    return tuple(value - mean for value in logarithms)


PUBLISHED = AlphaTable(
    operations=OPERATION_NAMES,
    normal=tuple(map(alphas_of, NORMAL)),
    reduce=tuple(map(alphas_of, REDUCE)),
)


def table(row_of_edge: dict[tuple[int, int], tuple[float, ...]], *names: str) -> AlphaTable:
    """Rows for some edges of either cell; all others are weak everywhere but at `none`."""
    weak = tuple(5.0 if name == "none" else -9.0 for name in names)
    rows = tuple(row_of_edge.get((place.node, place.source), weak) for place in PLACES)
    return AlphaTable(operations=names, normal=rows, reduce=rows)  # type: ignore[arg-type]


def test_the_published_table_gives_the_published_cell_by_probability() -> None:
    assert same_cells(derive(PUBLISHED, "probability"), CASIA)


def test_by_raw_alpha_even_in_the_published_order_of_edges() -> None:
    assert derive(PUBLISHED, "alpha") == CASIA


def test_the_rules_differ_where_rows_have_different_sums() -> None:
    rows = {
        (0, 0): (1.0, 0.9),
        (0, 1): (1.0, 0.9),
        (1, 0): (9.0, 8.9),  # large numbers, but hardly decided
        (1, 1): (2.0, -7.0),  # small ones, decided
        (1, 2): (1.0, -8.0),
    }
    cells = table(rows, "dw_conv_3x3", "skip_connect")

    by_alpha = derive(cells, "alpha").normal[1]
    by_probability = derive(cells, "probability").normal[1]

    assert [edge.source for edge in by_alpha] == [0, 1]
    assert {edge.source for edge in by_probability} == {1, 2}


@pytest.mark.parametrize("rule", ["probability", "alpha"])
def test_none_is_never_chosen_however_strong(rule) -> None:
    genotype = derive(table({}, "none", "skip_connect", "dw_conv_3x3"), rule)

    names = {edge.operation for node in genotype.normal + genotype.reduce for edge in node}
    assert names == {"skip_connect"}


def test_none_takes_weight_from_its_edge() -> None:
    rows = {
        (1, 0): (3.0, 6.0),  # the strongest raw alpha, but most of the edge is none
        (1, 1): (2.0, -5.0),
        (1, 2): (2.0, -5.0),
    }
    cells = table(rows, "dw_conv_3x3", "none")

    assert 0 in {edge.source for edge in derive(cells, "alpha").normal[1]}
    assert 0 not in {edge.source for edge in derive(cells, "probability").normal[1]}


def test_probabilities_survive_large_alphas() -> None:
    assert probabilities((1000.0, 1000.0, -1000.0)) == pytest.approx((0.5, 0.5, 0.0))


def test_entropy_falls_from_undecided_to_decided() -> None:
    assert mean_entropy([(0.0,) * 8, (3.0,) * 8]) == pytest.approx(math.log(8))
    assert mean_entropy([(500.0, 0.0, 0.0)]) == pytest.approx(0.0, abs=1e-12)
