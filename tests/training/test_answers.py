"""Teachers' answers: one a crop, by view, kept and not asked for twice."""

import hashlib
from pathlib import Path

import numpy as np

from training.answers import main, seen
from training.nets.onnx_teacher import SFACE_INPUT, OnnxTeacher
from training.synth import draw_face


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def test_every_crop_has_its_own_answer_to_both_views(world, cache: Path) -> None:
    teacher = OnnxTeacher(world.teacher, SFACE_INPUT)
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
