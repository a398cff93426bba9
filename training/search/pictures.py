"""What a search is shown: pictures, who is on them, and what the supernet is to say about them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import UsageError
from training.data.batches import UNLABELLED, answered_shards, open_faces, read_answers
from training.data.encoded import Report, no_report
from training.data.labelled import open_labelled, split_people
from training.recipe.distil import DataSection
from training.recipe.search import GoalSection, HalvesSection
from training.search.clusters import cluster

ANSWER_DIGITS = 12  # of the teacher's SHA-256 name its files in the cache
FACES_A_CLUSTER = 8  # where the recipe names no number; people of the usual sets have 5 to 50 faces


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """All pictures of a search.

    Attributes:
        crops: Indices (n,) → uint8 (n, 128, 128, 3), BGR.
        people: int64 (N,): who is on each, for halves that both hold everyone; a number of its
            own for somebody unknown.
        targets: int64 (N,) classes, or float32 (N, d) unit vectors.
        classes: How many classes there are; 0 for vectors.
        facts: For the run's environment.json.
        left_out: How many pictures were not used, by reason.
    """

    crops: Callable[[NDArray[np.int64]], NDArray[np.uint8]]
    people: NDArray[np.int64]
    targets: NDArray[np.int64] | NDArray[np.float32]
    classes: int
    facts: dict[str, str | int | float]
    left_out: dict[str, int]

    @property
    def answer_size(self) -> int:
        """Numbers in a target vector; 0 for classes."""
        return 0 if self.classes else self.targets.shape[1]


def labelled_pictures(
    data: Path, cache: Path, section: HalvesSection, report: Report = no_report
) -> Pictures:
    """Faces with their people as classes.

    Raises:
        DataError: The data cannot be used.
    """
    everyone = open_labelled(data, cache, fewest_crops=section.fewest_crops, report=report)
    faces, _ = split_people(everyone, section.held_out_share)
    return Pictures(
        crops=faces.crops,
        people=faces.labels,
        targets=faces.labels,
        classes=len(faces.people),
        facts={"data_sha256": faces.digest, "crops": len(faces), "people": len(faces.people)},
        left_out=faces.left_out,
    )


def answered_pictures(
    data: Path, cache: Path, teacher: str, section: HalvesSection, goal: GoalSection, seed: int
) -> Pictures:
    """Faces with a teacher's answers as targets, or with groups made from the answers as classes.

    Args:
        teacher: SHA-256 of its file, hex.

    Raises:
        DataError: There are no answers for the data, or they do not fit.
        UsageError: More groups are asked for than there are faces.
    """
    digits = teacher[:ANSWER_DIGITS]
    names = answered_shards(data, cache, digits)
    faces = open_faces(data, cache, DataSection(held_out_share=section.held_out_share), names)
    answered = read_answers(faces, cache, digits, "clean")
    assert answered is not None, "these shards were chosen because they have answers"
    shown = faces.shown
    answers = _centred(answered[shown])
    people = _each_unknown_apart(faces.labels[shown])
    targets: NDArray[np.int64] | NDArray[np.float32] = answers
    classes = 0
    if goal.objective == "clusters":
        classes = goal.clusters or max(2, len(shown) // FACES_A_CLUSTER)
        if classes > len(shown):
            raise UsageError(
                reason=f"goal.clusters is {classes}, and there are {len(shown)} faces to group"
            )
        targets = people = cluster(answers, classes, seed)
    return Pictures(
        crops=lambda indices: faces.crops(shown[indices]),
        people=people,
        targets=targets,
        classes=classes,
        facts={
            "teacher_sha256": teacher,
            "data_sha256": faces.digest,
            "crops": len(shown),
            "classes": classes,
        },
        left_out=faces.left_out,
    )


def _centred(answers: NDArray[np.float32]) -> NDArray[np.float32]:
    """Unit answers without their mean: what all faces share tells nobody apart."""
    unit = answers / np.linalg.norm(answers, axis=1, keepdims=True)
    moved = unit - unit.mean(axis=0)
    centred: NDArray[np.float32] = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return centred


def _each_unknown_apart(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same labels, but each of the unlabelled with a number of its own."""
    unknown = labels == UNLABELLED
    return np.where(unknown, labels.max(initial=0) + 1 + np.arange(len(labels)), labels)
