"""A network stream (RTSP, HTTP), with deadlines, reconnection and no password anywhere."""

import re
from collections.abc import Callable

from core.capture.device import CaptureDevice
from core.capture.errors import StreamUnreachableError
from core.capture.reader import LiveReader, Opened, Patience, usable
from core.domain.frame import Frame
from core.errors import CaptureError
from core.opencv import cv2

SCHEMES = frozenset({"rtsp", "rtsps", "http", "https"})
PATIENCE = Patience(open_s=10.0, read_s=5.0, return_s=20.0, retry_s=1.0)
_MILLISECONDS = 1000

_HIDDEN = "?…"

OpenAddress = Callable[[str], CaptureDevice]


def redact(address: str) -> str:
    """The address without account, password, query and fragment, which may all hold secrets.

    Passwords may hold any sign, so all up to the last @ goes, even where that hides a host.
    """
    scheme, separator, rest = address.partition("://")
    bare = rest.rsplit("@", 1)[-1]
    shown, *hidden = re.split(r"[?#]", bare, maxsplit=1)
    return f"{scheme}{separator}{shown}{_HIDDEN if hidden else ''}"


def is_address(text: str) -> bool:
    """Whether a source's text is a stream's address."""
    scheme, separator, rest = text.partition("://")
    return bool(separator and rest) and scheme.lower() in SCHEMES


def open_address(address: str) -> CaptureDevice:
    """Open a stream through FFmpeg with its own time-outs below ours; may block all the same."""
    return cv2.VideoCapture(
        address,
        cv2.CAP_FFMPEG,
        [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
            int(0.9 * PATIENCE.open_s * _MILLISECONDS),
            cv2.CAP_PROP_READ_TIMEOUT_MSEC,
            int(0.9 * PATIENCE.read_s * _MILLISECONDS),
        ],
    )


class StreamSource:
    """Frames of one stream; it is opened by the first `read`.

    Args:
        address: rtsp, rtsps, http or https; may hold account and password.
        open_one: Opens the address; replaced by fakes in tests.
        patience: The deadlines.
    """

    def __init__(
        self, address: str, open_one: OpenAddress = open_address, patience: Patience = PATIENCE
    ) -> None:
        self._address = address
        self._open_one = open_one
        self._patience = patience
        self._reader = LiveReader(
            "stream", self._attempt, patience, self._unreachable, self._unreachable
        )

    @property
    def identity(self) -> str:
        """The address without secrets."""
        return f"stream {redact(self._address)}"

    @property
    def live(self) -> bool:
        """Frames arrive by the wall clock."""
        return True

    def read(self) -> Frame | None:
        """The next frame; reconnects after an interruption; None once closed.

        Raises:
            StreamUnreachableError: It does not open, or stays away.
        """
        return self._reader.read()

    def close(self) -> None:
        """Close the connection; from any thread, also while `read` waits."""
        self._reader.close()

    def _attempt(self) -> Opened | None:
        device = self._open_one(self._address)
        ok, pixels = device.read() if device.isOpened() else (False, None)
        first = usable(pixels) if ok else None
        if first is None:
            device.release()
            return None
        return Opened(device, first)

    def _unreachable(self) -> CaptureError:
        return StreamUnreachableError(
            address=redact(self._address), deadline_s=self._patience.open_s
        )
