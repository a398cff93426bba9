import numpy as np
import pytest

from core.capture.scene import HEIGHT_PX, WIDTH_PX, Scene
from core.capture.script import View
from core.domain.face import Box
from core.domain.frame import Frame
from tests.fakes.frames import plain_pixels

MIDDLE = (0.5, 0.5)
# A face of 100 × 130 px in a grey picture, with a white dot at the nose and a black one at an eye.
FACE = Box(150.0, 100.0, 100.0, 130.0)
NOSE, EYE = (200, 178), (176, 150)


def dotted() -> Frame:
    pixels = plain_pixels(128, 400, 400)
    for (x, y), value in ((NOSE, 255), (EYE, 0)):
        pixels[y - 3 : y + 4, x - 3 : x + 4] = value
    return Frame(pixels=pixels)


SCENE = Scene(dotted(), FACE)


def dots(view: View) -> tuple[np.ndarray, np.ndarray]:
    """Where the nose and the eye are shown: (x, y), px."""
    grey = SCENE.show(view)[..., 0].astype(float)
    found = []
    for weights in (np.clip(grey - 160, 0, None), np.clip(96 - grey, 0, None)):
        y, x = np.mgrid[: grey.shape[0], : grey.shape[1]]
        found.append(np.array([(weights * x).sum(), (weights * y).sum()]) / weights.sum())
    return found[0], found[1]


def test_the_face_is_put_where_the_view_says() -> None:
    shown = SCENE.show(View(0, MIDDLE, 1.0))
    nose_left, _ = dots(View(0, (0.4, 0.5), 1.0))
    nose_right, _ = dots(View(0, (0.6, 0.5), 1.0))

    assert shown.shape == (HEIGHT_PX, WIDTH_PX, 3)
    assert nose_right[0] - nose_left[0] == pytest.approx(0.2 * WIDTH_PX, abs=1)
    assert nose_right[1] == pytest.approx(nose_left[1], abs=1)


def test_zoom_moves_the_points_of_the_face_apart() -> None:
    near, far = (np.subtract(*dots(View(0, MIDDLE, zoom))) for zoom in (1.2, 0.6))

    assert np.linalg.norm(near) == pytest.approx(2 * np.linalg.norm(far), rel=0.03)


@pytest.mark.parametrize(
    ("yaw_deg", "pitch_deg", "axis", "sign"),
    [(30, 0, 0, 1), (-30, 0, 0, -1), (0, 25, 1, -1), (0, -25, 1, 1)],
)
def test_turning_moves_the_nose_against_the_eyes(
    yaw_deg: float, pitch_deg: float, axis: int, sign: int
) -> None:
    straight = np.subtract(*dots(View(0, MIDDLE, 1.0)))

    turned = np.subtract(*dots(View(0, MIDDLE, 1.0, yaw_deg, pitch_deg)))

    moved = turned - straight
    assert sign * moved[axis] > 8
    assert abs(moved[1 - axis]) < abs(moved[axis]) / 2


def test_roll_turns_clockwise() -> None:
    nose, eye = dots(View(0, MIDDLE, 1.0, roll_deg=90.0))

    # The eye lies up and left of the nose; a quarter turn clockwise brings it up and right.
    assert eye[0] > nose[0] + 10
    assert eye[1] < nose[1] - 10


def test_blur_and_light_change_what_they_say() -> None:
    sharp = SCENE.show(View(0, MIDDLE, 1.0))
    blurred = SCENE.show(View(0, MIDDLE, 1.0, blur_px=6.0))
    dim = SCENE.show(View(0, MIDDLE, 1.0, light=0.1))

    assert blurred.max() < sharp.max() - 30
    assert abs(int(dim[300, 300, 0]) - 13) <= 1


def test_around_a_small_picture_there_is_a_soft_wall_and_no_second_face() -> None:
    shown = SCENE.show(View(0, MIDDLE, 0.32))

    assert int((shown[..., 0] < 60).sum()) < 60  # one eye, and no mirror image of it
    assert abs(int(shown[0, 0, 0]) - 128) <= 2


def test_a_portrait_needs_no_box() -> None:
    shown = Scene(Frame(pixels=plain_pixels(100, 300, 400))).show(View(0, MIDDLE, 1.0, 20.0))

    assert (shown == 100).mean() > 0.99
