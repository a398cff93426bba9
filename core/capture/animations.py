"""An animated GIF, WebP or PNG as a finite source: what a browser plays, played as a video."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.capture.containers import PictureFormat, sniff
from core.capture.decoding import (
    DECODER_FAULTS,
    PixelLimitError,
    UnsupportedPixelsError,
    check_pixels,
    quiet_pillow,
    upright_bgr,
)
from core.capture.errors import VideoUnreadableError
from core.capture.pictures import MAX_BYTES
from core.capture.regular import read_regular, shown
from core.domain.frame import Frame

_FRAME_FAULTS: tuple[type[Exception], ...] = (UnsupportedPixelsError, *DECODER_FAULTS)
_ANIMATED = frozenset({PictureFormat.GIF, PictureFormat.WEBP, PictureFormat.PNG})
_HEAD_BYTES = 300
# Browsers show frames that ask for 10 ms or less for 100 ms; old files say 0.
_SHORTEST_MS = 10
_DEFAULT_MS = 100


class AnimationSource:
    """Frames of an animated picture, each with the time at which it appears.

    Its later frames may be damaged: it then ends where they begin.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._coming: Iterator[tuple[NDArray[np.uint8], float]] | None = None
        self._frames = 0
        self._closed = False

    @property
    def identity(self) -> str:
        """The file's name."""
        return f"video {shown(self._path)}"

    @property
    def live(self) -> bool:
        """Frames are there on demand."""
        return False

    def read(self) -> Frame | None:
        """The next frame; None after the last, or once closed.

        Raises:
            VideoUnreadableError: Not even the first frame can be decoded.
        """
        if self._closed:
            return None
        try:
            if self._coming is None:
                self._coming = _play(self._path)
            with quiet_pillow():
                pixels, time_s = next(self._coming)
        except StopIteration:
            return None
        except PixelLimitError as error:
            raise self._unreadable("its frames are too large") from error
        except _FRAME_FAULTS as error:
            if self._frames > 0:
                self.close()
                return None
            raise self._unreadable("its bytes are damaged") from error
        frame = Frame(pixels=pixels, captured_at=time_s, index=self._frames)
        self._frames += 1
        return frame

    def close(self) -> None:
        """End the source."""
        self._closed = True

    def _unreadable(self, reason: str) -> VideoUnreadableError:
        return VideoUnreadableError(path=shown(self._path), reason=reason)


def is_animation(path: Path) -> bool:
    """Whether a file is a picture that moves; False too for what cannot be read."""
    try:
        picture_format = sniff(read_regular(path, _HEAD_BYTES))
        if picture_format not in _ANIMATED or path.stat().st_size > MAX_BYTES:
            return False
        with quiet_pillow(), Image.open(path, formats=(picture_format.value,)) as image:
            return bool(getattr(image, "is_animated", False))
    except DECODER_FAULTS:
        return False


def _play(path: Path) -> Iterator[tuple[NDArray[np.uint8], float]]:
    """Each frame with its time in seconds; decodes one at a time."""
    data = read_regular(path, MAX_BYTES)
    picture_format = sniff(data)
    if picture_format not in _ANIMATED:
        return
    time_s = 0.0
    with Image.open(BytesIO(data), formats=(picture_format.value,)) as image:
        check_pixels(*image.size)
        for index in range(getattr(image, "n_frames", 1)):
            image.seek(index)
            image.load()
            yield upright_bgr(image), time_s
            time_s += _shown_for_s(image.info.get("duration"))


def _shown_for_s(duration_ms: object) -> float:
    if isinstance(duration_ms, int | float) and duration_ms > _SHORTEST_MS:
        return float(duration_ms) / 1000.0
    return _DEFAULT_MS / 1000.0
