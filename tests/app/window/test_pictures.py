from pathlib import Path

import pytest
from PIL import Image

from app.runtime.threads import Control, Progress
from app.window.pictures import captures_from
from core.errors import Cancelled
from core.pipeline import Parts
from core.vision.assess import ENROL_LIMITS
from core.vision.track import Tracker
from tests.app.window.staging import BLUE, RED, PaintedFaceDetector, painted
from tests.fakes.vision import ColourEmbedder

THRESHOLD = 0.9


@pytest.fixture
def parts() -> Parts:
    return Parts(PaintedFaceDetector(), ColourEmbedder(), Tracker(), "exactly-one", ENROL_LIMITS)


def save(path: Path, colour: tuple[int, int, int] | None, index: int = 0) -> Path:
    Image.fromarray(painted(colour, index).pixels[..., ::-1]).save(path, compress_level=0)
    return path


def free() -> Control:
    return Control(cancelled=lambda: False, report=lambda _: None)


def test_every_usable_picture_is_taken_under_its_name(parts: Parts, tmp_path: Path) -> None:
    paths = [save(tmp_path / f"{index} ä.png", RED, index) for index in range(3)]

    outcomes = captures_from(paths, parts, THRESHOLD, free())

    captures = [outcome.capture for outcome in outcomes]
    assert [capture.source for capture in captures if capture] == ["0 ä.png", "1 ä.png", "2 ä.png"]


def test_another_person_and_nobody_are_refused_with_the_reason(
    parts: Parts, tmp_path: Path
) -> None:
    paths = [
        save(tmp_path / "anna.png", RED),
        save(tmp_path / "ben.png", BLUE),
        save(tmp_path / "nobody.png", None),
    ]

    taken, other, nobody = captures_from(paths, parts, THRESHOLD, free())

    assert taken.capture is not None
    assert (other.capture, nobody.capture) == (None, None)
    assert "does not resemble" in other.words
    assert "No face" in nobody.words


def test_a_folder_stands_for_its_pictures(parts: Parts, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index in range(2):
        save(folder / f"{index}.png", RED, index)

    assert len(captures_from([folder], parts, THRESHOLD, free())) == 2


def test_an_empty_folder_and_a_text_are_refused_in_words(parts: Parts, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    text = tmp_path / "text.jpg"
    text.write_text("hello")

    outcomes = captures_from([folder, text], parts, THRESHOLD, free())

    assert [outcome.capture for outcome in outcomes] == [None, None]
    assert all(outcome.words.endswith(".") for outcome in outcomes)


def test_it_says_how_far_it_is_and_stops_when_asked(parts: Parts, tmp_path: Path) -> None:
    paths = [save(tmp_path / f"{index}.png", RED, index) for index in range(3)]
    reported: list[Progress] = []
    control = Control(cancelled=lambda: len(reported) == 2, report=reported.append)

    with pytest.raises(Cancelled):
        captures_from(paths, parts, THRESHOLD, control)

    assert reported == [Progress(0, 3), Progress(1, 3)]
