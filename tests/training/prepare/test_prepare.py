"""The command: from photos to shards that are trained on, with a report."""

from pathlib import Path

import pytest

from training.data.labelled import open_labelled
from training.prepare.__main__ import main
from training.synth import write_photos


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    write_photos(folder, 2, 2)
    return folder


def test_photos_become_shards_and_a_report(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    assert main([str(photos), "--out", str(out), "--source", "album"]) == 0

    data = open_labelled(out, tmp_path / "cache")
    assert data.people == ("album/2000000", "album/2000001")
    assert len(data) == 4
    assert "4 crops in 1 shards" in (out / "report.md").read_text()


def test_a_dry_run_tells_and_writes_nothing(
    photos: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    assert main([str(photos), "--out", str(tmp_path / "out"), "--dry-run"]) == 0

    assert "4 files of 2 people" in caplog.text
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["absent"], "cannot be read"),
        (["absent", "--unlabelled"], "neither a folder nor a file"),
        ([".", "--source", "../x"], "a word of small letters"),
    ],
)
def test_what_cannot_be_prepared_is_one_sentence(
    arguments: list[str],
    sentence: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main([*arguments, "--out", "out"]) == 2
    assert sentence in caplog.text


def test_no_face_at_all_is_told_and_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "p/ann").mkdir(parents=True)
    (tmp_path / "p/ann/1.jpg").write_bytes(b"no picture")

    assert main([str(tmp_path / "p"), "--out", str(tmp_path / "out")]) == 2

    assert "no face in it can be used" in caplog.text
    assert "neither a picture" in (tmp_path / "out/report.md").read_text()


@pytest.mark.parametrize(
    "wrong", [["--smallest-px", "0"], ["--every-s", "inf"], ["--every-s", "x"]]
)
def test_numbers_without_sense_are_a_usage_error(wrong: list[str], photos: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([str(photos), "--out", "out", *wrong])

    assert stopped.value.code == 2
