"""`cameras`: what is connected, without switching anything on."""

from app.cli.answer import Answer
from app.cli.documents import Camera, Cameras
from app.cli.render import Block, Line, Table
from app.cli.request import Request
from core.capture.cameras import list_cameras

_COLUMNS = ("number", "name", "kind", "VID:PID", "identity")


def cameras(request: Request) -> Answer:  # noqa: ARG001 - every command has the same shape
    """List the cameras that a `--source` can name."""
    found = tuple(
        Camera(
            index=camera.number,
            name=camera.name,
            identity=camera.identity,
            usb_id=camera.usb_id,
            kind=camera.kind.value,
        )
        for camera in list_cameras()
    )
    blocks: tuple[Block, ...] = (
        Line("No camera is connected, or none may be seen by this account."),
    )
    if found:
        rows = tuple(
            (str(entry.index), entry.name, entry.kind, entry.usb_id or "–", entry.identity)
            for entry in found
        )
        blocks = (Table(_COLUMNS, rows),)
    return Answer(Cameras(cameras=found), blocks)
