"""Where a model comes from, told from its checkpoint and environment."""

from pathlib import Path

import pytest

from tests.training.runs import write_run
from training.export.history import SFACE, History, history_of
from training.run_folder import read_environment
from training.saved_net import saved_net
from training.subjects import SFACE_SHA256


def history(run: Path, environment: dict[str, object] | None = None, **made) -> History:
    write_run(run, **made)
    net, progress = saved_net(run)
    return history_of(net, progress, environment or read_environment(run))


def test_a_single_teacher_is_named_by_its_file_and_digest(tmp_path: Path) -> None:
    told = history(tmp_path / "run")

    assert told.teachers == ("large.onnx (SHA-256 abababababab…)",)
    assert "single-step distillation, 1,500 presentations (1,000 at 48 px, 500 at 64 px)" in (
        told.training
    )
    assert "Muon at 0.04 and AdamW at 0.002" in told.training
    assert told.held_out_share == 0.5


def test_steps_of_a_teacher_are_told_in_their_order(tmp_path: Path) -> None:
    steps: list[dict[str, object]] = [
        {"until": 100_000, "rank": 16, "model": ""},
        {"until": 250_000.0, "rank": 0, "model": "/runs/teacher/kept/0003"},
        {"until": 0, "rank": 0, "model": ""},
    ]

    told = history(tmp_path / "run", {"teacher_sha256": SFACE_SHA256}, teachers=steps)

    assert told.teachers == (
        f"{SFACE}, its answers on their first 16 principal axes, up to 100,000 presentations",
        "0003, up to 250,000 presentations",
        "SFace",
    )
    assert told.training.startswith("multi-step distillation")
    assert told.title.endswith("distilled from SFace")


def test_a_supervised_network_has_no_teacher(tmp_path: Path) -> None:
    told = history(tmp_path / "run", kind="train")

    assert told.teachers == ()
    assert told.title == "pocketnet-8x6-16, trained on labelled faces"
    assert told.training.startswith("supervised training")


@pytest.mark.parametrize(
    ("architecture", "words"),
    [
        ("pocketnet-s-128", "PocketNetS-128, 901,056 parameters for 16-px input"),
        ("pocketnet-m-128-cifar", "searched on CIFAR-10"),
        ("mobilefacenet-32", "as published"),
    ],
)
def test_the_network_is_named_with_its_size_and_the_origin_of_its_cell(
    architecture: str, words: str, tmp_path: Path
) -> None:
    side = 16 if architecture.startswith("pocketnet-s") else 32

    assert words in history(tmp_path / "run", architecture=architecture, side=side).architecture
