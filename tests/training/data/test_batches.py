"""Batches: an order that depends on seed and position alone, answers that fit their crops."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from training.data.batches import Faces, Position, open_faces, take
from training.recipe import DataError, DataSection


def faces(world, cache: Path, **changes: object) -> Faces:
    digest = hashlib.sha256(world.teacher.read_bytes()).hexdigest()[:12]
    return open_faces(world.data, cache, digest, DataSection(held_out_share=0.3, **changes))


def batch(faces: Faces, position: Position, seed: int = 1, targets: str = "clean"):
    return take(faces, position, 4, seed=seed, side=16, strength=0.5, targets=targets)


def test_the_same_position_gives_the_same_batch(world, cache: Path) -> None:
    shown = faces(world, cache)

    first, after = batch(shown, Position())
    again, _ = batch(shown, Position())
    later, _ = batch(shown, after)

    assert np.array_equal(first.images, again.images)
    assert not np.array_equal(first.images, later.images)


def test_an_epoch_shows_every_crop_once_and_none_of_the_held_out(world, cache: Path) -> None:
    shown = faces(world, cache)
    position, targets = Position(), []
    for _ in range(len(shown.shown) // 4):
        one, position = batch(shown, position)
        targets += [row.tobytes() for row in one.targets.numpy()]

    assert position.epoch == 1
    assert len(set(targets)) == len(targets)
    held = {shown.clean[index].tobytes() for index in shown.held_out}
    assert not held & set(targets)
    assert batch(shown, position)[1].epoch == 2 or len(shown.shown) % 4 == 0


def test_another_number_of_crops_starts_the_next_epoch(world, cache: Path) -> None:
    _, after = batch(faces(world, cache), Position(epoch=3, taken=8, crops=999))

    assert after.epoch == 4


def test_mirrored_views_are_answered_mirrored(world, cache: Path) -> None:
    shown = faces(world, cache, targets="view")
    assert shown.mirror is not None

    answers = np.concatenate(
        [
            batch(shown, Position(taken=4 * k, crops=len(shown.shown)), targets="view")[0].targets
            for k in range(4)
        ]
    )

    clean = {row.tobytes() for row in shown.clean}
    mirrored = {row.tobytes() for row in shown.mirror}
    kinds = ["clean" if row.tobytes() in clean else "mirror" for row in answers]
    assert {"clean", "mirror"} == set(kinds)
    assert all(row.tobytes() in clean | mirrored for row in answers)


def test_centred_answers_have_unit_length_and_no_common_direction(world, cache: Path) -> None:
    plain, centred = faces(world, cache), faces(world, cache, centre=True)

    np.testing.assert_allclose(np.linalg.norm(centred.clean, axis=1), 1, atol=1e-5)
    assert np.linalg.norm(centred.clean.mean(0)) < np.linalg.norm(plain.clean.mean(0))


def test_turned_heads_count_more_often(world, cache: Path) -> None:
    plain = faces(world, cache)
    weighted = faces(world, cache, turned_weight=2.0, turned_yaw=-1.0)

    assert len(weighted.shown) == 2 * len(plain.shown)


def test_without_answers_nothing_starts(world, cache: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no shard has answers"):
        open_faces(world.data, tmp_path, "0" * 12, DataSection())


def test_answers_that_do_not_fit_are_refused(world, cache: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "synth-00.000000000000.clean.npy", np.zeros((3, 128), np.float32))

    with pytest.raises(DataError, match="do not fit"):
        open_faces(world.data, tmp_path, "0" * 12, DataSection())
