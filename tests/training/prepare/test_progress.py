"""A preparation's memory: read back as written, refused where it does not fit."""

from pathlib import Path

import pytest

from training.errors import DataError
from training.prepare.progress import Choices, LeftOut, Progress, load_progress, save_progress
from training.synth import draw_face

CHOICES = Choices("photos", labelled=True, smallest_px=40, every_s=1)


def some(out: Path) -> Progress:
    progress = Progress(CHOICES, shards=2, done={"a", "b"}, digests={"00": "ann"}, moving=1)
    progress.kept["ann"] += 3
    progress.left_out.append(LeftOut("a.mp4", "ann", "no face", 7))
    progress.known.add(draw_face(1, 1), "ann")
    save_progress(out, progress)
    return progress


def test_what_was_done_is_read_back(tmp_path: Path) -> None:
    some(tmp_path)

    again = load_progress(tmp_path, CHOICES)

    assert (again.shards, again.done, again.digests, again.moving) == (
        2,
        {"a", "b"},
        {"00": "ann"},
        1,
    )
    assert again.kept == {"ann": 3}
    assert again.reasons() == {"no face": 7}
    assert again.known.owner(draw_face(1, 1)) == "ann"


def test_a_new_folder_knows_nothing(tmp_path: Path) -> None:
    assert load_progress(tmp_path / "new", CHOICES).done == set()


def test_other_choices_are_refused_and_the_first_ones_said(tmp_path: Path) -> None:
    some(tmp_path)

    with pytest.raises(DataError, match="--source photos, labelled, --smallest-px 40"):
        load_progress(tmp_path, Choices("other", labelled=True, smallest_px=40, every_s=1))


def test_crops_that_the_state_does_not_know_yet_are_forgotten(tmp_path: Path) -> None:
    progress = some(tmp_path)
    state = (tmp_path / "prepare/state.json").read_bytes()
    progress.known.add(draw_face(2, 1), "bob")
    save_progress(tmp_path, progress)
    (tmp_path / "prepare/state.json").write_bytes(state)

    assert load_progress(tmp_path, CHOICES).known.owner(draw_face(2, 1)) is None


@pytest.mark.parametrize("file", ["state.json", "known.npy"])
@pytest.mark.parametrize("data", [b"", b"{", b"{}"])
def test_a_damaged_state_is_refused(file: str, data: bytes, tmp_path: Path) -> None:
    some(tmp_path)
    (tmp_path / "prepare" / file).write_bytes(data)

    with pytest.raises(DataError, match="no state of a preparation"):
        load_progress(tmp_path, CHOICES)


def test_shards_of_another_program_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "faces-00.tar").touch()

    with pytest.raises(DataError, match="choose an empty folder"):
        load_progress(tmp_path, CHOICES)
