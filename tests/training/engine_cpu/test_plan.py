"""A network as the engine's list of operations."""

import pytest
import torch
from torch import nn

from training.engine_cpu.plan import Kind, Plan, Span, add_operation, plan_net
from training.nets.pocketnet import ARCHITECTURES, PocketNet, Shape

SMALL = Shape(width=16, cells=4, embedding=16)


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_every_parameter_and_statistic_is_named_once(name: str) -> None:
    with torch.device("meta"):
        net = PocketNet(*ARCHITECTURES[name])

    plan = plan_net(net)

    named = [id(getattr(module, attribute)) for module, attribute in plan.tensors]
    wanted = [id(parameter) for parameter in net.parameters()]
    wanted += [id(buffer) for buffer in net.buffers() if buffer.dim() == 1]
    assert sorted(named) == sorted(wanted)


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_no_operation_reads_what_is_not_yet_known(name: str) -> None:
    with torch.device("meta"):
        net = PocketNet(*ARCHITECTURES[name])

    plan = plan_net(net)

    for edge in plan.edges:
        assert edge.source + edge.planes <= edge.target
    assert {edge.target for edge in plan.edges} == set(range(plan.states))
    assert plan.edges[-1].channels_out == net.shape.embedding


def test_only_the_tail_is_kept_in_full_precision() -> None:
    plan = plan_net(PocketNet(SMALL, input_side=32))

    full = [edge.kind for edge in plan.edges if edge.full_precision]

    assert full == [Kind.SEPARABLE, Kind.GLOBAL, Kind.SEPARABLE]


def test_an_operation_the_engine_lacks_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="Dropout"):
        add_operation(Plan(), nn.Dropout(), Span(0, 1, 16), 1)
