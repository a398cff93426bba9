"""Which of several faces is decided about."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.domain.face import Face
from core.domain.frame import Frame

if TYPE_CHECKING:  # the settings need packages that a plain checkout for training has not
    from core.settings import FacePolicy


def choose(faces: Sequence[Face], frame: Frame, policy: "FacePolicy") -> int | None:
    """Index of the face that the policy picks; None where it picks none.

    Args:
        faces: In pixels of `frame`.
        policy: "largest" and "centre" always find one among several; "exactly-one" finds none
            where there are two or more.
    """
    if not faces or (policy == "exactly-one" and len(faces) > 1):
        return None
    if policy == "centre":
        return min(range(len(faces)), key=lambda index: _off_centre(faces[index], frame))
    return max(range(len(faces)), key=lambda index: faces[index].box.area)


def _off_centre(face: Face, frame: Frame) -> float:
    x, y = face.box.centre
    return (x - frame.width_px / 2) ** 2 + (y - frame.height_px / 2) ** 2
