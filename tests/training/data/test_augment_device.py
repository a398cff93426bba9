"""A batch rendered on a device is what the CPU's own code renders."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from training.data.augment import Draws, draw, draw_each, render
from training.data.augment_device import area_matrix, normalised, render_on
from training.synth import draw_face

CROPS = np.stack([draw_face(person, 0) for person in range(6)])
CPU = torch.device("cpu")


def neutral() -> Draws:
    return draw(len(CROPS), 0.0, np.random.default_rng(0))


def both(draws: Draws, side: int) -> tuple[np.ndarray, np.ndarray]:
    slow = render(CROPS, draws, side)
    fast = render_on(CPU, CROPS, draws, side).numpy().transpose(0, 2, 3, 1)[..., ::-1]
    return slow, fast


@pytest.mark.parametrize("side", [48, 64, 112])
def test_geometry_and_size_agree(side: int) -> None:
    drawn = draw(len(CROPS), 1.0, np.random.default_rng(1))
    slow, fast = both(replace(neutral(), matrices=drawn.matrices), side)

    assert np.abs(slow - fast).mean() < 0.6  # warpAffine rounds places to a 32nd of a pixel


@pytest.mark.parametrize(
    ("part", "value", "mean"),
    [
        ("saturation", np.linspace(0, 1.4, 6), 0.6),
        ("contrast", np.linspace(0.7, 1.3, 6), 0.6),
        ("light", np.linspace(0.7, 1.3, 18).reshape(6, 3), 0.6),
        ("small", np.linspace(0.3, 0.9, 6), 0.8),
        ("blur", np.linspace(0.005, 0.02, 6), 0.8),
        ("quality", np.linspace(20, 80, 6), 3.0),  # libjpeg rounds inside its transforms
        ("erased", np.tile([0.2, 0.3, 0.3, 0.25], (6, 1)), 0.8),
    ],
)
def test_each_change_agrees_and_changes_something(
    part: str, value: np.ndarray, mean: float
) -> None:
    slow, fast = both(replace(neutral(), **{part: value}), 64)
    plain, _ = both(neutral(), 64)

    assert np.abs(slow - fast).mean() < mean
    assert np.abs(slow - plain).mean() > 2 * np.abs(slow - fast).mean()


def test_noise_has_the_drawn_spread() -> None:
    flat = np.full_like(CROPS, 128)
    draws = replace(neutral(), noise=np.full(6, 10.0), noise_seed=np.arange(6))

    views = render_on(CPU, flat, draws, 64)
    again = render_on(CPU, flat, draws, 64)

    assert float(views.std()) == pytest.approx(10, rel=0.03)
    assert torch.equal(views, again)


def test_a_view_drawn_alone_depends_on_its_own_seed_only() -> None:
    together = render(CROPS, draw_each([(7, index) for index in range(6)], 1.0), 48)
    alone = render(CROPS[4:5], draw_each([(7, 4)], 1.0), 48)

    assert np.array_equal(together[4], alone[0])


def test_an_area_matrix_keeps_a_flat_picture() -> None:
    assert np.allclose(area_matrix(112, 48).sum(axis=1), 1)


def test_normalised_is_the_networks_input() -> None:
    assert normalised(torch.tensor([0.0, 127.5, 255.0])).tolist() == [-1.0, 0.0, 1.0]
