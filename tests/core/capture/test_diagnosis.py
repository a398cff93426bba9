import errno
import os
from pathlib import Path

import pytest

from core.capture.diagnosis import (
    CameraFacts,
    diagnose,
    gather_facts,
    holder_of,
    virtual_machine,
)

ON_LINUX = {"camera": "Webcam", "platform": "linux"}


@pytest.mark.parametrize(
    ("facts", "code", "words"),
    [
        (CameraFacts(**ON_LINUX, present=False), "camera.missing", "pocketface cameras"),
        (CameraFacts(**ON_LINUX, open_errno=errno.ENOENT), "camera.missing", "Webcam"),
        (CameraFacts(**ON_LINUX, open_errno=errno.ENODEV), "camera.missing", "Webcam"),
        (CameraFacts(**ON_LINUX, open_errno=errno.EACCES), "camera.denied", "group 'video'"),
        (CameraFacts(**ON_LINUX, open_errno=errno.EBUSY), "camera.busy", "another program"),
        (CameraFacts(**ON_LINUX, open_errno=0, holder="zoom"), "camera.busy", "'zoom'"),
        (CameraFacts(**ON_LINUX, open_errno=0), "camera.failed", "unplug"),
        (CameraFacts(**ON_LINUX, open_errno=0, timed_out_s=5.0), "camera.timeout", "5 seconds"),
        (
            CameraFacts(**ON_LINUX, open_errno=0, timed_out_s=5.0, machine="VMware"),
            "camera.timeout",
            "virtual machine (VMware)",
        ),
        (
            CameraFacts(**ON_LINUX, open_errno=0, timed_out_s=4.0, black=True),
            "camera.timeout",
            "shutter",
        ),
        (
            CameraFacts(**ON_LINUX, open_errno=0, timed_out_s=4.0, black=True, holder="zoom"),
            "camera.timeout",
            "shutter",
        ),
        (CameraFacts("Webcam", "darwin", black=True), "camera.denied", "System Settings"),
        (CameraFacts("Webcam", "win32", black=True), "camera.denied", "desktop apps"),
        (CameraFacts("Webcam", "win32"), "camera.busy", "another program"),
        (CameraFacts("Webcam", "win32", timed_out_s=5.0), "camera.timeout", "5 seconds"),
    ],
)
def test_each_failure_is_named_with_its_likely_cause(
    facts: CameraFacts, code: str, words: str
) -> None:
    error = diagnose(facts)

    assert error.code == code
    assert words in error.sentence
    assert "Webcam" in error.sentence


def test_a_missing_node_is_found_out(tmp_path: Path) -> None:
    facts = gather_facts("Webcam", tmp_path / "video9", present=True)

    assert diagnose(facts).code == "camera.missing"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may open everything")
def test_a_node_without_permission_is_found_out(tmp_path: Path) -> None:
    node = tmp_path / "video9"
    node.touch(mode=0o000)

    assert gather_facts("Webcam", node, present=True).open_errno == errno.EACCES


def test_without_a_node_nothing_is_asked_about_it() -> None:
    facts = gather_facts("Webcam", None, present=True, timed_out_s=5.0)

    assert facts.open_errno is None
    assert facts.holder is None
    assert facts.timed_out_s == 5.0


@pytest.fixture
def processes(tmp_path: Path) -> Path:
    """A /proc in which process 4242, called "cheese", holds /dev/video0."""
    if os.name == "nt":
        pytest.skip("links need rights on Windows")
    folder = tmp_path / "proc"
    handles = folder / "4242" / "fd"
    handles.mkdir(parents=True)
    (handles / "3").symlink_to("/dev/null")
    (handles / "7").symlink_to("/dev/video0")
    (folder / "4242" / "comm").write_text("cheese\n")
    (folder / "self").mkdir()
    (folder / "17").mkdir()  # ended meanwhile: no fd
    return folder


def test_the_program_that_holds_a_camera_is_named(processes: Path) -> None:
    assert holder_of(Path("/dev/video0"), processes) == "cheese"
    assert holder_of(Path("/dev/video1"), processes) is None


def test_this_program_never_names_itself(processes: Path) -> None:
    (processes / "4242").rename(processes / str(os.getpid()))

    assert holder_of(Path("/dev/video0"), processes) is None


def test_a_holder_without_a_name_is_told_by_number(processes: Path) -> None:
    (processes / "4242" / "comm").unlink()

    assert holder_of(Path("/dev/video0"), processes) == "number 4242"


@pytest.mark.parametrize(
    ("vendor", "product", "expected"),
    [
        ("VMware, Inc.", "VMware7,1", "VMware"),
        ("innotek GmbH", "VirtualBox", "VirtualBox"),
        ("QEMU", "Standard PC", "QEMU"),
        ("Microsoft Corporation", "Virtual Machine", "Hyper-V"),
        ("Microsoft Corporation", "Surface Laptop", None),
        ("LENOVO", "21CB", None),
    ],
)
def test_a_virtual_machine_is_told_by_its_firmware(
    vendor: str, product: str, expected: str | None, tmp_path: Path
) -> None:
    (tmp_path / "sys_vendor").write_text(f"{vendor}\n")
    (tmp_path / "product_name").write_text(f"{product}\n")

    assert virtual_machine(tmp_path) == expected


def test_without_firmware_texts_no_virtual_machine_is_claimed(tmp_path: Path) -> None:
    assert virtual_machine(tmp_path / "absent") is None
