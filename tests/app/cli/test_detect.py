"""`detect`: faces as numbers, words and a drawing."""

import pytest
from PIL import Image


def test_every_face_has_place_points_and_quality(cli, pictures) -> None:
    said = cli("detect", pictures / "both.png", "--json")
    assert said.code == 0
    assert len(said.data["faces"]) == 2
    for face in said.data["faces"]:
        x, y, width, height = face["box"]
        assert all(x < px < x + width and y < py < y + height for px, py in face["landmarks"])
        assert set(face["quality"]) >= {"Sharpness", "HeadPoseYaw"}


def test_no_face_is_no_decision(cli, pictures) -> None:
    said = cli("detect", pictures / "nobody.png")
    assert said.code == 3
    assert said.out.startswith("No face was found.")


def test_quarter_turns_are_told(cli, pictures) -> None:
    said = cli("detect", pictures / "sideways.png", "--json")
    assert said.data["quarter_turns"] == 3
    assert (said.data["width_px"], said.data["height_px"]) == (640, 480)


def test_the_drawing_is_a_png_of_the_same_size_with_marks(cli, pictures, tmp_path) -> None:
    out = tmp_path / "marks"
    assert cli("detect", pictures / "anna.png", "--draw", out).code == 0
    with Image.open(out) as drawn, Image.open(pictures / "anna.png") as before:
        assert drawn.format == "PNG"
        assert drawn.size == before.size
        assert drawn.tobytes() != before.tobytes()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_drawing_that_cannot_be_written_is_a_fault(cli, pictures, tmp_path) -> None:
    said = cli("detect", pictures / "anna.png", "--draw", tmp_path / "no" / "x.png", "--json")
    assert said.code == 4
    assert said.document["error"]["code"] == "export.failed"


@pytest.mark.parametrize("name", ["words.jpg", "missing.png"])
def test_an_unreadable_picture_is_a_usage_fault(cli, pictures, name) -> None:
    assert cli("detect", pictures / name).code == 2
