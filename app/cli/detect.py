"""`detect`: which faces a picture holds, how good they are, and a drawing of them."""

import os
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.cli.answer import YES_EXIT, Answer
from app.cli.documents import Detected, DetectedFace
from app.cli.looking import quarter_turns
from app.cli.render import Block, Line, Style, Table
from app.cli.request import Request
from app.cli.session import vision_of
from app.present.guidance import remedy
from core.capture.pictures import read_picture
from core.domain.frame import Frame
from core.domain.quality import Component, QualityIssue
from core.domain.result import Analysis
from core.errors import UNDECIDED_EXIT, ExportFailedError
from core.opencv import cv2
from core.pipeline import analyse_every_face
from core.vision.assess import VERIFY_LIMITS
from core.vision.upright import find_upright

_USABLE_BGR = (80, 175, 76)  # green
_UNUSABLE_BGR = (0, 140, 255)  # amber
_LINE_SHARE = 400  # a line is one such part of the picture's long side, so that it stays visible
_NOT_ITS_OWN = (Component.UNIFIED.value, Component.SINGLE_FACE.value)
_COLUMNS = ("face", "box (px)", "score", "quality", "yaw", "pitch", "roll", "finding")


def detect(request: Request, image: Path, draw: Path | None) -> Answer:
    """Find every face of a picture."""
    settings, vision = vision_of(request)
    read = read_picture(image)
    parts = vision.parts(settings.face_policy, VERIFY_LIMITS)
    upright, _ = find_upright(read.frame, parts.detector)
    found = analyse_every_face(upright, parts)
    if draw is not None:
        write_png(draw, drawn(upright, found))
    document = Detected(
        path=str(image),
        width_px=upright.width_px,
        height_px=upright.height_px,
        quarter_turns=quarter_turns(read.frame, upright),
        faces=tuple(_face(analysis) for analysis in found),
        drawn=str(draw) if draw else None,
        notes=tuple(note.value for note in read.notes),
    )
    return Answer(document, _blocks(document), YES_EXIT if found else UNDECIDED_EXIT)


def _face(analysis: Analysis) -> DetectedFace:
    face, quality = analysis.face, analysis.quality
    assert face is not None, "every analysis here has its face"
    issues = sorted(analysis.issues)
    components = quality.components.items() if quality else ()
    return DetectedFace(
        box=(face.box.x, face.box.y, face.box.width, face.box.height),
        landmarks=tuple((float(x), float(y)) for x, y in face.landmarks),
        detector_score=face.detector_score,
        yaw_deg=quality.yaw_deg if quality else None,
        pitch_deg=quality.pitch_deg if quality else None,
        roll_deg=quality.roll_deg if quality else None,
        quality={component.value: value for component, value in components},
        issues=tuple(issue.value for issue in issues),
        advice=tuple(remedy(issue) for issue in issues),
    )


def _blocks(document: Detected) -> tuple[Block, ...]:
    count = len(document.faces)
    blocks: list[Block] = []
    if count == 0:
        blocks.append(Line("No face was found.", Style.CAUTION))
        blocks.append(Line(remedy(QualityIssue.NO_FACE)))
    else:
        faces = "1 face was" if count == 1 else f"{count} faces were"
        blocks.append(Line(f"{faces} found.", Style.STRONG))
        rows = tuple(_row(number, face) for number, face in enumerate(document.faces, start=1))
        blocks.append(Table(_COLUMNS, rows))
    blocks.extend(Line(note) for note in document.notes)
    if document.quarter_turns:
        blocks.append(Line("The picture was turned upright; places are those of the turned one."))
    if document.drawn is not None:
        blocks.append(Line(f"Drawn to {document.drawn}."))
    return tuple(blocks)


def _row(number: int, face: DetectedFace) -> tuple[str, ...]:
    x, y, width, height = face.box
    angles = (face.yaw_deg, face.pitch_deg, face.roll_deg)
    # Here every face is meant, so that it is not alone says nothing about it.
    own = [value for name, value in face.quality.items() if name not in _NOT_ITS_OWN]
    return (
        str(number),
        f"{x:.0f}, {y:.0f}, {width:.0f} × {height:.0f}",
        f"{face.detector_score:.2f}",
        str(min(own)) if own else "–",
        *("–" if angle is None else f"{angle:+.0f}°" for angle in angles),
        " ".join(face.advice) or "usable",
    )


def drawn(frame: Frame, found: tuple[Analysis, ...]) -> NDArray[np.uint8]:
    """A copy of the picture, uint8 (H, W, 3) BGR, with a box, number and points for each face."""
    canvas = frame.pixels.copy()
    thickness = max(1, max(frame.width_px, frame.height_px) // _LINE_SHARE)
    for number, analysis in enumerate(found, start=1):
        face = analysis.face
        assert face is not None, "every analysis here has its face"
        colour = _UNUSABLE_BGR if analysis.issues else _USABLE_BGR
        x, y = round(face.box.x), round(face.box.y)
        corner = (round(face.box.x + face.box.width), round(face.box.y + face.box.height))
        cv2.rectangle(canvas, (x, y), corner, colour, thickness, cv2.LINE_AA)
        for point_x, point_y in face.landmarks:
            centre = (round(float(point_x)), round(float(point_y)))
            cv2.circle(canvas, centre, 2 * thickness, colour, -1, cv2.LINE_AA)
        place = (x + 2 * thickness, y + 16 * thickness)
        font = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(canvas, str(number), place, font, thickness / 2, colour, thickness, cv2.LINE_AA)
    return canvas


def write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write a picture in one step; whatever lay there before is replaced only by a whole file.

    Args:
        path: Any name; the content is PNG.
        pixels: uint8 (H, W, 3), BGR.

    Raises:
        ExportFailedError: The folder or disk refuses it.
    """
    _, encoded = cv2.imencode(".png", pixels)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".pocketface-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(encoded.tobytes())
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or "the folder refuses it"
        raise ExportFailedError(path=path, reason=reason) from error
