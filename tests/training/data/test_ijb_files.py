"""IJB's protocol files: three texts that must fit each other, and faces cut by their points."""

from pathlib import Path

import numpy as np
import pytest

from core.opencv import cv2
from training.data.ijb_files import read_ijb
from training.errors import DataError
from training.synth import PHOTO_SCALE
from training.synth_drawing import draw, draw_aligned
from training.synth_people import landmarks, make_person, make_shot

PERSON, SHOT = make_person(1), make_shot(1, 1)
TO_PHOTO = np.array([[PHOTO_SCALE, 0, 150], [0, PHOTO_SCALE, 130]])
POINTS = landmarks(PERSON, SHOT) * PHOTO_SCALE + (150, 130)


@pytest.fixture
def meta(tmp_path: Path) -> Path:
    folder = tmp_path / "meta"
    folder.mkdir()
    shown = " ".join(f"{value:.3f}" for value in POINTS.ravel())
    write(folder, "face_tid_mid", "1.png 7 100\n2.png 7 101\n1.png 8 100\n")
    write(folder, "name_5pts_score", "".join(f"{n}.png {shown} 0.9{n}\n" for n in (1, 2, 1)))
    write(folder, "template_pair_label", "7 8 1\n8 7 0\n")
    (tmp_path / "loose_crop").mkdir()
    photo = draw(PERSON, SHOT, TO_PHOTO, (300, 260))
    cv2.imwrite(str(tmp_path / "loose_crop" / "1.png"), photo)
    return folder


def write(folder: Path, name: str, text: str) -> None:
    (folder / f"ijbc_{name}.txt").write_text(text)


def test_rows_of_the_three_texts_are_brought_together(meta: Path) -> None:
    for place in (meta, meta.parent):
        found = read_ijb(place, meta.parent / "loose_crop")

        assert found.files == ("1.png", "2.png", "1.png")
        assert found.templates.tolist() == [7, 7, 8]
        assert found.media.tolist() == [100, 101, 100]
        assert found.points[1] == pytest.approx(POINTS, abs=1e-3)
        assert found.detector_scores.tolist() == pytest.approx([0.91, 0.92, 0.91])
        assert (found.left.tolist(), found.right.tolist()) == ([7, 8], [8, 7])
        assert found.mated.tolist() == [True, False]


def test_a_face_is_aligned_by_the_points_of_its_row(meta: Path) -> None:
    found = read_ijb(meta, meta.parent / "loose_crop")

    crop = found.crop(0)

    assert crop is not None
    expected = draw_aligned(PERSON, SHOT, 112, 0).astype(float)
    middle = slice(30, 100)
    assert np.abs(crop.astype(float) - expected)[middle, middle].mean() < 12


def test_a_picture_that_is_not_there_is_none(meta: Path) -> None:
    assert read_ijb(meta, meta.parent / "loose_crop").crop(1) is None


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("face_tid_mid", "1.png 7\n", "line 1 is no picture with its template"),
        ("face_tid_mid", "1.png 7 x\n", "line 1 is no picture with its template"),
        ("face_tid_mid", "../1.png 7 1\n", "outside the folder"),
        ("face_tid_mid", "", "empty"),
        ("face_tid_mid", "1.png 7 1\n3.png 7 2\n1.png 8 1\n", "line 2 is about 2.png"),
        ("face_tid_mid", "1.png 7 1\n2.png 8 2\n", "3 pictures, and the list of templates 2"),
        ("name_5pts_score", "1.png 1 2 3\n", "ten coordinates and a score"),
        ("name_5pts_score", "1.png " + "x " * 11 + "\n", "no number"),
        ("template_pair_label", "7 8\n", "line 1 has 2 columns"),
        ("template_pair_label", "7 8 1\n7 9 0\n", "row 2 names a template without"),
        ("template_pair_label", "7 8 1\n8 7 1\n", "labels are not"),
        ("template_pair_label", "7 8 1\n8 7 2\n", "labels are not"),
    ],
)
def test_texts_that_do_not_fit_are_refused(meta: Path, name: str, text: str, reason: str) -> None:
    write(meta, name, text)

    with pytest.raises(DataError, match=reason):
        read_ijb(meta, meta.parent)


def test_a_missing_or_doubled_text_is_told(meta: Path) -> None:
    (meta / "ijbb_template_pair_label.txt").touch()
    with pytest.raises(DataError, match="it holds 2 files"):
        read_ijb(meta, meta.parent)

    for path in meta.glob("*pair_label.txt"):
        path.unlink()
    with pytest.raises(DataError, match=r"no file '\*_template_pair_label\.txt'"):
        read_ijb(meta, meta.parent)
