import pytest

from core.attempts.measuring import known_people, measure
from core.domain.watch import Watch
from core.errors import Cancelled, UsageError
from core.pipeline import Parts
from core.vision.assess import VERIFY_LIMITS
from core.vision.track import Tracker
from tests.core.attempts.test_people_pictures import paint
from tests.fakes.painted import BLUE, GREEN, RED, PaintedFaceDetector
from tests.fakes.vision import ColourEmbedder

EACH = 12  # pictures of each person: 3 x 12 give 432 comparisons of two people, and 300 are needed


def parts() -> Parts:
    return Parts(PaintedFaceDetector(), ColourEmbedder(), Tracker(), "exactly-one", VERIFY_LIMITS)


@pytest.fixture
def folder(tmp_path):
    for name, colour in (("Anna", RED), ("Bob", BLUE), ("Carl", GREEN)):
        first = paint(tmp_path / name / "0.png", colour)
        for number in range(1, EACH):
            (tmp_path / name / f"{number}.png").write_bytes(first.read_bytes())
    return tmp_path


def test_people_who_are_known_give_thresholds_with_their_trials(folder) -> None:
    paint(folder / "Anna" / "nobody.png", None)
    told: list[tuple[int, int]] = []
    watch = Watch(report=lambda done, total: told.append((done, total)))

    found = measure(known_people(folder), parts(), watch)

    assert (found.pictures, found.people) == (3 * EACH, 3)
    assert (found.mated, found.non_mated) == (3 * EACH * (EACH - 1) // 2, 3 * EACH**2)
    assert found.left_out == {"no_face": 1}
    assert [point.target_fmr for point in found.points] == [1e-2]
    assert told[-1] == (37, 37)


def test_too_few_are_refused_before_the_work(tmp_path) -> None:
    paint(tmp_path / "Anna" / "0.png", RED)

    with pytest.raises(UsageError, match="at least 1 and 300"):
        known_people(tmp_path)


def test_it_can_be_cancelled(folder) -> None:
    with pytest.raises(Cancelled):
        measure(known_people(folder), parts(), Watch(cancelled=lambda: True))
