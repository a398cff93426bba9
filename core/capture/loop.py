"""One turn of the camera thread: source → mailbox."""

from core.capture.mailbox import Mailbox
from core.domain.frame import Frame
from core.ports import FrameSource


class CaptureLoop:
    """Moves frames from a source into a mailbox, one a step.

    It never waits by itself: a live source paces it, and whoever wants every frame of a finite
    one takes between the steps.
    """

    def __init__(self, source: FrameSource, frames: Mailbox[Frame]) -> None:
        self._source = source
        self._frames = frames

    def step(self) -> bool:
        """Move one frame; False at the end of the source, which also closes the mailbox.

        Raises:
            CaptureError: The source failed; the mailbox is closed then too, so that nobody waits
                for frames that cannot come.
        """
        frame = None
        try:
            frame = self._source.read()
        finally:
            if frame is None:
                self._frames.close()
        if frame is None or self._frames.closed:
            return False
        self._frames.put(frame)
        return True
