from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from core.domain.face import Face
from core.domain.frame import Frame
from core.vision.detect import YuNetDetector
from core.vision.pose import HeadPose, head_pose
from tests.core.vision.turned_heads import seen


def test_a_head_held_straight_reads_as_straight(face_at: Callable[..., Face]) -> None:
    pose = head_pose(seen(face_at()))

    assert max(abs(pose.yaw_deg), abs(pose.pitch_deg), abs(pose.roll_deg)) < 1


@pytest.mark.parametrize("angle_deg", [-45, -20, 20, 45])
def test_a_head_turned_to_the_images_right_has_positive_yaw(
    face_at: Callable[..., Face], angle_deg: float
) -> None:
    pose = head_pose(seen(face_at(), yaw_deg=angle_deg))

    assert pose.yaw_deg == pytest.approx(angle_deg, abs=4)


@pytest.mark.parametrize("angle_deg", [-25, -10, 10, 25])
def test_a_raised_chin_has_positive_pitch(face_at: Callable[..., Face], angle_deg: float) -> None:
    # Rotation about x moves the nose down for a positive angle, and a raised chin moves it up.
    pose = head_pose(seen(face_at(), pitch_deg=angle_deg))

    assert pose.pitch_deg == pytest.approx(angle_deg, abs=6)


@pytest.mark.parametrize("angle_deg", [-60, -15, 15, 60])
def test_clockwise_in_the_image_is_positive_roll(
    face_at: Callable[..., Face], angle_deg: float
) -> None:
    pose = head_pose(seen(face_at(), roll_deg=angle_deg))

    assert pose.roll_deg == pytest.approx(angle_deg, abs=1)
    assert abs(pose.yaw_deg) < 1


def test_front_views_of_people_read_as_frontal_and_side_views_as_turned(
    detector: YuNetDetector, person: Callable[..., Frame]
) -> None:
    for name in ("P001", "P004", "P007"):
        sheet = person(name, "character_sheet", 1024)
        # The upper row shows front, side, back and side view, a quarter of the width each.
        upper = [face for face in detector.detect(sheet) if face.box.y < 300]
        front = min(upper, key=lambda face: face.box.x)
        others = [face for face in upper if face is not front and face.box.y < 300]

        assert abs(head_pose(front).yaw_deg) < 12
        assert all(abs(head_pose(face).yaw_deg) > 50 for face in others)


def test_a_real_head_that_turns_is_followed_from_side_to_side(
    detector: YuNetDetector, shared: Path
) -> None:
    poses: list[HeadPose] = []
    path = shared / "data" / "videos" / "head-pose-face-detection-female.gif"
    with Image.open(path) as film:
        for picture in ImageSequence.Iterator(film):
            bgr = np.ascontiguousarray(np.asarray(picture.convert("RGB"))[..., ::-1])
            (face,) = detector.detect(Frame(bgr))
            poses.append(head_pose(face))

    yaws = np.array([pose.yaw_deg for pose in poses])
    assert yaws[0] < -40  # she begins looking to the image's left
    assert yaws[len(yaws) // 2] > 15  # is turned to the other side half way
    assert np.abs(np.diff(yaws)).max() < 30  # and never jumps
