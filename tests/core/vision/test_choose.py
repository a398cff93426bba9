from collections.abc import Callable

import numpy as np

from core.domain.face import Face
from core.domain.frame import Frame
from core.vision.choose import choose

FRAME = Frame(np.zeros((480, 640, 3), np.uint8))


def test_nobody_is_chosen_where_nobody_is() -> None:
    assert choose((), FRAME, "largest") is None
    assert choose((), FRAME, "centre") is None
    assert choose((), FRAME, "exactly-one") is None


def test_the_largest_face_is_chosen_whatever_its_place(face_at: Callable[..., Face]) -> None:
    faces = (face_at(x=320, eyes_px=40), face_at(x=90, eyes_px=70), face_at(x=560, eyes_px=50))

    assert choose(faces, FRAME, "largest") == 1


def test_the_face_nearest_the_middle_is_chosen_whatever_its_size(
    face_at: Callable[..., Face],
) -> None:
    faces = (face_at(x=90, eyes_px=70), face_at(x=330, eyes_px=20), face_at(x=560, eyes_px=50))

    assert choose(faces, FRAME, "centre") == 1


def test_exactly_one_refuses_two(face_at: Callable[..., Face]) -> None:
    one, other = face_at(x=100), face_at(x=500)

    assert choose((one,), FRAME, "exactly-one") == 0
    assert choose((one, other), FRAME, "exactly-one") is None
