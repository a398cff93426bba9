"""The card of a model made here: what it is, where it comes from, what was measured."""

import importlib.resources
from collections import Counter
from collections.abc import Sequence
from datetime import date

import msgspec

from core.domain.model_card import Measurement, ModelCard, TrainingFacts
from core.domain.operating_point import OperatingPoint
from training.checkpoint import Progress
from training.subjects import pocketnet_input
from training.verification import Verification

LICENCE = (
    "Non-commercial research use only, because several sources of the training pictures allow "
    "nothing else; the program's code is Apache-2.0"
)
PROTOCOL = "one crop, no mirror image, cosine; threshold of each fold from the other folds"


class SourceTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known about one source of training pictures."""

    what: str
    terms: str
    research_only: bool


def source_terms() -> dict[str, SourceTerms]:
    """The sources by name, from the table beside the data code."""
    text = (importlib.resources.files("training.data") / "sources.toml").read_bytes()
    return msgspec.toml.decode(text, type=dict[str, SourceTerms])


def make_card(
    *,
    name: str,
    sha256: str,
    progress: Progress,
    crops: Counter[str],
    measured: Sequence[Verification],
    points: Sequence[OperatingPoint],
    embedding: int,
    today: date,
) -> ModelCard:
    """A card for card.toml.

    Args:
        crops: How many crops were trained on, by source.
        measured: Of this model.
        points: Ascending thresholds.
    """
    terms = source_terms()
    research = any(source not in terms or terms[source].research_only for source in crops)
    return ModelCard(
        name=name,
        title="PocketNetS-128, distilled from SFace",
        role="embedder",
        sha256=sha256,
        licence=LICENCE if research else "Apache-2.0",
        non_commercial=research,
        origin="trained from random weights by this project's training package",
        input=pocketnet_input(progress.side),
        embedding_size=embedding,
        training=TrainingFacts(
            data=(
                f"{sum(crops.values())} aligned crops of {len(crops)} public collections; "
                "MODEL_CARD.md lists them with their terms"
            ),
            presentations=progress.presentations,
            teacher="SFace (face_recognition_sface_2021dec.onnx of opencv_zoo, Apache-2.0)",
            recipe=progress.recipe.net.architecture,
            date=today.isoformat(),
            notes="presentations by input side: " + by_side(progress),
        ),
        measured=tuple(measurement(row, today) for row in measured),
        operating_points=tuple(points),
    )


def measurement(row: Verification, today: date) -> Measurement:
    """One row of the card's table."""
    return Measurement(
        dataset=row.name,
        protocol=f"{row.folds} folds, {PROTOCOL}; 95 % interval over {row.people} people",
        pairs=row.pairs,
        accuracy=round(row.accuracy, 5),
        accuracy_low=round(row.accuracy_low, 5),
        accuracy_high=round(row.accuracy_high, 5),
        tar_at_fmr_1e3=None if row.tar is None else round(row.tar, 5),
        date=today.isoformat(),
    )


def by_side(progress: Progress) -> str:
    """Such as "120,000 at 48 px, 300,000 at 64 px"."""
    sides = sorted(progress.by_side.items(), key=lambda item: int(item[0]))
    return ", ".join(f"{count:,} at {side} px" for side, count in sides)


def card_text(
    card: ModelCard,
    note: str,
    progress: Progress,
    crops: Counter[str],
    teacher: Sequence[Verification],
    student: Sequence[Verification],
) -> str:
    """MODEL_CARD.md: the same and more, for people.

    Args:
        note: What else belongs to the model's history; may be empty.
    """
    sections = [
        f"# {card.title}",
        _what(card, progress, note),
        "## Measured\n\n" + _measured(teacher, student),
        "## Operating points\n\n" + _points(card.operating_points),
        "## Training pictures and their terms\n\n" + _sources(crops),
        _limits(),
    ]
    return "\n\n".join(sections) + "\n"


