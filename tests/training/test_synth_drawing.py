"""Drawn faces: eyes where the template has them, whatever the pose; light from its side."""

import dataclasses

import numpy as np
import pytest

from core.vision.align import TEMPLATE
from training.synth_drawing import draw_aligned
from training.synth_people import Shot, make_person, make_shot

PERSON = dataclasses.replace(
    make_person(1),
    iris=np.array([0.0, 0, 0]),
    skin=np.array([200.0, 200, 220]),
    eye_size=6.0,
    glasses=False,
)
PLAIN = dataclasses.replace(make_shot(1, 1), gain=1.0, tint=np.ones(3), yaw=0.0, pitch=0.0)


@pytest.mark.parametrize("yaw", [-0.3, 0.0, 0.3])
def test_the_eyes_lie_where_the_template_has_them(yaw: float) -> None:
    crop = draw_aligned(PERSON, dataclasses.replace(PLAIN, yaw=yaw), 128, 8)

    grey = crop.astype(int).sum(axis=2)
    for x, y in TEMPLATE[:2] + 8:
        column, row = round(x), round(y)
        window = grey[row - 4 : row + 5, column - 6 : column + 7]
        down, across = np.unravel_index(window.argmin(), window.shape)
        assert abs(down - 4) <= 3
        assert abs(across - 6) <= 5
        assert window.min() < 250 < grey[row + 14, column]  # a dark iris above a light cheek


def test_light_from_one_side_lights_that_side() -> None:
    def halves(shot: Shot) -> float:
        cheeks = draw_aligned(PERSON, shot, 128, 8)[84:96].astype(float)
        return float(cheeks[:, 40:56].mean() - cheeks[:, 72:88].mean())

    left = dataclasses.replace(PLAIN, light=np.array([-0.8, 0.0, 0.6]))
    right = dataclasses.replace(PLAIN, light=np.array([0.8, 0.0, 0.6]))

    assert halves(left) > 10
    assert halves(right) < -10


def test_another_size_shows_the_same_face() -> None:
    with_margin = draw_aligned(PERSON, PLAIN, 128, 8)[8:120, 8:120].astype(float)
    without = draw_aligned(PERSON, PLAIN, 112, 0).astype(float)

    assert np.abs(with_margin - without).mean() < 5
