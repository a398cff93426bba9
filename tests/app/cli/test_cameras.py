"""`cameras`: whatever is connected, listed without opening it."""

import pytest

from app.cli import cameras
from core.capture.cameras import CameraInfo, CameraKind, Opening

WEBCAM = CameraInfo(
    number=0,
    name="[red]HD\x07 Webcam",
    identity="HD Webcam 046D:0825 at usb-1",
    usb_id="046D0825",
    path="/dev/video0",
    kind=CameraKind.ORDINARY,
    openings=(Opening(200, 0),),
)


@pytest.fixture
def connected(monkeypatch) -> None:
    """One webcam, as the system's own listing would tell it."""
    monkeypatch.setattr(cameras, "list_cameras", lambda: (WEBCAM,))


def test_the_list_is_a_document_whatever_is_connected(cli) -> None:
    said = cli("cameras", "--json")
    assert said.code == 0
    assert isinstance(said.data["cameras"], list)


def test_no_camera_is_a_sentence_and_no_fault(cli, monkeypatch) -> None:
    monkeypatch.setattr(cameras, "list_cameras", tuple)
    said = cli("cameras")
    assert said.code == 0
    assert "No camera is connected" in said.out


def test_a_camera_is_told_by_number_name_and_identity(cli, connected) -> None:
    (camera,) = cli("cameras", "--json").data["cameras"]
    assert (camera["index"], camera["kind"], camera["usb_id"]) == (0, "camera", "046D0825")
    assert camera["identity"] == WEBCAM.identity


def test_what_a_device_calls_itself_is_shown_literally(cli, connected) -> None:
    said = cli("cameras")
    assert "[red]HD\\x07 Webcam" in said.out
    assert "\x07" not in said.out
