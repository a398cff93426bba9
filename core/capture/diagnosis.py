"""Why a camera does not open: facts gathered from the system, and the one error they point to."""

import errno
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.capture.errors import (
    CameraBusyError,
    CameraDeniedError,
    CameraFailedError,
    CameraMissingError,
    CameraTimeoutError,
)
from core.errors import CaptureError

# Words in the firmware's vendor and product fields that tell of a virtual machine.
_MACHINE_WORDS = ("VMware", "VirtualBox", "innotek", "QEMU", "KVM", "Parallels", "Xen", "Bochs")
_HYPER_V = "Virtual Machine"  # the product name that Hyper-V gives
_DMI = Path("/sys/class/dmi/id")
_PROC = Path("/proc")

_REMEDIES = {
    "linux": "join the group 'video' (sudo usermod -aG video $USER), then log out and in again.",
    "darwin": (
        "allow it under System Settings → Privacy & Security → Camera for this program, or for "
        "the terminal it was started from."
    ),
    "win32": (
        "switch on 'Let desktop apps access your camera' under Settings → Privacy & security → "
        "Camera."
    ),
}
_OTHER_REMEDY = "allow this program to use the camera in the system's privacy settings."
_MACHINE_HINT = (
    "in a virtual machine ({machine}) pass the camera through with a USB 3 controller, or use a "
    "video file."
)
_SLOW_HINT = "unplug it and plug it in again, or close other programs that may use it."
_BLACK_HINT = "its pictures are entirely black: open its shutter or take off its cover."


@dataclass(frozen=True, slots=True)
class CameraFacts:
    """What is known about a camera that gave no picture.

    Attributes:
        camera: Its name, as the person knows it.
        platform: As in sys.platform.
        present: Whether the system still lists it.
        open_errno: What the system answered to opening its node; 0 if it opened, None if there
            is no node to ask (macOS, Windows).
        holder: Name of a program that holds the node, if one could be seen.
        timed_out_s: The deadline that passed; None if the driver refused at once.
        black: Frames came, but every pixel of them was black.
        machine: Name of the virtual machine this runs in, if any.
    """

    camera: str
    platform: str
    present: bool = True
    open_errno: int | None = None
    holder: str | None = None
    timed_out_s: float | None = None
    black: bool = False
    machine: str | None = None


def diagnose(facts: CameraFacts) -> CaptureError:
    """The error that names the likeliest cause, most certain causes first."""
    if not facts.present or facts.open_errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return CameraMissingError(camera=facts.camera)
    if facts.open_errno in (errno.EACCES, errno.EPERM) or _kept_black_by_privacy(facts):
        remedy = _REMEDIES.get(facts.platform, _OTHER_REMEDY)
        return CameraDeniedError(camera=facts.camera, remedy=remedy)
    if _held(facts):
        holder = f"the program '{facts.holder}'" if facts.holder else "another program"
        return CameraBusyError(camera=facts.camera, holder=holder)
    likely_cause = _likely_cause(facts)
    if facts.timed_out_s is None:
        return CameraFailedError(camera=facts.camera, likely_cause=likely_cause)
    return CameraTimeoutError(
        camera=facts.camera, deadline_s=facts.timed_out_s, likely_cause=likely_cause
    )


def _held(facts: CameraFacts) -> bool:
    if facts.black:  # it delivers, so nobody keeps it from us
        return False
    if facts.open_errno == errno.EBUSY or facts.holder is not None:
        return True
    # Windows and macOS refuse a camera in use at once, and name no reason.
    refused_at_once = facts.timed_out_s is None and facts.open_errno is None
    return refused_at_once and facts.machine is None


def _kept_black_by_privacy(facts: CameraFacts) -> bool:
    # macOS and Windows answer a program without permission with black frames.
    return facts.black and facts.platform in ("darwin", "win32")


def _likely_cause(facts: CameraFacts) -> str:
    if facts.black:
        return _BLACK_HINT
    if facts.machine is not None:
        return _MACHINE_HINT.format(machine=facts.machine)
    return _SLOW_HINT


def gather_facts(
    camera: str,
    node: Path | None,
    *,
    present: bool,
    timed_out_s: float | None = None,
    black: bool = False,
) -> CameraFacts:
    """Ask the system about a camera that gave no picture.

    Args:
        node: Its device file on Linux; None elsewhere.
        present: Whether a fresh listing still shows it.
    """
    return CameraFacts(
        camera=camera,
        platform=sys.platform,
        present=present,
        open_errno=None if node is None else _open_errno(node),
        holder=None if node is None else holder_of(node),
        timed_out_s=timed_out_s,
        black=black,
        machine=virtual_machine(),
    )


def virtual_machine(firmware: Path = _DMI) -> str | None:
    """The name of the virtual machine that this system runs in, or None; Linux only.

    Args:
        firmware: Folder of the firmware's identification texts.
    """
    vendor, product = (_first_line(firmware / name) for name in ("sys_vendor", "product_name"))
    if product == _HYPER_V:
        return "Hyper-V"
    return next((word for word in _MACHINE_WORDS if word in f"{vendor} {product}"), None)


def holder_of(node: Path, processes: Path = _PROC) -> str | None:
    """The name of another process that has `node` open; only this account's own can be seen."""
    for process in _folders(processes):
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        if any(_points_at(link, node) for link in _folders(process / "fd")):
            return _first_line(process / "comm") or f"number {process.name}"
    return None


def _open_errno(node: Path) -> int:
    # Non-blocking and without starting a capture, so the answer comes at once.
    try:
        handle = os.open(node, os.O_RDWR | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        return error.errno or 0
    os.close(handle)
    return 0


def _folders(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.iterdir()
    except OSError:  # another account's process, or one that has just ended
        return


def _points_at(link: Path, node: Path) -> bool:
    try:
        return link.readlink() == node
    except OSError:
        return False


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").split("\n", 1)[0].strip()
    except OSError:
        return ""
