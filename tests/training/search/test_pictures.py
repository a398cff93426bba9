"""What a search is shown: labels, a teacher's answers, or groups made from them."""

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from core.errors import UsageError
from training.data.shards import answers_path, open_shard, save_array
from training.errors import DataError
from training.recipe.search import GoalSection, HalvesSection
from training.search.pictures import Pictures, answered_pictures, labelled_pictures
from training.synth import write_shard


def answered(world, cache: Path, **goal: object) -> Pictures:
    teacher = hashlib.sha256(world.teacher.read_bytes()).hexdigest()
    return answered_pictures(
        world.data, cache, teacher, HalvesSection(), GoalSection(**goal), seed=1
    )  # type: ignore[arg-type]


def test_labelled_faces_have_their_people_as_classes(world, tmp_path: Path) -> None:
    pictures = labelled_pictures(world.data, tmp_path, HalvesSection())

    assert (pictures.classes, pictures.answer_size) == (16, 0)
    assert np.bincount(pictures.targets).tolist() == [3] * 16
    assert np.array_equal(pictures.people, pictures.targets)
    assert pictures.crops(np.array([5, 0])).shape == (2, 128, 128, 3)


def test_held_out_people_are_not_searched_on(world, tmp_path: Path) -> None:
    some = labelled_pictures(world.data, tmp_path, HalvesSection(held_out_share=0.5))

    assert 2 <= some.classes < 16


def test_answers_are_unit_vectors_without_their_mean(world, cache: Path) -> None:
    pictures = answered(world, cache, objective="embeddings")

    assert (pictures.classes, pictures.answer_size) == (0, 128)
    assert np.allclose(np.linalg.norm(pictures.targets, axis=1), 1, atol=1e-5)
    assert np.abs(pictures.targets.mean(axis=0)).max() < 0.1
    assert len(set(pictures.people.tolist())) == 16


def test_crops_answers_and_people_belong_together(world, cache: Path) -> None:
    everyone = answered(world, cache, objective="embeddings")
    teacher = hashlib.sha256(world.teacher.read_bytes()).hexdigest()
    some = answered_pictures(
        world.data,
        cache,
        teacher,
        HalvesSection(held_out_share=0.5),
        GoalSection(objective="embeddings"),
        seed=1,
    )
    assert 0 < len(some.people) < len(everyone.people)

    # Every crop of the smaller set is one of the larger, with (but for the mean) its answer.
    all_crops = everyone.crops(np.arange(len(everyone.people)))
    for number, crop in enumerate(some.crops(np.arange(len(some.people)))):
        place = int(np.flatnonzero((all_crops == crop).all(axis=(1, 2, 3)))[0])
        cosines = everyone.targets @ some.targets[number]
        assert int(cosines.argmax()) == place


def test_groups_take_the_place_of_people(world, cache: Path) -> None:
    pictures = answered(world, cache, objective="clusters", clusters=5)

    assert (pictures.classes, pictures.answer_size) == (5, 0)
    assert sorted(set(pictures.targets.tolist())) == [0, 1, 2, 3, 4]
    assert np.array_equal(pictures.people, pictures.targets)


def test_without_a_number_there_is_a_group_for_every_eight_faces(world, cache: Path) -> None:
    assert answered(world, cache, objective="clusters").classes == 48 // 8


def test_too_many_groups_are_refused(world, cache: Path) -> None:
    with pytest.raises(UsageError, match="49, and there are 48 faces"):
        answered(world, cache, objective="clusters", clusters=49)


def test_a_teacher_that_never_answered_is_told_about(world, cache: Path) -> None:
    with pytest.raises(DataError, match=r"run training\.answers first"):
        answered_pictures(world.data, cache, "f" * 64, HalvesSection(), GoalSection(), seed=1)


def test_unknown_people_are_each_their_own(tmp_path: Path) -> None:
    write_shard(tmp_path / "data", "synth-00", range(4), 3)
    manifest = tmp_path / "data" / "synth-00.csv.gz"
    text = gzip.decompress(manifest.read_bytes()).decode()
    manifest.write_bytes(gzip.compress(text.replace(",00000,", ",,").encode()))
    open_shard(tmp_path / "data", "synth-00", tmp_path)
    answers = np.random.default_rng(0).normal(size=(12, 8)).astype(np.float32)
    save_array(answers_path(tmp_path, "synth-00", "a" * 12, "clean"), answers)

    people = answered_pictures(
        tmp_path / "data", tmp_path, "a" * 64, HalvesSection(), GoalSection(), seed=1
    ).people

    assert sorted(np.unique(people, return_counts=True)[1].tolist()) == [1, 1, 1, 3, 3, 3]
