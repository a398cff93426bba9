import os
from pathlib import Path

import pytest

from core.capture.v4l import list_nodes
from tests.core.capture.usb_bytes import DEVICE, function, mjpeg, uncompressed

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")


class System:
    """A sysfs and udev's records, made of files."""

    def __init__(self, root: Path) -> None:
        self.sysfs = root / "sys"
        self.udev = root / "udev"
        self.udev.mkdir()
        (self.sysfs / "class" / "video4linux").mkdir(parents=True)
        self.usb = self.sysfs / "devices" / "pci0" / "usb1" / "1-8"
        self.usb.mkdir(parents=True)
        (self.usb / "idVendor").write_text("04f2\n")
        (self.usb / "idProduct").write_text("b6d9\n")
        (self.usb / "descriptors").write_bytes(
            DEVICE
            + function(0, uncompressed(b"YUY2"), mjpeg())
            + function(2, uncompressed(b"Y800"))
        )

    def add(self, number: int, name: str, index: int, parent: Path, interface: int = 0) -> None:
        function_folder = parent
        if parent == self.usb:
            function_folder = parent / f"1-8:1.{interface}"
            function_folder.mkdir(exist_ok=True)
            (function_folder / "bInterfaceNumber").write_text(f"{interface:02x}\n")
        node = function_folder / "video4linux" / f"video{number}"
        node.mkdir(parents=True)
        (node / "name").write_text(f"{name}\n")
        (node / "index").write_text(f"{index}\n")
        (node / "dev").write_text(f"81:{number}\n")
        (node / "device").symlink_to(function_folder)
        (self.sysfs / "class" / "video4linux" / f"video{number}").symlink_to(node)

    def record(self, number: int, capabilities: str, place: str = "") -> None:
        lines = [f"E:ID_V4L_CAPABILITIES={capabilities}", "E:ID_PATH=" + place, "S:v4l/by-id/x"]
        (self.udev / f"c81:{number}").write_text("\n".join(lines))


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System(tmp_path)


def test_a_laptops_camera_is_one_colour_and_one_infrared_node(system: System) -> None:
    for number, (name, index, interface) in enumerate(
        [("Colour", 0, 0), ("Colour", 1, 0), ("IR", 0, 2), ("IR", 1, 2)]
    ):
        system.add(number, name, index, system.usb, interface)

    nodes = list_nodes(system.sysfs, system.udev)

    assert [(node.index, node.name, node.grey_only) for node in nodes] == [
        (0, "Colour", False),
        (2, "IR", True),
    ]
    assert {node.usb_id for node in nodes} == {"04F2:B6D9"}
    assert [node.path for node in nodes] == [Path("/dev/video0"), Path("/dev/video2")]
    assert not any(node.virtual for node in nodes)


def test_udevs_record_decides_about_metadata_and_place(system: System) -> None:
    system.add(0, "Camera", 0, system.usb)
    system.add(1, "Camera", 0, system.usb)
    system.record(0, ":")
    system.record(1, ":capture:", "pci-0000:00:14.0-usb-0:8:1.0")

    (node,) = list_nodes(system.sysfs, system.udev)

    assert node.index == 1
    assert node.place == "pci-0000:00:14.0-usb-0:8:1.0"


def test_nodes_are_listed_by_number(system: System) -> None:
    for number in (10, 2):
        system.add(number, f"Camera {number}", 0, system.usb)

    assert [node.index for node in list_nodes(system.sysfs, system.udev)] == [2, 10]


def test_raw_nodes_of_an_image_processor_are_left_out(system: System) -> None:
    for number in range(3):
        parent = system.sysfs / "devices" / "pci0" / f"ipu{number}"
        system.add(number, f"Intel IPU6 ISYS Capture {number}", 0, parent)
    loopback = system.sysfs / "devices" / "virtual"
    system.add(3, "Intel MIPI Camera", 0, loopback)

    (node,) = list_nodes(system.sysfs, system.udev)

    assert node.name == "Intel MIPI Camera"
    assert node.virtual
    assert node.usb_id is None


def test_a_machine_without_video_devices_has_none(tmp_path: Path) -> None:
    assert list_nodes(tmp_path / "sys", tmp_path / "udev") == ()
