"""The stage of the demonstration: simulated cameras, and people enrolled from pictures."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from app.demo.people import DemoPerson, enrolment_pictures, probe_pictures
from core.attempts.enrol import EnrolAttempt, pictures_rule
from core.capture.errors import PictureUnreadableError
from core.capture.pictures import read_picture
from core.capture.simulated import Pace, SimulatedCamera
from core.domain.face import Box
from core.domain.frame import Frame
from core.domain.template import Subject
from core.pipeline import analyse
from core.ports import Detector
from core.settings import Settings, locate_folders
from core.vision.assess import ENROL_LIMITS
from core.wiring import Services, Vision, build_gallery


@contextmanager
def throw_away_services(settings: Settings, vision: Vision) -> Iterator[Services]:
    """Services over an empty gallery that is gone afterwards, its key with it.

    Args:
        settings: The person's own; only the key lies in a file, so that their key ring stays
            untouched, and crops are kept, so that there is something to look at.
        vision: Opened models.
    """
    own = msgspec.structs.replace(settings, key_store="file", keep_crops=True)
    with TemporaryDirectory(prefix="pocketface-gallery-") as folder:
        folders = locate_folders(Path(folder))
        services = Services(own, folders, vision, build_gallery(own, folders, None))
        with closing(services):
            yield services


def enrol_from_pictures(services: Services, person: DemoPerson) -> Subject:
    """Enrol somebody from still pictures.

    Raises:
        PictureUnreadableError: None of the pictures can be used with the model.
    """
    paths = enrolment_pictures(person)
    parts = services.vision.parts("exactly-one", ENROL_LIMITS)
    attempt = EnrolAttempt(
        pictures_rule(len(paths)),
        source="demonstration",
        same_person_threshold=services.vision.same_person_threshold,
    )
    for path in paths:
        attempt.observe(analyse(read_picture(path).frame, parts))
    captures = attempt.finish().accepted
    if not captures:
        raise PictureUnreadableError(path=paths[0].name, reason="no usable face is in it")
    return services.gallery.enrol(person.name, captures)


def camera_on(paths: Sequence[Path], detector: Detector, pace: Pace | None) -> SimulatedCamera:
    """A simulated camera before which the person of these pictures moves.

    Raises:
        PictureUnreadableError: A picture without a face.
    """
    frames = [read_picture(path).frame for path in paths]
    faces = [_face(frame, path, detector) for frame, path in zip(frames, paths, strict=True)]
    return SimulatedCamera(frames, faces=faces, pace=pace)


def changing_cameras(
    people: Sequence[DemoPerson], detector: Detector
) -> Callable[[], SimulatedCamera]:
    """A camera for each live attempt; the next person steps before it each time."""
    waiting = cycle(people)
    return lambda: camera_on(probe_pictures(next(waiting)), detector, pace=None)


def _face(frame: Frame, path: Path, detector: Detector) -> Box:
    faces = detector.detect(frame)
    if not faces:
        raise PictureUnreadableError(path=path.name, reason="no face was found in it")
    return faces[0].box
