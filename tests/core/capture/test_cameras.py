import os
from pathlib import Path

import pytest

from core.capture.cameras import (
    CameraKind,
    Listed,
    Opening,
    cameras_of_nodes,
    list_cameras,
    merge_listings,
    resolve_camera,
    same_camera,
)
from core.capture.errors import CameraMissingError
from core.capture.v4l import V4lNode
from tests.fakes.frames import a_camera

MSMF, DSHOW = 1400, 700
FRONT = a_camera("Integrated Camera", 0, "04F2:B6D9", "usb-8", "/dev/video0")
DESK = a_camera("Logitech HD Webcam C270", 1, "046D:0825", "usb-1", "/dev/video2")
OTHER_DESK = a_camera("Logitech HD Webcam C310", 2, "046D:081B", "usb-2", "/dev/video4")
CAMERAS = (FRONT, DESK, OTHER_DESK)


def node(**changes: object) -> V4lNode:
    facts: dict[str, object] = {
        "index": 4, "path": Path("/dev/video4"), "name": "Camera", "usb_id": "04F2:B6D9",
        "place": "pci-usb-8", "virtual": False, "grey_only": False,
    }  # fmt: skip
    return V4lNode(**{**facts, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", FRONT),
        ("1", DESK),
        (" 2 ", OTHER_DESK),
        ("046d:0825", DESK),
        ("/dev/video4", OTHER_DESK),
        ("integrated camera", FRONT),
        ("c270", DESK),
        (DESK.identity, DESK),
    ],
)
def test_a_camera_answers_to_number_name_usb_id_and_path(text: str, expected: object) -> None:
    assert resolve_camera(text, CAMERAS) is expected


@pytest.mark.parametrize("text", ["3", "", " ", "webcam", "FFFF:0000", "no such camera"])
def test_what_no_camera_or_several_answer_to_is_missing(text: str) -> None:
    with pytest.raises(CameraMissingError) as caught:
        resolve_camera(text, CAMERAS)

    assert caught.value.code == "camera.missing"


def test_a_whole_name_wins_over_being_part_of_another() -> None:
    plain, pro = a_camera("Cam", 0, None, "a"), a_camera("Cam Pro", 1, None, "b")

    assert resolve_camera("cam", (plain, pro)) is plain


def test_a_camera_is_found_again_under_another_number() -> None:
    moved = a_camera(DESK.name, 5, DESK.usb_id, "usb-1", "/dev/video9")

    assert same_camera(DESK, (FRONT, moved)) is moved


def test_a_camera_is_found_again_at_another_port_if_it_is_the_only_one() -> None:
    moved = a_camera(DESK.name, 1, DESK.usb_id, "usb-7")
    twin = a_camera(DESK.name, 2, DESK.usb_id, "usb-8")

    assert same_camera(DESK, (FRONT, moved)) is moved
    assert same_camera(DESK, (FRONT, moved, twin)) is None
    assert same_camera(DESK, (FRONT,)) is None


def test_linux_nodes_become_cameras_with_a_stable_identity() -> None:
    ordinary, infrared, virtual = cameras_of_nodes(
        (node(), node(index=6, grey_only=True), node(index=8, virtual=True, usb_id=None))
    )

    assert ordinary.identity == "Camera (04F2:B6D9 at pci-usb-8)"
    assert [camera.number for camera in (ordinary, infrared, virtual)] == [0, 1, 2]
    assert ordinary.openings[0].index == 4
    assert ordinary.kind is CameraKind.ORDINARY
    assert infrared.kind is CameraKind.INFRARED
    assert virtual.kind is CameraKind.VIRTUAL


def test_windows_backends_are_merged_into_one_camera_with_two_ways_to_open() -> None:
    path = r"\\?\usb#vid_046d&pid_0825&mi_00#6&1&0&0000#{%s}\global"
    media_foundation = [Listed(MSMF, 0, "C270", path % "e5323777", 0x046D, 0x0825)]
    direct_show = [
        Listed(DSHOW, 0, "OBS Virtual Camera", "", None, None),
        Listed(DSHOW, 1, "C270", path % "65e8773d", 0x046D, 0x0825),
    ]

    webcam, virtual = merge_listings([media_foundation, direct_show])

    assert webcam.openings == (Opening(MSMF, 0), Opening(DSHOW, 1))
    assert webcam.usb_id == "046D:0825"
    assert webcam.kind is CameraKind.ORDINARY
    assert virtual.openings == (Opening(DSHOW, 0),)
    assert virtual.kind is CameraKind.VIRTUAL
    assert virtual.usb_id is None


def test_the_desk_view_of_a_mac_is_no_camera() -> None:
    listing = [
        Listed(1200, 0, "iPhone Desk View Camera", "a", None, None),
        Listed(1200, 1, "FaceTime HD Camera", "b", None, None),
    ]

    (camera,) = merge_listings([listing])

    assert camera.name == "FaceTime HD Camera"
    assert camera.openings == (Opening(1200, 1),)


def test_listing_opens_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    real = os.open

    def watch(path: str, *rest: object, **more: object) -> int:
        opened.append(str(path))
        return real(path, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", watch)

    list_cameras()

    assert not [path for path in opened if path.startswith("/dev/")]
