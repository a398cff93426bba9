"""A person's words for a source → the source."""

import stat
from collections.abc import Callable
from pathlib import Path

from core.capture.animations import AnimationSource, is_animation
from core.capture.camera import OpenCvCamera
from core.capture.cameras import CameraInfo, list_cameras, resolve_camera
from core.capture.containers import sniff
from core.capture.errors import CameraMissingError, SourceUnknownError
from core.capture.files import PictureSource
from core.capture.regular import read_regular
from core.capture.stream import StreamSource, is_address, redact
from core.capture.videos import VideoSource
from core.ports import FrameSource

_HEAD_BYTES = 300


def open_source(
    text: str, listing: Callable[[], tuple[CameraInfo, ...]] = list_cameras
) -> FrameSource:
    """The source that `text` names; devices and streams are opened by its first read.

    In this order: an address, a file or folder, then a camera by number, VID:PID or name. A file
    called "0" is reached as "./0".

    Raises:
        SourceUnknownError: None of these.
        CameraMissingError: A number to which no camera answers.
        FolderEmptyError: A folder without files.
    """
    if is_address(text):
        return StreamSource(text)
    word = text.strip()
    if word and not word.isdecimal():  # Path("") would be the working folder
        found = _stored_source(text)
        if found is not None:
            return found
    try:
        return OpenCvCamera(resolve_camera(text, listing()))
    except CameraMissingError as error:
        if word.isdecimal():
            raise
        raise SourceUnknownError(source=redact(text)) from error


def passed_over(source: FrameSource) -> str:
    """A sentence on the files of a folder that were skipped so far; empty where none was."""
    skipped = source.skipped if isinstance(source, PictureSource) else ()
    if not skipped:
        return ""
    files = "1 file of the folder was" if len(skipped) == 1 else f"{len(skipped)} files were"
    return f"{files} passed over as no readable picture; the first: {skipped[0].sentence}"


def _stored_source(text: str) -> FrameSource | None:
    """A source on disk; None where the path is no regular file and no folder."""
    path = Path(text)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # ValueError: a zero byte in the name
        return None
    if stat.S_ISDIR(mode):
        return PictureSource(path)
    if not stat.S_ISREG(mode):
        return None
    if is_animation(path):
        return AnimationSource(path)
    return PictureSource(path) if _is_picture(path) else VideoSource(path)


def _is_picture(path: Path) -> bool:
    try:
        return sniff(read_regular(path, _HEAD_BYTES)) is not None
    except OSError:
        return False
