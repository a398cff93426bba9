"""The command that measures networks side by side."""

import json
from pathlib import Path

import pytest

from tests.training.runs import settled_net, write_run
from training.evaluate import input_spec, main
from training.nets.plain_onnx import plain_onnx


def test_a_run_and_an_onnx_file_stand_side_by_side(
    world, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(tmp_path / "student")
    onnx = tmp_path / "teacher.onnx"
    onnx.write_bytes(plain_onnx(settled_net(seed=1)).SerializeToString())

    code = main(
        [
            str(tmp_path / "student"), str(onnx), "--sets", f"toy={world.pairs}", "--fmr", "0.3",
            "--input", "rgb,16,127.5,127.5", "--cache", str(tmp_path / "cache"),
            "--out", str(tmp_path / "out"), "--resolutions", "8", "--speed-rounds", "2",
        ]
    )  # fmt: skip

    assert code == 0
    shown = capsys.readouterr().out
    assert "student" in shown
    assert "teacher" in shown
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert [row["network"] for row in metrics["measured"]] == ["student", "teacher"]
    assert metrics["measured"][0]["single"] != metrics["measured"][1]["single"]
    assert metrics["measured"][0]["sides"][0]["side_px"] == 8
    assert set(metrics["speed"]) == {"student", "teacher"}
    assert metrics["environment"]["onnxruntime"]
    assert (tmp_path / "out" / "report.md").is_file()


def test_a_dry_run_checks_and_writes_nothing(
    world, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_run(tmp_path / "run")
    caplog.set_level("INFO")

    code = main(
        [str(tmp_path / "run"), "--sets", f"toy={world.pairs}", "--dry-run", "--out", "nowhere"]
    )

    assert code == 0
    assert "24 pairs, 24 pictures" in caplog.text
    assert not Path("nowhere").exists()


def test_several_checkpoints_of_one_run_are_refused(
    world, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = tmp_path / "run"
    for keep in ("0001", "0002"):
        write_run(run, keep=keep)
    subjects = [str(run / "kept" / "0001"), str(run / "kept" / "0002")]

    assert main([*subjects, "--sets", f"toy={world.pairs}"]) == 2
    assert "one of several checkpoints of one run" in caplog.text
    assert main([subjects[0], "--sets", f"toy={world.pairs}", "--dry-run"]) == 0


def test_two_subjects_of_one_name_are_refused(
    world, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for place in ("a", "b"):
        write_run(tmp_path / place / "run")

    code = main(
        [str(tmp_path / "a" / "run"), str(tmp_path / "b" / "run"), "--sets", f"toy={world.pairs}"]
    )

    assert code == 2
    assert "two subjects are called 'run'" in caplog.text


def test_time_that_is_over_is_said_and_writes_no_report(
    world, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_run(tmp_path / "run")

    code = main(
        [
            str(tmp_path / "run"), "--sets", f"toy={world.pairs}", "--max-minutes", "1e-9",
            "--out", str(tmp_path / "out"),
        ]
    )  # fmt: skip

    assert code == 4
    assert "The time was over before run was finished" in caplog.text
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "nothing to measure on"),
        (["--sets", "pairs.csv"], "NAME=FILE"),
        (["--sets", "toy=none.csv"], "none.csv"),
        (["--sets", "toy=none.csv", "--resolutions", "4"], "8–112 px"),
        (["--megaface", "a", "b", "c", "d", "--groups", "e"], "--groups takes its thresholds"),
        (["--ijb", "nowhere", "nowhere"], "face_tid_mid"),
    ],
)
def test_what_cannot_be_measured_on_is_one_sentence(
    arguments: list[str], sentence: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_run(tmp_path / "run")

    assert main([str(tmp_path / "run"), *arguments]) == 2
    assert sentence in caplog.text


def test_how_a_model_is_fed_is_read_from_words() -> None:
    spec = input_spec("bgr,96,127.5,128")

    assert (spec.colour, spec.width, spec.height) == ("bgr", 96, 96)
    assert (spec.mean[0], spec.std[2]) == (127.5, 128.0)


@pytest.mark.parametrize("text", ["rgb,112", "blue,112,0,1", "rgb,wide,0,1", "rgb,112,0,0"])
def test_an_input_that_says_nothing_sensible_is_refused(text: str) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["model.onnx", "--sets", "a=b", "--input", text])

    assert refused.value.code == 2
