"""One picture from a source."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CHANNELS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture and when it was taken.

    Attributes:
        pixels: uint8 (H, W, 3), BGR, C-contiguous; made read-only here, because the window
            paints from the same memory.
        captured_at: Seconds on a monotonic clock. For a video file, the frame's own time.
        index: Counts the frames of one source from 0, dropped ones included.
    """

    pixels: NDArray[np.uint8]
    captured_at: float = 0.0
    index: int = 0

    def __post_init__(self) -> None:
        pixels = self.pixels
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != CHANNELS:  # noqa: PLR2004 - H, W, C
            raise ValueError(f"a frame is uint8 (H, W, 3), not {pixels.dtype} {pixels.shape}")
        if pixels.size == 0 or not pixels.flags.c_contiguous:
            raise ValueError("a frame has pixels in C order")
        pixels.flags.writeable = False

    @property
    def width_px(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])

    @property
    def height_px(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])