def _what(card: ModelCard, progress: Progress, note: str) -> str:
    recipe = progress.recipe
    return (
        f"Embeds an aligned face ({card.input.width}×{card.input.height}, RGB, "
        f"(x − 127.5) / 127.5) into {card.embedding_size} numbers; compare by cosine.\n\n"
        "## History\n\n"
        "- Architecture: PocketNetS-128 (Boutros et al., IEEE Access 2022), 925,632 parameters, "
        "the cell published there (searched by its authors on CASIA-WebFace). Code and weights "
        "are this project's own; no published weights were used.\n"
        "- Teacher: SFace (Zhong, Deng; opencv_zoo, Apache-2.0). Its own training data "
        "(MS-Celeb-1M in a cleaned form, by its authors' account) is part of this model's "
        "history.\n"
        f"- Training: template distillation (1 − cos to the teacher's answer), single step, "
        f"{progress.presentations:,} presentations ({by_side(progress)}), batch "
        f"{recipe.run.batch}, seed {recipe.run.seed}; Muon {recipe.optim.matrix_rate} and AdamW "
        f"{recipe.optim.rate}, both falling to 0 at the end; the last weights are shipped.\n"
        "- Output: the mean answer over 2,000 training faces is taken off, exactly, in the last "
        "layer's shift.\n"
        + (f"- {note}\n" if note else "")
        + f"- Targets: {recipe.data.targets}; held out: {recipe.data.held_out_share:.0%} of the "
        "labelled people with all their crops.\n"
        f"- Made on {card.training.date if card.training else ''}, on two cores without a "
        "graphics card."
    )


def _measured(teacher: Sequence[Verification], student: Sequence[Verification]) -> str:
    lines = [
        "Development sets, on which settings were chosen, so slightly optimistic. Protocol: "
        f"{PROTOCOL}. TAR is at FMR 1e-3; brackets are 95 % intervals over people. Both models "
        "were measured in one run.",
        "",
        "| set | pairs | this model: accuracy | TAR | teacher: accuracy | TAR |",
        "|---|---|---|---|---|---|",
    ]
    for mine, other in zip(student, teacher, strict=True):
        lines.append(
            f"| {mine.name} | {mine.pairs:,} | {_accuracy(mine)} | {_tar(mine)} "
            f"| {_accuracy(other)} | {_tar(other)} |"
        )
    lines += [
        "",
        "For comparison, the public PocketNetS-128 of the original authors on the same pairs, "
        "measured elsewhere: celeba 0.9587/0.894, cfp-ff 0.9951/0.993, cfp-fp 0.8971/0.684, "
        "orl 0.9933/0.988. People are not disjoint from public test sets: celebrities stand in "
        "several collections.",
    ]
    return "\n".join(lines)


def _accuracy(row: Verification) -> str:
    return f"{row.accuracy:.4f} ({row.accuracy_low:.4f}–{row.accuracy_high:.4f})"


def _tar(row: Verification) -> str:
    return "–" if row.tar is None else f"{row.tar:.3f} ({row.tar_low:.3f}–{row.tar_high:.3f})"


def _points(points: Sequence[OperatingPoint]) -> str:
    if not points:
        return "None measured."
    lines = [
        f"Non-mated: all {points[0].non_mated:,} pairs of people never trained on, one crop each. "
        f"Mated: {points[0].mated:,} pairs of the development sets. {points[0].measured_on}.",
        "",
        "| FMR aimed at | threshold | FMR 95 % | misses (FNMR) |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {point.target_fmr:g} | {point.threshold:.4f} "
        f"| {point.fmr_low:.1e}–{point.fmr_high:.1e} | {point.fnmr:.1%} |"
        for point in points
    ]
    return "\n".join(lines)


def _sources(crops: Counter[str]) -> str:
    terms = source_terms()
    lines = [
        "The pictures are not part of this pack. **Several sources allow non-commercial research "
        "only; a model trained on them carries that history, so this pack is marked "
        "non-commercial.** For any other use, train on pictures of your own with the same "
        "commands (training/README.md).",
        "",
        "| source | what | crops trained on | stated terms |",
        "|---|---|---|---|",
    ]
    for source, count in crops.most_common():
        known = terms.get(source, SourceTerms("unknown", "unknown", research_only=True))
        lines.append(f"| {source} | {known.what} | {count:,} | {known.terms} |")
    return "\n".join(lines)


def _limits() -> str:
    return (
        "## Use and limits\n\n"
        "Meant for one person verifying that a face is the enrolled one, with their consent, on "
        "their own computer. Not for watching people, not for searching crowds, not as the only "
        "lock on anything of value: a photograph of a face embeds like the face.\n\n"
        "Profiles are missed far more often than frontal faces. Children, relatives and people of "
        "groups that are rare in the training pictures raise false matches: with the teacher at "
        "its usual threshold, 3.8 % of pairs of young strangers and 5.7 % of parent–child pairs "
        "matched in other measurements. The rates above are averages over the people named there "
        "and say nothing about any single person."
    )
