"""The 8-bit form: smaller, near the original, fed alike."""

import numpy as np

from tests.training.export.made import faces
from tests.training.runs import settled_net
from training.export.quantize import quantized
from training.subjects import network_of


def test_the_quantized_network_answers_nearly_alike_and_is_smaller() -> None:
    network = network_of(settled_net("mobilefacenet-32", side=32), "full")
    crops = faces(800, 12)

    small = quantized(network, crops, "small")

    cosines = np.einsum("nd,nd->n", small.embed(crops), network.embed(crops))
    assert cosines.min() > 0.5
    assert (small.embed(crops) != network.embed(crops)).any()
    assert len(small.model) < 0.5 * len(network.model)
    assert (small.name, small.spec) == ("small", network.spec)
