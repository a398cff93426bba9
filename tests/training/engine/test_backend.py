"""Engines: the same gradients whatever is asked for besides, and a choice that says why."""

import pytest
import torch
from torch import Tensor

from core.errors import UsageError
from training.engine.backend import TorchEngine, choose_engine, fused_refused, precision_of
from training.engine.loss_scale import LossScale
from training.losses.distil import cosine_distance
from training.nets.genotype import CASIA
from training.nets.pocketnet import PocketNet, Shape
from training.recipe.sections import RunSection

pytestmark = pytest.mark.train
CPU = torch.device("cpu")
IMAGES = torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))
ANSWERS = torch.randn(4, 16, generator=torch.Generator().manual_seed(1))


def small() -> PocketNet:
    torch.manual_seed(0)
    return PocketNet(Shape(8, 4, 16), CASIA, 16)


def section(**changes: object) -> RunSection:
    return RunSection(**({"length": 1, "engine": "torch"} | changes))  # type: ignore[arg-type]


def gradients(run: RunSection, maps: tuple[str, ...] = (), weight: float = 0.0) -> list[Tensor]:
    net, scale = small(), LossScale(needed=run.precision == "fp16")
    engine = TorchEngine(net, run, CPU, scale)

    def loss(embedding: Tensor, *found: Tensor) -> Tensor:
        assert embedding.dtype == torch.float32
        extra = sum((each.square().mean() for each in found), start=torch.zeros(()))
        return cosine_distance(embedding, ANSWERS) + weight * extra

    engine.embed_and_backward(IMAGES, loss, maps)
    found = [parameter.grad for parameter in net.parameters() if parameter.grad is not None]
    scale.unscale_(found)
    return found


def test_maps_are_shown_in_the_order_of_their_names() -> None:
    net = small()
    shapes: list[tuple[int, ...]] = []

    def loss(embedding: Tensor, *maps: Tensor) -> Tensor:
        shapes.extend(tuple(each.shape) for each in maps)
        return embedding.sum()

    engine = TorchEngine(net, section(), CPU, LossScale(needed=False))
    engine.embed_and_backward(IMAGES, loss, ("cells.3", "stem_norm", "cells.0"))

    assert shapes == [(4, 256, 1, 1), (4, 32, 8, 8), (4, 32, 8, 8)]


def test_a_map_that_counts_changes_the_gradient_and_one_that_does_not_does_not() -> None:
    plain, watched = gradients(section()), gradients(section(), ("cells.0",))
    taught = gradients(section(), ("cells.0",), weight=1.0)

    for one, other in zip(plain, watched, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-4)
    assert not all(torch.allclose(a, b) for a, b in zip(plain, taught, strict=True))


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_points_the_same_way(precision: str) -> None:
    exact, rounded = gradients(section()), gradients(section(precision=precision))

    one, other = (torch.cat([each.flatten() for each in found]) for found in (exact, rounded))
    # Four pictures and maps of one pixel: the noisiest statistics there are.
    assert float(torch.cosine_similarity(one, other, dim=0)) > 0.9


def test_precision_follows_the_device() -> None:
    assert precision_of(section(), CPU) == "fp32"
    assert precision_of(section(), torch.device("cuda")) == "bf16"
    assert precision_of(section(precision="fp16"), torch.device("cuda")) == "fp16"


@pytest.mark.parametrize(
    ("changes", "device", "net", "reason"),
    [
        ({"engine": "torch"}, "cpu", small(), "asks for torch"),
        ({"engine": "auto"}, "cuda", small(), "run on a CPU"),
        ({"engine": "auto"}, "cpu", torch.nn.Linear(2, 2), "PocketNets only"),
        ({"engine": "auto", "compile": True}, "cpu", small(), "torch engine"),
    ],
)
def test_the_fused_kernels_are_left_for_a_reason(
    changes: dict[str, object], device: str, net: torch.nn.Module, reason: str
) -> None:
    assert reason in str(fused_refused(section(**changes), net, torch.device(device)))


def test_what_the_fused_kernels_cannot_run_is_told_only_where_they_are_asked_for() -> None:
    narrow = PocketNet(Shape(4, 4, 16), CASIA, 16)  # channels that are no multiple of 16
    scale = LossScale(needed=False)

    assert isinstance(choose_engine(section(engine="auto"), narrow, CPU, scale), TorchEngine)
    with pytest.raises(UsageError):
        choose_engine(section(engine="fused"), narrow, CPU, scale)
