"""The exponential average, against its formula."""

import pytest
import torch
from torch import nn

from training.average import Average


def test_it_moves_by_its_formula_over_weights_and_statistics() -> None:
    net = nn.BatchNorm2d(3)
    average = Average(net)
    with torch.no_grad():
        net.weight.fill_(3.0)
        net.running_mean.fill_(8.0)  # type: ignore[union-attr]

    average.follow(net, 0.75)

    tensors = average.tensors()
    assert tensors["weight"].tolist() == pytest.approx([1.5] * 3)
    assert tensors["running_mean"].tolist() == pytest.approx([2.0] * 3)
    assert "num_batches_tracked" not in tensors


def test_loaded_tensors_are_its_own_and_may_have_new_shapes() -> None:
    average = Average(nn.Linear(2, 2, bias=False))
    saved = {"weight": torch.ones(3, 3)}

    average.load(saved)
    saved["weight"].zero_()

    assert average.tensors()["weight"].tolist() == [[1.0] * 3] * 3


def test_a_missing_tensor_is_refused() -> None:
    with pytest.raises(KeyError):
        Average(nn.Linear(2, 2)).load({})
