"""Frames, sources and capture devices that need no camera."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.capture.cameras import CameraInfo, CameraKind, Opening
from core.domain.frame import Frame

Pixels = NDArray[np.uint8]

HANG_LIMIT_S = 10.0  # a forgotten hang must not outlive the test run


def plain_pixels(value: int = 128, width: int = 64, height: int = 48) -> Pixels:
    """uint8 (height, width, 3) of one grey."""
    return np.full((height, width, 3), value, dtype=np.uint8)


def plain_frame(index: int = 0, value: int = 128) -> Frame:
    """A small frame of one grey."""
    return Frame(pixels=plain_pixels(value), captured_at=index / 30, index=index)


def chequered_pixels(width: int = 160, height: int = 128, seed: int = 0) -> Pixels:
    """uint8 (height, width, 3): 8-pixel squares of random colours, so that turns show."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8)
    return np.kron(small, np.ones((8, 8, 1), dtype=np.uint8))


class ListSource:
    """A finite source over given frames."""

    identity = "list"
    live = False

    def __init__(self, frames: Iterable[Frame]) -> None:
        self._frames = iter(frames)
        self.closed = False

    def read(self) -> Frame | None:
        return None if self.closed else next(self._frames, None)

    def close(self) -> None:
        self.closed = True


class Hang:
    """A call into a driver that does not return until it is let go."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self._free = threading.Event()

    def wait(self) -> None:
        self.entered.set()
        self._free.wait(HANG_LIMIT_S)

    def let_go(self) -> None:
        self._free.set()


@dataclass
class FakeDevice:
    """A capture device that plays `reads`: pixels, None for a failed read, or a Hang.

    After the last one every read fails, as when the cable is pulled.
    """

    reads: list[object] = field(default_factory=list)
    opened: bool = True
    properties: dict[int, float] = field(default_factory=dict)
    released: bool = False

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self.opened

    def read(self) -> tuple[bool, object]:
        given = self.reads.pop(0) if self.reads else None
        if isinstance(given, Hang):
            given.wait()
            return False, None
        return given is not None, given

    def get(self, propId: int, /) -> float:  # noqa: N803 - OpenCV's name
        return self.properties.get(propId, 0.0)

    def set(self, propId: int, value: float, /) -> bool:  # noqa: N803 - OpenCV's name
        self.properties[propId] = value
        return True

    def release(self) -> None:
        self.released = True


class FakeDriver:
    """Opens the given devices one after another; afterwards there is none any more.

    A device may be a Hang: opening it then takes until that is let go.
    """

    def __init__(self, *devices: FakeDevice | Hang) -> None:
        self._devices = list(devices)
        self.openings: list[object] = []

    def open_one(self, opening: object) -> FakeDevice:
        self.openings.append(opening)
        device = self._devices.pop(0) if self._devices else FakeDevice(opened=False)
        if isinstance(device, Hang):
            device.wait()
            return FakeDevice(opened=False)
        return device


def a_camera(
    name: str = "Test Camera",
    number: int = 0,
    usb_id: str | None = "046D:0825",
    place: str = "usb-1",
    path: str = "/dev/video-of-no-machine",
    kind: CameraKind = CameraKind.ORDINARY,
    openings: tuple[Opening, ...] = (Opening(backend=200, index=0),),
) -> CameraInfo:
    """A camera as a listing shows it."""
    identity = f"{name} ({usb_id} at {place})"
    return CameraInfo(number, name, identity, usb_id, path, kind, openings)


def listing_of(*cameras: CameraInfo) -> Callable[[], tuple[CameraInfo, ...]]:
    """A listing that always shows the same cameras."""
    return lambda: cameras
