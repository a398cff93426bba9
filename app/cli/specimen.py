"""A camera-sized picture with one face on it, made from the built-in faces."""

import numpy as np

from core.domain.frame import Frame
from core.opencv import cv2
from core.vision.probe import PICTURES_EACH, built_in_faces

WIDTH_PX, HEIGHT_PX = 640, 480  # what a webcam delivers
FACE_PX = 240  # the crop's side: a head at arm's length fills half of the height
_BACKGROUND = 128  # mid grey, so that nothing but the face is found


def specimen(person: int, picture: int = 0) -> Frame:
    """A 640×480 frame that shows one built-in face in its middle.

    Args:
        person: Which of the built-in people, from 0.
        picture: Which of this person's pictures, from 0.
    """
    crop = built_in_faces()[person * PICTURES_EACH + picture]
    face = cv2.resize(crop, (FACE_PX, FACE_PX), interpolation=cv2.INTER_CUBIC)
    pixels = np.full((HEIGHT_PX, WIDTH_PX, 3), _BACKGROUND, dtype=np.uint8)
    top, left = (HEIGHT_PX - FACE_PX) // 2, (WIDTH_PX - FACE_PX) // 2
    pixels[top : top + FACE_PX, left : left + FACE_PX] = face
    return Frame(pixels)
