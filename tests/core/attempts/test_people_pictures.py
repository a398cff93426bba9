import pytest

from core.attempts.people_pictures import Eyes, look_at_people, people_of_folder
from core.domain.person_pictures import PersonPictures
from core.domain.result import EnrolRefusal
from core.domain.watch import Watch
from core.errors import Cancelled, UsageError
from core.pipeline import Parts
from core.vision.assess import ENROL_LIMITS
from core.vision.track import Tracker
from tests.app.cli.lines import save
from tests.fakes.painted import BLUE, RED, PaintedFaceDetector, pattern
from tests.fakes.vision import ColourEmbedder


def eyes() -> Eyes:
    parts = Parts(PaintedFaceDetector(), ColourEmbedder(), Tracker(), "exactly-one", ENROL_LIMITS)
    return Eyes(parts, 0.9)


def paint(path, colour, index: int = 0):
    path.parent.mkdir(parents=True, exist_ok=True)
    save(path, pattern(colour, index))
    return path


def test_one_folder_is_one_person(tmp_path) -> None:
    paint(tmp_path / "Anna" / "2.png", RED)
    paint(tmp_path / "Anna" / "10.png", RED, 1)
    paint(tmp_path / "Bob" / "b.png", BLUE)
    (tmp_path / "nobody").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "notes.txt").write_text("not a person", encoding="utf-8")

    people = people_of_folder(tmp_path)

    assert [(one.name, len(one.pictures)) for one in people] == [("Anna", 2), ("Bob", 1)]
    assert [files[0].name for files in people[0].pictures] == ["2.png", "10.png"]


def test_a_folder_without_people_says_what_is_wanted(tmp_path) -> None:
    paint(tmp_path / "loose.png", RED)

    with pytest.raises(UsageError, match="one folder a person"):
        people_of_folder(tmp_path)


def test_pictures_become_references_with_vector_crop_and_file_name(tmp_path) -> None:
    people = (
        PersonPictures("Anna", ((paint(tmp_path / "a.png", RED),),), "from the club"),
        PersonPictures("Bob", ((paint(tmp_path / "b.png", BLUE),),)),
    )

    seen = look_at_people(people, eyes())

    anna, bob = seen.subjects
    assert (anna.name, anna.note, anna.references[0].source) == ("Anna", "from the club", "a.png")
    assert anna.references[0].crop is not None
    assert anna.references[0].templates[0].model == ColourEmbedder.model
    similarity = anna.references[0].templates[0].vector @ bob.references[0].templates[0].vector
    assert similarity < 0.9
    assert seen.refused == ()


def test_what_cannot_be_used_is_named_with_its_reason(tmp_path) -> None:
    words = tmp_path / "words.png"
    words.write_text("no picture", encoding="utf-8")
    pictures = (
        (paint(tmp_path / "a.png", RED),),
        (words,),
        (paint(tmp_path / "nobody.png", None),),
        (paint(tmp_path / "bob.png", BLUE),),
    )

    seen = look_at_people([PersonPictures("Anna", pictures)], eyes())

    assert len(seen.subjects[0].references) == 1
    unreadable, empty, stranger = seen.refused
    assert unreadable.error is not None
    assert empty.issues
    assert stranger.refusal is EnrolRefusal.OTHER_PERSON


def test_the_second_file_of_a_picture_stands_in_for_the_first(tmp_path) -> None:
    files = (tmp_path / "gone.png", paint(tmp_path / "crop.png", RED))

    seen = look_at_people([PersonPictures("Anna", (files,))], eyes())

    assert seen.subjects[0].references[0].source == "crop.png"
    assert seen.refused == ()


def test_somebody_without_a_usable_picture_is_nobody(tmp_path) -> None:
    people = [PersonPictures("Anna", ((paint(tmp_path / "a.png", None),),))]

    seen = look_at_people(people, eyes())

    assert seen.subjects == ()
    assert [one.person for one in seen.refused] == ["Anna"]


@pytest.mark.parametrize("names", [("Anna", "ANNA"), ("\u202e", "Bob")])
def test_names_that_cannot_stand_side_by_side_are_told_before_the_work(tmp_path, names) -> None:
    people = [PersonPictures(name, ((tmp_path / "gone.png",),)) for name in names]

    with pytest.raises(UsageError):
        look_at_people(people, eyes())


def test_it_can_be_cancelled(tmp_path) -> None:
    people = [PersonPictures("Anna", ((tmp_path / "a.png",), (tmp_path / "b.png",)))]

    with pytest.raises(Cancelled):
        look_at_people(people, eyes(), Watch(cancelled=lambda: True))
