"""The loss scale halves on overflow, doubles after a while, and is out of the way otherwise."""

import torch

from training.engine.loss_scale import FIRST, GROWTH_STEPS, LossScale


def test_without_fp16_nothing_is_scaled() -> None:
    scale, gradient = LossScale(needed=False), torch.tensor([float("inf")])

    assert scale.factor == 1
    assert scale.unscale_([gradient])


def test_gradients_are_divided() -> None:
    scale, gradient = LossScale(needed=True), torch.tensor([FIRST, 2 * FIRST])

    assert scale.unscale_([gradient])
    assert gradient.tolist() == [1.0, 2.0]


def test_an_overflow_leaves_the_step_out_and_halves() -> None:
    scale = LossScale(needed=True)

    assert not scale.unscale_([torch.ones(1), torch.tensor([float("inf")])])
    assert scale.factor == FIRST / 2


def test_many_good_steps_double_and_a_resumed_count_goes_on() -> None:
    scale, again = LossScale(needed=True), LossScale(needed=True)
    for _ in range(GROWTH_STEPS - 1):
        scale.unscale_([torch.ones(1)])
    again.load(scale.tensors())

    again.unscale_([torch.ones(1)])

    assert (scale.factor, again.factor) == (FIRST, 2 * FIRST)


def test_a_run_in_fp32_gives_a_later_one_in_fp16_no_factor() -> None:
    scale = LossScale(needed=True)

    scale.load(LossScale(needed=False).tensors())

    assert scale.factor == FIRST
