"""The card of a model made here, for card.toml: where it comes from and what was measured."""

import importlib.resources
from collections import Counter
from collections.abc import Sequence
from datetime import date

import msgspec

from core.domain.model_card import InputSpec, Measurement, ModelCard, TrainingFacts
from core.domain.operating_point import OperatingPoint
from training.evaluation.groups import GroupRate, careful_target, worst_group
from training.evaluation.measure import Measured
from training.export.material import Material
from training.plot_axis import in_short

LICENCE = (
    "Non-commercial research use only, because sources of the training pictures allow nothing "
    "else or state nothing; the program's code is Apache-2.0"
)
PROTOCOL = "one crop, no mirror image, cosine; threshold of each fold from the other folds"
CARD_FMR = 1e-3  # the card's one TAR column is read at it
CAREFUL_FMR = 1e-3  # what the program aims at by default, here for every group


class SourceTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known about one source of training pictures."""

    what: str
    terms: str
    research_only: bool


def source_terms() -> dict[str, SourceTerms]:
    """The sources by name, from the table beside the data code."""
    text = (importlib.resources.files("training.data") / "sources.toml").read_bytes()
    return msgspec.toml.decode(text, type=dict[str, SourceTerms])


def is_research_only(crops: Counter[str], licence: str = "") -> bool:
    """Whether a source of the training pictures forbids commercial use.

    Args:
        licence: That somebody states for sources nobody here knows; without one these count as
            forbidding it.
    """
    terms = source_terms()
    known = [terms[source].research_only for source in crops if source in terms]
    return any(known) or (not licence and len(known) < len(crops))


def make_card(
    *,
    name: str,
    sha256: str,
    spec: InputSpec,
    embedding: int,
    material: Material,
    measured: Sequence[Measured],
    points: Sequence[OperatingPoint],
    groups: Sequence[GroupRate],
    today: date,
) -> ModelCard:
    """A card for card.toml.

    Args:
        measured: Of this model.
        points: Ascending thresholds.
    """
    history, crops = material.history, material.crops
    research = is_research_only(crops, material.licence)
    return ModelCard(
        name=name,
        title=history.title,
        role="embedder",
        sha256=sha256,
        licence=LICENCE if research else material.licence or "Apache-2.0",
        non_commercial=research,
        origin="trained from random weights by this project's training package",
        input=spec,
        embedding_size=embedding,
        training=TrainingFacts(
            data=(
                f"{sum(crops.values()):,} aligned crops of {len(crops)} sources; MODEL_CARD.md "
                "lists them with their terms"
            ),
            presentations=history.presentations,
            teacher="; then ".join(history.teachers),
            recipe=history.recipe,
            date=today.isoformat(),
            notes=". ".join(
                part for part in (history.training, careful_words(groups, points)) if part
            ),
        ),
        measured=tuple(measurement(found, today) for found in measured),
        operating_points=tuple(points),
    )


def measurement(found: Measured, today: date) -> Measurement:
    """One row of the card's table."""
    row = found.single
    stated = row.tar is not None and row.tar_carried and row.fmr == CARD_FMR
    return Measurement(
        dataset=found.set,
        protocol=f"{row.folds} folds, {PROTOCOL}; 95 % interval over {row.people} people",
        pairs=row.pairs,
        accuracy=round(row.accuracy.value, 5),
        accuracy_low=round(row.accuracy.low, 5),
        accuracy_high=round(row.accuracy.high, 5),
        tar_at_fmr_1e3=round(row.tar.value, 5) if stated and row.tar else None,
        date=today.isoformat(),
    )


def careful_words(groups: Sequence[GroupRate], points: Sequence[OperatingPoint]) -> str:
    """Which group is worst off, and which operating point is careful for everybody."""
    worst = worst_group(groups, CAREFUL_FMR)
    if worst is None:
        return ""
    words = (
        f"Worst group at FMR {in_short(CAREFUL_FMR)}: {worst.group}, where "
        f"{in_short(float(f'{worst.fmr.value:.2g}'))} of strangers match"
    )
    target = careful_target(groups, points, CAREFUL_FMR)
    if target is None:
        return f"{words}; no measured point holds {in_short(CAREFUL_FMR)} for every group"
    return (
        f"{words}; the careful default is the point for FMR {in_short(target)}, at which no group "
        f"is above {in_short(CAREFUL_FMR)}"
    )
