"""Synthetic people: fixed by their numbers, seen as a camera would see them."""

import dataclasses

import numpy as np
import pytest

from training.synth_people import landmarks, make_person, make_shot

FRONTAL = dataclasses.replace(make_shot(0, 0), yaw=0.0, pitch=0.0, lean=0.0)


def test_people_differ_and_keep_their_proportions() -> None:
    widths = {make_person(number).half_width for number in range(20)}

    assert len(widths) == 20
    assert make_person(7).half_width == make_person(7).half_width
    assert np.array_equal(make_person(7).skin, make_person(7).skin)


def test_a_frontal_face_has_its_nose_between_its_eyes() -> None:
    eye, other, nose, corner, second = landmarks(make_person(1), FRONTAL)

    assert nose[0] == pytest.approx((eye[0] + other[0]) / 2)
    assert eye[0] < other[0]
    assert corner[0] < second[0]
    assert eye[1] < nose[1] < corner[1]


@pytest.mark.parametrize("yaw", [-0.6, 0.6])
def test_a_turned_head_moves_its_nose_and_narrows_its_eyes(yaw: float) -> None:
    person = make_person(1)

    turned = landmarks(person, dataclasses.replace(FRONTAL, yaw=yaw))

    frontal = landmarks(person, FRONTAL)
    shift = turned[2, 0] - turned[:2, 0].mean()
    assert np.sign(shift) == np.sign(yaw)
    assert turned[1, 0] - turned[0, 0] == pytest.approx(
        (frontal[1, 0] - frontal[0, 0]) * np.cos(yaw)
    )


def test_shots_of_one_person_differ_in_pose_and_light() -> None:
    shots = [make_shot(1, number) for number in range(30)]

    yaws = np.rad2deg([shot.yaw for shot in shots])
    assert 8 < yaws.std() < 25
    assert len({shot.gain for shot in shots}) == 30
