"""`bench`: fair turns, honest percentiles, one ratio."""

import os
from pathlib import Path

import pytest

from app.cli.bench import OPENCV, OURS, WARM_UP, WHOLE, Contestant, race, ratio
from app.cli.reports import BenchRow


def row(implementation: str, threads: int, p50_ms: float, stage: str = WHOLE) -> BenchRow:
    return BenchRow(
        implementation=implementation, threads=threads, stage=stage, p50_ms=p50_ms, p95_ms=p50_ms
    )


def test_every_stage_is_timed_on_one_and_two_threads(cli) -> None:
    said = cli("bench", "--rounds", "10", "--json")
    assert said.code == 0
    rows = said.data["rows"]
    assert {entry["threads"] for entry in rows} == {1, 2}
    assert {entry["stage"] for entry in rows} == {"detect", "align", "assess", "embed", WHOLE}
    assert all(0 < entry["p50_ms"] <= entry["p95_ms"] for entry in rows)
    assert said.data["ratio"] is None


def test_contestants_take_turns_and_warm_up_rounds_do_not_count() -> None:
    order: list[str] = []

    def contestant(name: str) -> Contestant:
        def run() -> dict[str, float]:
            order.append(name)
            return {WHOLE: float(len(order))}

        return Contestant(name, 1, run)

    times = race([contestant("a"), contestant("b")], rounds=3)
    assert order == ["a", "b"] * (WARM_UP + 3)
    assert [len(stages[WHOLE]) for stages in times] == [3, 3]


def test_the_ratio_is_of_whole_frames_on_one_thread() -> None:
    rows = (
        row(OURS, 1, 6.0),
        row(OURS, 2, 1.0),
        row(OPENCV, 1, 24.0),
        row(OPENCV, 2, 2.0),
        row(OPENCV, 1, 1.0, stage="detect"),
    )
    assert ratio(rows) == pytest.approx(0.25)


def test_half_a_pair_of_opencvs_models_is_refused(cli, tmp_path) -> None:
    assert cli("bench", "--opencv-detector", tmp_path / "x.onnx").code == 2


def test_files_that_opencv_cannot_load_are_refused(cli, tmp_path) -> None:
    broken = tmp_path / "x.onnx"
    broken.write_text("no model", encoding="utf-8")
    line = ("bench", "--opencv-detector", broken, "--opencv-recogniser", broken, "--json")
    said = cli(*line)
    assert said.code == 2
    assert said.document["error"]["code"] == "model.contract"


def test_opencvs_pair_is_raced_on_the_same_frame(cli) -> None:
    shared = os.environ.get("POCKETFACE_SHARED")
    if not shared:
        pytest.skip("POCKETFACE_SHARED names no folder with the models of OpenCV's zoo")
    models = Path(shared) / "models"
    detector = models / "face_detection_yunet_2023mar.onnx"
    recogniser = models / "face_recognition_sface_2021dec.onnx"
    pair = ("--opencv-detector", detector, "--opencv-recogniser", recogniser)
    said = cli("bench", "--rounds", "10", "--json", *pair)
    assert said.code == 0
    assert {row["implementation"] for row in said.data["rows"]} == {OURS, OPENCV}
    assert said.data["ratio"] > 0
