"""The command that makes a pack out of a run."""

from pathlib import Path

import pytest

from core.vision.packs import read_pack
from tests.training.runs import write_run
from training.export.__main__ import main
from training.synth import main as synth


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shards of 60 people, of whom about half are held out, and pairs of twelve others."""
    root = tmp_path_factory.mktemp("faces")
    synth([str(root / "data"), "--people", "60", "--crops", "2",
           "--pairs", str(root / "pairs"), "--pair-people", "12"])  # fmt: skip
    return root


def arguments(faces: Path, run: Path, out: Path) -> list[str]:
    return [
        str(run), "--out", str(out), "--data", str(faces / "data"),
        "--cache", str(faces / "cache"), "--sets", f"toy={faces / 'pairs' / 'pairs.csv'}",
        "--mated", "toy",
    ]  # fmt: skip


@pytest.mark.train
def test_a_run_becomes_a_pack_and_an_eight_bit_one(faces: Path, tmp_path: Path) -> None:
    run, out = tmp_path / "run", tmp_path / "small"
    write_run(run, teachers=[{"until": 700, "rank": 8}, {"until": 0}])
    write_run(tmp_path / "teacher", seed=1)

    code = main(
        [
            *arguments(faces, run, out), "--int8", str(tmp_path / "small-int8"),
            "--teacher", str(tmp_path / "teacher"), "--benchmark",
        ]
    )  # fmt: skip

    assert code == 0
    pack, small = (read_pack(path, built_in=False) for path in (out, tmp_path / "small-int8"))
    assert pack.card.operating_points
    assert pack.card.input.width == 16
    assert pack.model_id != small.model_id
    assert len(small.read_model()) < len(pack.read_model())
    text = pack.read_text("MODEL_CARD.md")
    assert "Teacher, step 1: large.onnx" in text
    assert "- Speed: " in text
    assert "8-bit integers: " in text
    assert "teacher: accuracy" in text


@pytest.mark.train
def test_a_dry_run_checks_parity_and_writes_nothing(
    faces: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_run(tmp_path / "run")
    caplog.set_level("INFO")

    assert main([*arguments(faces, tmp_path / "run", tmp_path / "small"), "--dry-run"]) == 0
    assert "the graph answers as torch does" in caplog.text
    assert not (tmp_path / "small").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"--out": "Not A Name"}, "is no name for a pack"),
        ({"--mated": "other"}, "--sets has no such set"),
        ({"--data": "nowhere"}, "nowhere"),
        ({"--teacher": "nowhere.onnx"}, "nowhere.onnx"),
    ],
)
def test_what_keeps_a_pack_from_being_true_is_one_sentence(
    change: dict[str, str], sentence: str, faces: Path, tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    write_run(tmp_path / "run")
    words = arguments(faces, tmp_path / "run", tmp_path / "small")
    for option, value in change.items():
        words += [option, value]

    assert main(words) in (2, 4)
    assert sentence in caplog.text
    assert not (tmp_path / "small").exists()


def test_a_run_without_held_out_people_says_what_to_do(
    faces: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_run(tmp_path / "run", held_out_share=0.0)

    assert main(arguments(faces, tmp_path / "run", tmp_path / "small")) == 2
    assert "held_out_share" in caplog.text
