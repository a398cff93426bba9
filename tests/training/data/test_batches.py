"""Faces: who is shown, who is held out, whose answers fit, whatever they are stored in."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from core.opencv import cv2
from training.data.augment import draw
from training.data.batches import (
    Faces,
    answered_shards,
    images_of,
    open_faces,
    read_answers,
    views_of,
)
from training.errors import DataError
from training.recipe.distil import DataSection
from training.synth import draw_face

CPU = torch.device("cpu")


def digest(world) -> str:
    return hashlib.sha256(world.teacher.read_bytes()).hexdigest()[:12]


def faces(world, cache: Path, **changes: float) -> Faces:
    return open_faces(world.data, cache, DataSection(held_out_share=0.3, **changes))


def test_nobody_held_out_is_shown_or_has_a_label(world, cache: Path) -> None:
    found = faces(world, cache)

    assert not set(found.shown) & set(found.held_out)
    assert len(found.shown) + len(found.held_out) == len(found) == 48
    assert (found.labels[found.held_out] == -1).all()
    assert set(found.labels[found.shown]) == set(range(found.people))
    assert sum(size for _, size in found.shards) == 48


def test_crops_come_from_their_shards(world, cache: Path) -> None:
    found = faces(world, cache)
    everything = found.crops(np.arange(48))

    assert np.array_equal(found.crops(np.array([47, 0, 25])), everything[[47, 0, 25]])
    assert len({crop.tobytes() for crop in everything}) == 48


def test_turned_heads_count_more_often(world, cache: Path) -> None:
    plain = faces(world, cache)
    weighted = faces(world, cache, turned_weight=2.0, turned_yaw=-1.0)

    assert len(weighted.shown) == 2 * len(plain.shown)


def test_folders_of_people_are_faces_too(tmp_path: Path) -> None:
    for person in range(4):
        (tmp_path / "data" / str(person)).mkdir(parents=True)
        for crop in range(2):
            path = tmp_path / "data" / str(person) / f"{crop}.png"
            cv2.imwrite(str(path), draw_face(person, crop)[8:120, 8:120])

    found = open_faces(tmp_path / "data", tmp_path / "cache", DataSection(held_out_share=0.0))

    assert (len(found), found.people, found.shards) == (8, 4, ())
    assert found.crops(np.array([0])).shape == (1, 128, 128, 3)
    with pytest.raises(DataError, match="turned_weight must be 1"):
        open_faces(tmp_path / "data", tmp_path / "cache", DataSection(turned_weight=2.0))


def test_answers_are_read_in_the_order_of_the_crops(world, cache: Path) -> None:
    found = faces(world, cache)

    answers = read_answers(found, cache, digest(world), "clean")

    assert answers is not None
    parts = [np.load(cache / f"{name}.{digest(world)}.clean.npy") for name, _ in found.shards]
    assert np.array_equal(answers, np.concatenate(parts))
    assert read_answers(found, cache, "0" * 12, "clean") is None


def test_answers_that_do_not_fit_are_refused(world, cache: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "synth-00.000000000000.clean.npy", np.zeros((3, 128), np.float32))

    with pytest.raises(DataError, match="do not fit"):
        read_answers(faces(world, cache), tmp_path, "0" * 12, "clean")


def test_only_answered_shards_are_named(world, cache: Path, tmp_path: Path) -> None:
    assert answered_shards(world.data, cache, digest(world)) == ("synth-00", "synth-01")
    with pytest.raises(DataError, match="no shard has answers"):
        answered_shards(world.data, tmp_path, digest(world))


def test_images_are_normalised_views(world, cache: Path) -> None:
    crops = faces(world, cache).crops(np.arange(4))
    draws = draw(4, 1.0, np.random.default_rng(0))

    views, images = (make(crops, draws, 48, CPU) for make in (views_of, images_of))

    assert views.shape == (4, 3, 48, 48)
    torch.testing.assert_close((views - 127.5) / 127.5, images)
