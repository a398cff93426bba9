"""Which cameras there are: names and stable identities, found without opening any."""

import importlib
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from core.capture.errors import CameraMissingError
from core.capture.v4l import V4lNode, list_nodes
from core.opencv import cv2

_PLATFORM: str = sys.platform  # typed, or the checker skips the branches of other systems

# Names that virtual cameras carry where the system does not tell them from devices.
_VIRTUAL_NAME = re.compile(
    r"\b(virtual|obs|manycam|droidcam|snap camera|xsplit|ndi|loopback)\b", re.IGNORECASE
)
# macOS lists the desk view of a camera as one more; OpenCV cannot open it.
_NO_CAMERA_NAME = re.compile(r"\bdesk view\b", re.IGNORECASE)


class CameraKind(Enum):
    """What kind of pictures a camera gives; the value is the word to show."""

    ORDINARY = "camera"
    VIRTUAL = "virtual camera"
    INFRARED = "infrared camera"


@dataclass(frozen=True, slots=True)
class Opening:
    """One way to open a camera: an OpenCV backend and the camera's index there."""

    backend: int
    index: int


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """A camera that the system lists.

    Attributes:
        number: Its place in the list, from 0; changes with what is plugged in.
        name: As its maker calls it.
        identity: Stable across restarts and other cameras: name, VID:PID and where it is plugged.
        usb_id: VID:PID as eight upper-case hexadecimal digits; None where it is no USB device.
        path: The system's own name for the device: /dev/videoN on Linux.
        openings: In the order to try.
    """

    number: int
    name: str
    identity: str
    usb_id: str | None
    path: str
    kind: CameraKind
    openings: tuple[Opening, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a backend's listing, as the enumerating library gives it."""

    backend: int
    index: int
    name: str
    path: str
    vid: int | None
    pid: int | None


def list_cameras() -> tuple[CameraInfo, ...]:
    """All cameras the system lists, infrared and virtual ones labelled, none opened."""
    if _PLATFORM == "linux":
        return cameras_of_nodes(list_nodes())
    return merge_listings(_listings())


def resolve_camera(text: str, cameras: Sequence[CameraInfo]) -> CameraInfo:
    """The camera that a person means by its number, device path, VID:PID or (part of its) name.

    Raises:
        CameraMissingError: None answers to it, or several do.
    """
    wanted = text.strip()
    if wanted.isdecimal():  # never part of a name, which may hold digits
        found = [camera for camera in cameras if str(camera.number) == wanted]
    else:
        found = next(filter(None, _readings(wanted.casefold(), cameras)), [])
    if len(found) != 1 or not wanted:
        raise CameraMissingError(camera=text)
    return found[0]


def _readings(wanted: str, cameras: Sequence[CameraInfo]) -> Iterator[list[CameraInfo]]:
    """The cameras meant by folded text, one list for each way to read it, the strictest first."""
    yield [c for c in cameras if wanted in (c.path.casefold(), c.identity.casefold())]
    yield [c for c in cameras if wanted == (c.usb_id or "").casefold()]
    yield [c for c in cameras if wanted == c.name.casefold()]
    yield [c for c in cameras if wanted in c.name.casefold()]


def same_camera(camera: CameraInfo, cameras: Sequence[CameraInfo]) -> CameraInfo | None:
    """The camera in a fresh listing; at another port too, if it is the only one of its kind."""
    for key in ("identity", "usb_id", "name"):
        wanted = getattr(camera, key)
        found = [other for other in cameras if wanted and getattr(other, key) == wanted]
        if len(found) == 1:
            return found[0]
    return None


def cameras_of_nodes(nodes: Sequence[V4lNode]) -> tuple[CameraInfo, ...]:
    """Linux: one camera a capture node."""
    cameras = []
    for number, node in enumerate(nodes):
        kind = CameraKind.INFRARED if node.grey_only else CameraKind.ORDINARY
        cameras.append(
            CameraInfo(
                number=number,
                name=node.name,
                identity=_identity(node.name, node.usb_id, node.place),
                usb_id=node.usb_id,
                path=str(node.path),
                kind=CameraKind.VIRTUAL if node.virtual else kind,
                openings=(Opening(cv2.CAP_V4L2, node.index),),
            )
        )
    return tuple(cameras)


def merge_listings(listings: Sequence[Sequence[Listed]]) -> tuple[CameraInfo, ...]:
    """Windows and macOS: one camera for all backends that list it, in the order of preference.

    Args:
        listings: One a backend, the preferred backend first.
    """
    merged: dict[str, tuple[Listed, list[Opening]]] = {}
    for listing in listings:
        for line in listing:
            if _NO_CAMERA_NAME.search(line.name) is None:
                _, openings = merged.setdefault(_device_key(line), (line, []))
                openings.append(Opening(line.backend, line.index))
    return tuple(
        _merged_camera(number, line, openings)
        for number, (line, openings) in enumerate(merged.values())
    )


def _merged_camera(number: int, line: Listed, openings: Sequence[Opening]) -> CameraInfo:
    known = line.vid is not None and line.pid is not None
    usb_id = f"{line.vid:04X}:{line.pid:04X}" if known else None
    virtual = not known and _VIRTUAL_NAME.search(line.name) is not None
    return CameraInfo(
        number=number,
        name=line.name,
        identity=_identity(line.name, usb_id, _device_key(line)),
        usb_id=usb_id,
        path=line.path,
        kind=CameraKind.VIRTUAL if virtual else CameraKind.ORDINARY,
        openings=tuple(openings),
    )


def _device_key(line: Listed) -> str:
    # Windows appends the interface class, which differs between its two camera systems.
    return (line.path or line.name).casefold().rsplit("#{", 1)[0]


def _identity(name: str, usb_id: str | None, place: str) -> str:
    return f"{name} ({usb_id} at {place})" if usb_id else f"{name} (at {place})"


def _listings() -> list[list[Listed]]:
    # By name: on Linux, where its listing opens every device, it is never imported.
    library = importlib.import_module("cv2_enumerate_cameras")
    backends = (cv2.CAP_MSMF, cv2.CAP_DSHOW) if _PLATFORM == "win32" else (cv2.CAP_AVFOUNDATION,)
    return [
        [
            Listed(backend, found.index, found.name, found.path or "", found.vid, found.pid)
            for found in library.enumerate_cameras(backend)
        ]
        for backend in backends
        if backend in library.supported_backends
    ]
