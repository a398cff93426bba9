"""A webcam, opened and read on a thread of its own, with deadlines and a named cause of failure."""

import logging
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from core.capture.cameras import CameraInfo, Opening, list_cameras, same_camera
from core.capture.device import CaptureDevice
from core.capture.diagnosis import CameraFacts, diagnose, gather_facts
from core.capture.errors import CameraLostError
from core.capture.reader import LiveReader, Opened, Patience, usable
from core.domain.frame import Frame
from core.errors import CaptureError
from core.opencv import cv2

log = logging.getLogger(__name__)

WIDTH_PX, HEIGHT_PX = 640, 480  # enough for a face at arm's length, and every camera has it
FRAME_RATE = 30
PATIENCE = Patience(open_s=5.0, read_s=2.0, return_s=15.0)
FIRST_FRAME_S = 4.0  # of the opening's 5 s; the rest is for finding out what went wrong
_RETRY_READ_S = 0.02  # some drivers answer "no frame yet" at once; half a frame's time

OpenDevice = Callable[[Opening], CaptureDevice]
ListCameras = Callable[[], tuple[CameraInfo, ...]]


def open_device(opening: Opening) -> CaptureDevice:
    """Open a camera in MJPG 640×480 with a buffer of one; blocks as long as the driver likes."""
    # Windows takes the mode at opening, or spends seconds on renegotiating.
    wanted = {
        cv2.CAP_PROP_FOURCC: cv2.VideoWriter.fourcc(*"MJPG"),
        cv2.CAP_PROP_FRAME_WIDTH: WIDTH_PX,
        cv2.CAP_PROP_FRAME_HEIGHT: HEIGHT_PX,
        cv2.CAP_PROP_FPS: FRAME_RATE,
    }
    if sys.platform == "win32":
        parameters = [value for pair in wanted.items() for value in pair]
        device = cv2.VideoCapture(opening.index, opening.backend, parameters)
    else:
        device = cv2.VideoCapture(opening.index, opening.backend)
        for name, value in wanted.items():
            device.set(name, value)
    device.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return device


class OpenCvCamera:
    """Frames of one camera; it is opened by the first `read`.

    Args:
        camera: As listed; after unplugging it is looked for by its identity.
        open_one: Opens one way to the device; replaced by fakes in tests.
        listing: Lists the cameras anew; replaced by fakes in tests.
        patience: The deadlines.
        first_frame_s: From the beginning of an opening to its first frame.
    """

    def __init__(
        self,
        camera: CameraInfo,
        open_one: OpenDevice = open_device,
        listing: ListCameras = list_cameras,
        patience: Patience = PATIENCE,
        first_frame_s: float = FIRST_FRAME_S,
    ) -> None:
        self._camera = camera
        self._open_one = open_one
        self._listing = listing
        self._patience = patience
        self._first_frame_s = first_frame_s
        self._seen_open = False
        self._closing = threading.Event()
        self._reader = LiveReader(
            f"camera {camera.name}", self._attempt, patience, self._unopened, self._lost
        )

    @property
    def identity(self) -> str:
        """Name, VID:PID and place of the camera, and its kind."""
        return f"{self._camera.kind.value} {self._camera.identity}"

    @property
    def live(self) -> bool:
        """Frames arrive by the wall clock."""
        return True

    def read(self) -> Frame | None:
        """The next frame; waits out an unplugged camera; None once closed.

        Raises:
            CaptureError: The camera does not open, or stays away.
        """
        return self._reader.read()

    def close(self) -> None:
        """Release the camera; from any thread, also while `read` waits."""
        self._closing.set()
        self._reader.close()

    def _attempt(self) -> Opened | None:
        """Open by the first way that gives a picture; None where the camera is away for now."""
        camera = self._camera
        if self._seen_open:
            found = same_camera(camera, self._listing())
            if found is None:
                return None
            camera = found
        started = time.monotonic()
        black = opened_one = False
        for opening in camera.openings:
            device = self._open_one(opening)
            if not device.isOpened():
                device.release()
                continue
            opened_one = True
            first, black = self._first_frame(device, started + self._first_frame_s)
            if first is not None:
                self._seen_open = True
                log.info("camera opened in %.1f s", time.monotonic() - started)
                return first
            device.release()
        waited_s = time.monotonic() - started if opened_one else None
        raise diagnose(self._facts(waited_s, black=black))

    def _first_frame(self, device: CaptureDevice, until: float) -> tuple[Opened | None, bool]:
        """The first frame that shows anything, and whether there were only black ones.

        A sensor's picture has noise even in the dark; a frame of zeros is a closed shutter, a
        refused permission, or a camera that is still starting.
        """
        black = False
        while True:
            ok, pixels = device.read()
            frame = usable(pixels) if ok else None
            if frame is not None and frame.any():
                return Opened(device, frame), False
            black = black or frame is not None
            if time.monotonic() >= until or self._closing.wait(_RETRY_READ_S):
                return None, black

    def _facts(self, timed_out_s: float | None, *, black: bool = False) -> CameraFacts:
        node = Path(self._camera.path) if sys.platform == "linux" else None
        present = same_camera(self._camera, self._listing()) is not None
        return gather_facts(
            self._camera.name, node, present=present, timed_out_s=timed_out_s, black=black
        )

    def _unopened(self) -> CaptureError:
        return diagnose(self._facts(self._patience.open_s))

    def _lost(self) -> CaptureError:
        return CameraLostError(camera=self._camera.name, waited_s=self._patience.return_s)
