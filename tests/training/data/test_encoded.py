"""Sources of encoded crops: checked once, counted, kept, and every label with its picture."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import training.data.encoded
from core.opencv import cv2
from tests.training.data.records import image, write_records
from training.data.encoded import (
    EncodedSource,
    FolderSource,
    RecordSource,
    no_report,
    open_encoded,
    with_margin,
)
from training.errors import DataError
from training.synth import draw_face


def picture(person: int, crop: int = 0, side: int = 112) -> bytes:
    margin = (128 - side) // 2
    face = draw_face(person, crop)[margin : 128 - margin, margin : 128 - margin]
    return bytes(cv2.imencode(".png", face)[1])


def write_folders(root: Path) -> Path:
    for person in range(3):
        for crop in range(2):
            path = root / f"p{person}" / f"{crop}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(picture(person, crop))
    return root


def write_package(root: Path, *, header: bool = True) -> Path:
    """As MS1MV2 is packed: a header, images, then records that only describe people."""
    images = [image(float(n // 2), picture(n // 2, n % 2), n) for n in range(6)]
    described = [image([1.0, 3.0], b""), image([3.0, 5.0], b"")]
    first = [image([7.0, 9.0], b"")] if header else []
    write_records(root / "train.rec", [*first, *images, *described])
    return root / "train.rec"


def test_each_label_belongs_to_its_picture(tmp_path: Path) -> None:
    for name, source in (
        ("folders", FolderSource(write_folders(tmp_path / "f"))),
        ("header", RecordSource(write_package(make(tmp_path / "h")))),
        ("no header", RecordSource(write_package(make(tmp_path / "n"), header=False))),
    ):
        stored = open_encoded(source, tmp_path / name, tmp_path / "cache", no_report)

        crops = stored.read(stored.places)
        assert len(stored.people) == 6, name
        assert stored.left_out == {}, name
        for index, (person, crop) in enumerate(zip(stored.people, crops, strict=True)):
            drawn = draw_face(int(person.removeprefix("p")), index % 2)
            assert np.array_equal(crop[8:120, 8:120], drawn[8:120, 8:120]), name


def make(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_a_huge_source_stays_encoded_and_gives_the_same_crops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = RecordSource(write_package(tmp_path))
    small = open_encoded(source, tmp_path / "a", tmp_path / "cache", no_report)
    monkeypatch.setattr(training.data.encoded, "MAX_DECODED_CROPS", 3)

    huge = open_encoded(source, tmp_path / "b", tmp_path / "cache", no_report)

    order = [4, 0, 3]
    assert len(list((tmp_path / "cache").glob("*.crops.npy"))) == 1
    assert np.array_equal(small.read(small.places[order]), huge.read(huge.places[order]))


def test_what_is_left_out_of_a_folder_is_counted_by_reason(tmp_path: Path) -> None:
    root = write_folders(tmp_path / "f")
    (root / "p0/cut.jpg").write_bytes(cv2.imencode(".jpg", draw_face(1, 1))[1].tobytes()[:900])
    (root / "p0/notes.txt").write_bytes(b"some words")
    (root / "p1/photo.png").write_bytes(cv2.imencode(".png", np.zeros((90, 80, 3), np.uint8))[1])
    (root / "p1/lost.png").symlink_to(tmp_path / "absent.png")

    stored = open_encoded(FolderSource(root), root, tmp_path / "cache", no_report)

    assert len(stored.people) == 6
    assert stored.left_out == {
        "damaged picture": 2,
        "neither 112 nor 128 px": 1,
        "unreadable file, or too large for a crop": 1,
    }


def test_what_is_left_out_of_a_record_file_is_counted_by_reason(tmp_path: Path) -> None:
    payloads = [
        image([8.0, 9.0], b""),
        image(0.0, picture(0)),
        image(0.5, picture(0)),
        image(1.0, b"no picture"),
        image(1.0, picture(1)),
        b"short",
    ]
    write_records(tmp_path / "train.rec", payloads)

    stored = open_encoded(
        RecordSource(tmp_path / "train.rec"), tmp_path, tmp_path / "cache", no_report
    )

    assert stored.people == ["0", "1"]
    assert stored.left_out == {
        "label that is no whole number": 1,
        "damaged picture": 1,
        "damaged record": 1,
        "announced by the first record, but absent": 2,
    }


def folder_source(root: Path) -> tuple[EncodedSource, Callable[[], None]]:
    folders = write_folders(root / "f")

    def change() -> None:
        (folders / "p0/9.png").write_bytes(picture(0, 9))

    return FolderSource(folders), change


def test_the_second_opening_decodes_nothing_until_the_source_changes(tmp_path: Path) -> None:
    source, change = folder_source(tmp_path)
    reports: list[int] = []

    def report(done: int, total: int) -> None:
        reports.append(total)

    first = open_encoded(source, tmp_path / "f", tmp_path / "cache", report)
    looked = len(reports)
    again = open_encoded(source, tmp_path / "f", tmp_path / "cache", report)

    assert looked > 0
    assert len(reports) == looked
    assert again.digest == first.digest
    assert np.array_equal(again.read(again.places), first.read(first.places))

    change()
    changed = open_encoded(FolderSource(tmp_path / "f"), tmp_path / "f", tmp_path / "cache", report)

    assert len(changed.people) == 7
    assert changed.digest != first.digest


def test_the_digest_knows_who_is_on_a_picture(tmp_path: Path) -> None:
    root = write_folders(tmp_path / "f")
    before = open_encoded(FolderSource(root), root, tmp_path / "cache", no_report).digest
    (root / "p0").rename(root / "other")

    after = open_encoded(FolderSource(root), root, tmp_path / "cache", no_report).digest

    assert after != before


def test_photos_instead_of_crops_are_refused_with_advice(tmp_path: Path) -> None:
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann/1.png").write_bytes(cv2.imencode(".png", np.zeros((90, 80, 3), np.uint8))[1])

    with pytest.raises(DataError, match=r"1 neither 112 nor 128 px.*training\.prepare"):
        open_encoded(FolderSource(tmp_path), tmp_path, tmp_path / "cache", no_report)

    assert not list((tmp_path / "cache").glob("*.json"))


def test_a_crop_without_margin_gets_its_edge_repeated() -> None:
    face = draw_face(1, 1)[8:120, 8:120]

    crop = with_margin(face)

    assert crop is not None
    assert np.array_equal(crop[8:120, 8:120], face)
    assert np.array_equal(crop[0, 8:120], face[0])
    assert with_margin(face[:100]) is None


def test_a_picture_that_vanishes_later_is_told(tmp_path: Path) -> None:
    root = write_folders(tmp_path / "f")
    source = FolderSource(root)
    (root / "p0/0.png").unlink()

    with pytest.raises(DataError, match=r"0\.png"):
        source.fetch(0)
