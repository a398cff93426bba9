"""The stage: cameras on pictures, people enrolled, nothing left behind."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.demo.people import ANNA, BRUNO, enrolment_pictures, probe_pictures
from app.demo.stage import camera_on, changing_cameras, enrol_from_pictures, throw_away_services
from core.capture.errors import PictureUnreadableError
from core.capture.simulated import unpaced
from core.settings import Settings


def test_a_person_is_enrolled_from_the_pictures(services) -> None:
    subject = enrol_from_pictures(services, BRUNO)
    assert subject.name == "Bruno"
    assert subject.references == len(enrolment_pictures(BRUNO))


def test_the_camera_shows_one_face_of_a_heads_size(services) -> None:
    camera = camera_on(probe_pictures(ANNA), services.vision.detector, unpaced)
    frame = camera.read()
    (face,) = services.vision.detector.detect(frame)
    assert (frame.width_px, frame.height_px) == (640, 480)
    assert 120 < face.box.height < 300


def test_a_picture_without_a_face_is_refused(services, tmp_path) -> None:
    empty = tmp_path / "empty.png"
    Image.new("RGB", (200, 200), "grey").save(empty)
    with pytest.raises(PictureUnreadableError, match=r"empty\.png"):
        camera_on((empty,), services.vision.detector, unpaced)


def test_with_every_attempt_the_next_person_is_there(services) -> None:
    open_camera = changing_cameras((ANNA, BRUNO), services.vision.detector)
    first, second, third = (open_camera().read().pixels.astype(int) for _ in range(3))
    assert np.abs(first - second).mean() > 20
    assert np.abs(first - third).mean() < 20


def test_the_gallery_and_its_key_are_gone_afterwards(services) -> None:
    own = Settings(key_store="keyring", keep_crops=False)
    with throw_away_services(own, services.vision) as stage:
        folder = Path(stage.folders.data)
        enrol_from_pictures(stage, BRUNO)
        assert [subject.name for subject in stage.gallery.subjects()] == ["Bruno"]
        assert stage.settings.key_store == "file"
        assert any(folder.iterdir())
    assert not folder.exists()
