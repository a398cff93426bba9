"""Photos become shards: counted, without duplicates, and stopped or killed without loss."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import training.prepare.work
from core.domain.frame import Frame
from core.opencv import cv2
from tests.fakes.analyses import make_face
from tests.fakes.vision import ScriptedDetector
from training.data.labelled import open_labelled
from training.data.manifest import read_manifest, shard_names
from training.prepare.photos import list_photos
from training.prepare.progress import Choices, Progress, load_progress
from training.prepare.work import Preparer
from training.synth import draw_face

LABELLED = Choices("photos", labelled=True, smallest_px=40, every_s=0.5)
DETECTOR = ScriptedDetector([make_face(40, 20, 90)])


def never() -> bool:
    return False


def after(count: int) -> Callable[[], bool]:
    left = iter(range(count))
    return lambda: next(left, None) is None


def photo(path: Path, person: int, shot: int, ending: str = ".png") -> None:
    """A picture that differs from all others where the scripted face lies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    canvas = np.full((160, 170, 3), 90, dtype=np.uint8)
    canvas[16:144, 20:148] = draw_face(person, shot)
    path.write_bytes(cv2.imencode(ending, canvas)[1])


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    for person in range(3):
        for shot in range(3):
            photo(root / f"p {person}" / f"{shot}.png", person, shot)
    return root


def prepare(photos: Path, out: Path, stopped: Callable[[], bool] = never) -> tuple[Progress, bool]:
    progress = load_progress(out, LABELLED)
    done = Preparer(out, progress, DETECTOR).run(list_photos([photos], labelled=True), stopped)
    return progress, done


def names(out: Path) -> list[str]:
    return sorted(
        row.file for name in shard_names(out) for row in read_manifest(out / f"{name}.csv.gz")
    )


def test_shards_hold_every_person_and_can_be_trained_on(photos: Path, tmp_path: Path) -> None:
    progress, done = prepare(photos, tmp_path / "out")

    data = open_labelled(tmp_path / "out", tmp_path / "cache")
    assert done
    assert progress.kept == {"p 0": 3, "p 1": 3, "p 2": 3}
    assert data.people == ("photos/p 0", "photos/p 1", "photos/p 2")
    assert np.bincount(data.labels).tolist() == [3, 3, 3]
    assert all(name.startswith("photos/p_") for name in names(tmp_path / "out"))


def test_duplicates_are_used_once_and_counted_by_kind(photos: Path, tmp_path: Path) -> None:
    (photos / "p 0/copy.png").write_bytes((photos / "p 0/1.png").read_bytes())
    photo(photos / "p 0/again.jpg", 0, 2, ".jpg")
    (photos / "p 2/thief.png").write_bytes((photos / "p 1/1.png").read_bytes())
    photo(photos / "p 2/thief.jpg", 1, 2, ".jpg")

    progress, _ = prepare(photos, tmp_path / "out")

    assert progress.kept.total() == 9
    assert progress.reasons() == {
        "the same file again": 1,
        "the same picture again": 1,
        "the same picture under another person": 2,
    }
    thieves = {item.name: item.reason for item in progress.left_out if item.person == "p 2"}
    assert thieves == {
        "p 2/thief.png": "the same picture under another person: p 1",
        "p 2/thief.jpg": "the same picture under another person: p 1",
    }


def test_what_cannot_be_used_is_counted_by_reason(photos: Path, tmp_path: Path) -> None:
    (photos / "p 0/cut.png").write_bytes((photos / "p 0/1.png").read_bytes()[:2000])
    (photos / "p 0/notes.txt").write_bytes(b"some words")
    (photos / "p 1/lost.png").symlink_to(tmp_path / "absent.png")

    prepare(photos, tmp_path / "out")
    progress, done = prepare(photos, tmp_path / "out")  # again: nothing is counted twice

    assert done
    assert progress.reasons() == {
        "damaged picture": 1,
        "neither a picture nor a readable video": 1,
        "unreadable": 1,
    }


def test_frames_without_a_face_are_counted_for_their_video(tmp_path: Path) -> None:
    path = tmp_path / "photos/ann/film.gif"
    path.parent.mkdir(parents=True)
    frames = [Image.fromarray(draw_face(0, shot)[..., ::-1]) for shot in range(6)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=500)
    progress = Progress(LABELLED)
    detector = ScriptedDetector([], [], [make_face(20, 10, 90)], [], [make_face(20, 10, 90)], [])

    Preparer(tmp_path / "out", progress, detector).run(
        list_photos([tmp_path / "photos"], labelled=True), never
    )

    assert progress.moving == 1
    assert progress.kept == {"ann": 2}
    assert [(item.reason, item.count) for item in progress.left_out] == [("no face", 4)]


@pytest.mark.parametrize("stop_after", [1, 4, 8])
def test_stopped_and_gone_on_it_keeps_what_an_uninterrupted_run_keeps(
    stop_after: int, photos: Path, tmp_path: Path
) -> None:
    prepare(photos, tmp_path / "whole")

    _, first = prepare(photos, tmp_path / "parts", after(stop_after))
    progress, second = prepare(photos, tmp_path / "parts")

    assert not first
    assert second
    assert progress.kept.total() == 9
    assert names(tmp_path / "parts") == names(tmp_path / "whole")


def test_a_video_that_is_stopped_within_is_done_again_wholly(tmp_path: Path) -> None:
    path = tmp_path / "photos/ann/film.gif"
    path.parent.mkdir(parents=True)
    frames = [Image.fromarray(draw_face(0, shot)[..., ::-1]) for shot in range(6)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=500)

    first, done = prepare(tmp_path / "photos", tmp_path / "out", after(3))
    assert not done
    assert first.kept.total() == 0

    second, _ = prepare(tmp_path / "photos", tmp_path / "out")
    assert second.kept["ann"] == 6
    assert second.left_out == []


def test_files_that_are_added_join_in_a_new_shard(photos: Path, tmp_path: Path) -> None:
    prepare(photos, tmp_path / "out")
    before = {path: path.read_bytes() for path in (tmp_path / "out").glob("*.tar")}
    photo(photos / "p 3/0.png", 3, 0)

    progress, _ = prepare(photos, tmp_path / "out")

    assert progress.kept["p 3"] == 1
    assert shard_names(tmp_path / "out") == ("photos-000", "photos-001")
    assert all(path.read_bytes() == data for path, data in before.items())


def test_a_shard_is_written_when_it_is_full(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training.prepare.work, "SHARD_CROPS", 4)

    prepare(photos, tmp_path / "out")

    sizes = [
        len(read_manifest(tmp_path / "out" / f"{name}.csv.gz"))
        for name in shard_names(tmp_path / "out")
    ]
    assert sizes == [4, 4, 1]


class Dying:
    """A detector at whose n-th picture the machine fails."""

    def __init__(self, count: int) -> None:
        self.left = count

    def detect(self, frame: Frame) -> tuple[object, ...]:
        self.left -= 1
        if self.left < 0:
            raise MemoryError
        return DETECTOR.detect(frame)


def test_a_fault_keeps_what_was_found_before(photos: Path, tmp_path: Path) -> None:
    progress = load_progress(tmp_path / "out", LABELLED)
    preparer = Preparer(tmp_path / "out", progress, Dying(12))  # type: ignore[arg-type]

    with pytest.raises(MemoryError):
        preparer.run(list_photos([photos], labelled=True), never)

    kept = len(names(tmp_path / "out"))
    assert 0 < kept < 9
    assert load_progress(tmp_path / "out", LABELLED).kept.total() == kept
