"""Teachers' answers: one a crop, by view, kept and not asked for twice."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from training.answers import main, seen
from training.distillation.hints import basis_path, load_basis
from training.nets.onnx_teacher import OnnxTeacher
from training.subjects import square_input
from training.synth import draw_face


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def test_every_crop_has_its_own_answer_to_both_views(world, cache: Path) -> None:
    teacher = OnnxTeacher(world.teacher, square_input(112))
    inner = draw_face(1, 0)[None, 8:120, 8:120]

    clean = np.load(cache / f"synth-00.{digest(world.teacher)}.clean.npy")
    mirror = np.load(cache / f"synth-00.{digest(world.teacher)}.mirror.npy")

    assert clean.shape == mirror.shape == (24, 128)
    np.testing.assert_allclose(clean[1], teacher.answer(inner)[0], atol=1e-5)
    np.testing.assert_allclose(mirror[1], teacher.answer(inner[:, :, ::-1])[0], atol=1e-5)


def test_answers_that_are_there_are_not_asked_for_again(world, cache: Path) -> None:
    path = cache / f"synth-01.{digest(world.teacher)}.clean.npy"
    before = path.stat().st_mtime_ns

    main(["--data", str(world.data), "--teacher", str(world.teacher), "--cache", str(cache)])

    assert path.stat().st_mtime_ns == before


def test_a_view_is_the_inner_crop() -> None:
    crops = draw_face(0, 0)[None]

    assert np.array_equal(seen(crops, "clean"), crops[:, 8:120, 8:120])
    assert np.array_equal(seen(crops, "mirror"), crops[:, 8:120, 8:120][:, :, ::-1])


def arguments(world, cache: Path, *more: str) -> list[str]:
    return [
        "--data", str(world.data), "--teacher", str(world.teacher), "--cache", str(cache), *more,
    ]  # fmt: skip


def test_components_of_a_map_are_kept_beside_the_answers(world, tmp_path: Path) -> None:
    assert main(arguments(world, tmp_path, "--maps", "active:3")) == 0

    teacher = OnnxTeacher(world.teacher, square_input(112), maps=("active",))
    inner = draw_face(1, 0)[None, 8:120, 8:120]
    _, (found,) = teacher.answer_with_maps(inner)
    basis = load_basis(basis_path(tmp_path, digest(world.teacher)[:12], "active", 3))
    assert basis is not None
    expected = basis.components(torch.from_numpy(found))[0].numpy()
    kept = np.load(tmp_path / f"synth-00.{digest(world.teacher)}.map-active-3.npy")
    place = int(np.argmin(np.abs(kept - expected).reshape(len(kept), -1).max(axis=1)))
    assert kept.shape == (24, 3, 7, 7)
    np.testing.assert_allclose(kept[place], expected, atol=0.01)


def test_maps_alone_are_asked_for_again_where_answers_lie(
    world, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    main(arguments(world, tmp_path))
    caplog.clear()

    assert main(arguments(world, tmp_path, "--maps", "active:3", "--dry-run")) == 0

    assert "2 of 2 answers are missing" in caplog.text
    assert not list(tmp_path.glob("*.map-*"))


def test_a_stop_keeps_what_is_whole(
    world, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    assert main(arguments(world, tmp_path, "--max-minutes", "1e-9")) == 0

    assert "stopped; 0 of 2 were answered" in caplog.text
    assert not list(tmp_path.glob("*.clean.npy"))


@pytest.mark.parametrize(
    ("more", "code", "sentence"),
    [
        (["--shards", "synth-99"], 2, "there is no shard synth-99"),
        (["--maps", "activ:3"], 2, "no inner map 'activ'"),
        (["--maps", "active:99"], 2, "at least 99 channels"),
        (["--maps", "fc1:3"], 2, "3 components need a map"),
    ],
)
def test_what_cannot_be_asked_is_told(
    more: list[str], code: int, sentence: str, world, tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    found = main(arguments(world, tmp_path, *more))

    assert sentence in caplog.text
    assert found == code
