"""Linux: the video nodes that are cameras, told by sysfs and udev's records alone."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.capture.uvc import offers_only_grey

_SYSFS = Path("/sys")
_UDEV = Path("/run/udev/data")
_NODE = re.compile(r"video(\d+)")
# Image processors whose nodes give raw Bayer data, up to 32 of them, beside the usable one.
_RAW_NODES = re.compile(r"\bipu\d.*\bisys\b|\bipu3-cio2\b", re.IGNORECASE)
_MAX_DESCRIPTOR_BYTES = 64 * 1024  # the kernel's own limit for a configuration


@dataclass(frozen=True, slots=True)
class V4lNode:
    """A node that captures pictures.

    Attributes:
        index: N of /dev/videoN.
        place: Where it is plugged in, stable across restarts.
        virtual: Fed by software (v4l2loopback and its kind).
        grey_only: Offers no colour at all, as infrared sensors do.
    """

    index: int
    path: Path
    name: str
    usb_id: str | None
    place: str
    virtual: bool
    grey_only: bool


def list_nodes(sysfs: Path = _SYSFS, udev: Path = _UDEV) -> tuple[V4lNode, ...]:
    """Capture nodes by number; metadata and raw sensor nodes are left out.

    Args:
        sysfs: Mount point of sysfs.
        udev: Folder of udev's records, which may be absent (containers).
    """
    folder = sysfs / "class" / "video4linux"
    try:
        names = os.listdir(folder)  # noqa: PTH208 - names are wanted, not paths
    except OSError:
        return ()
    numbers = sorted(int(match[1]) for name in names if (match := _NODE.fullmatch(name)))
    nodes = (_node(folder / f"video{number}", number, udev) for number in numbers)
    return tuple(node for node in nodes if node is not None)


def _node(folder: Path, number: int, udev: Path) -> V4lNode | None:
    record = _udev_record(udev, _text(folder / "dev"))
    name = _text(folder / "name") or f"video{number}"
    if not _captures(folder, record) or _RAW_NODES.search(name) is not None:
        return None
    function = (folder / "device").resolve()
    usb = _usb_device(function)
    return V4lNode(
        index=number,
        path=Path(f"/dev/video{number}"),
        name=name,
        usb_id=None if usb is None else _usb_id(usb),
        place=record.get("ID_PATH") or function.name,
        virtual="virtual" in folder.resolve().parts,
        grey_only=usb is not None and _is_grey_only(function, usb),
    )


def _captures(folder: Path, record: Mapping[str, str]) -> bool:
    # udev has asked the driver when the device appeared. Without its record: the kernel numbers
    # the nodes of one device, and a USB camera's second one is for metadata.
    capabilities = record.get("ID_V4L_CAPABILITIES")
    if capabilities is not None:
        return ":capture:" in capabilities
    return _text(folder / "index") in ("", "0")


def _udev_record(udev: Path, device_number: str) -> dict[str, str]:
    lines = _text(udev / f"c{device_number}").splitlines()
    pairs = (line[2:].split("=", 1) for line in lines if line.startswith("E:") and "=" in line)
    return {key: value for key, value in pairs}  # noqa: C416 - the pairs are lists


def _usb_device(function: Path) -> Path | None:
    """The USB device that a function (or the device itself) belongs to."""
    return next((f for f in (function, function.parent) if (f / "idVendor").is_file()), None)


def _usb_id(usb: Path) -> str:
    return f"{_text(usb / 'idVendor')}:{_text(usb / 'idProduct')}".upper()


def _is_grey_only(function: Path, usb: Path) -> bool:
    try:
        interface = int(_text(function / "bInterfaceNumber"), 16)
        with (usb / "descriptors").open("rb") as file:
            descriptors = file.read(_MAX_DESCRIPTOR_BYTES)
    except (OSError, ValueError):
        return False
    return offers_only_grey(descriptors, interface)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
