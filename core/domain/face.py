"""A face found in a frame, and the same face aligned."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LANDMARKS = 5
CROP_PX = 112


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in frame pixels; may reach beyond the frame."""

    x: float
    y: float
    width: float
    height: float

    def __post_init__(self) -> None:
        if not all(np.isfinite((self.x, self.y, self.width, self.height))):
            raise ValueError("a box is finite")
        if self.width <= 0 or self.height <= 0:
            raise ValueError("a box has a positive width and height")

    @property
    def centre(self) -> tuple[float, float]:
        """(x, y) of the middle, px."""
        return self.x + self.width / 2, self.y + self.height / 2

    @property
    def area(self) -> float:
        """px²."""
        return self.width * self.height


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A detection in frame pixels.

    Attributes:
        landmarks: float32 (5, 2), px: eye, eye, nose tip, mouth corner, mouth corner, each pair
            left to right *in the image* (so the subject's right eye first, unless mirrored).
        detector_score: 0 to 1, higher is surer.
    """

    box: Box
    landmarks: NDArray[np.float32]
    detector_score: float

    def __post_init__(self) -> None:
        if self.landmarks.shape != (LANDMARKS, 2) or self.landmarks.dtype != np.float32:
            raise ValueError("landmarks are float32 (5, 2)")
        if not np.isfinite(self.landmarks).all():
            raise ValueError("landmarks are finite")
        self.landmarks.flags.writeable = False

    @property
    def interocular_px(self) -> float:
        """Distance between the two eyes, px."""
        return float(np.linalg.norm(self.landmarks[1] - self.landmarks[0]))


@dataclass(frozen=True, slots=True, eq=False)
class AlignedFace:
    """A face warped to the ArcFace template.

    Attributes:
        pixels: uint8 (112, 112, 3), BGR, read-only.
        transform: float64 (2, 3), maps frame px to crop px.
    """

    pixels: NDArray[np.uint8]
    transform: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.pixels.shape != (CROP_PX, CROP_PX, 3) or self.pixels.dtype != np.uint8:
            raise ValueError("an aligned face is uint8 (112, 112, 3)")
        if self.transform.shape != (2, 3):
            raise ValueError("a transform is (2, 3)")
        self.pixels.flags.writeable = False
        self.transform.flags.writeable = False
