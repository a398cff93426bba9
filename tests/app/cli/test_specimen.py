"""The specimen is a frame with one usable face."""

import pytest

from app.cli.specimen import HEIGHT_PX, WIDTH_PX, specimen
from core.vision.align import align
from core.vision.assess import ENROL_LIMITS, assess
from core.vision.detect import open_detector
from core.vision.probe import PEOPLE


@pytest.mark.parametrize("person", range(len(PEOPLE)))
def test_one_good_face_is_found_in_its_middle(person: int) -> None:
    frame = specimen(person)
    assert (frame.width_px, frame.height_px) == (WIDTH_PX, HEIGHT_PX)
    (face,) = open_detector().detect(frame)
    x, y = face.box.centre
    assert abs(x - WIDTH_PX / 2) < 40
    assert abs(y - HEIGHT_PX / 2) < 40
    assert assess(frame, face, align(frame, face), ENROL_LIMITS).usable
