"""MODEL_CARD.md: what card.toml says and more, for people."""

from collections.abc import Sequence

from core.domain.model_card import ModelCard
from core.domain.operating_point import OperatingPoint
from training.evaluation.groups import GroupRate
from training.evaluation.measure import Measured
from training.evaluation.protocol_report import group_table
from training.evaluation.words import markdown_table, percent, tar_words
from training.export.card import (
    PROTOCOL,
    SourceTerms,
    careful_words,
    is_research_only,
    source_terms,
)
from training.export.material import CENTRE_CROPS, Material
from training.plot_axis import in_short

SCORES_FILE = "scores.webp"

PUBLISHED = {
    "celeba": "95.87 %, TAR 89.4 %",
    "cfp-ff": "99.51 %, TAR 99.3 %",
    "cfp-fp": "89.71 %, TAR 68.4 %",
    "orl": "99.33 %, TAR 98.8 %",
}
"""The public PocketNetS-128 of the original authors, by set, measured once outside this program."""

LIMITS = (
    "Meant for one person verifying that a face is the enrolled one, with their consent, on "
    "their own computer. Not for watching people, not for searching crowds, not as the only "
    "lock on anything of value: a photograph of a face embeds like the face.\n\n"
    "Profiles are missed far more often than frontal faces. Children, relatives and people of "
    "groups that are rare in the training pictures raise false matches. The rates above are "
    "averages over the people named there and say nothing about any single person."
)


def card_text(
    card: ModelCard,
    material: Material,
    student: Sequence[Measured],
    teacher: Sequence[Measured],
    groups: Sequence[GroupRate],
    notes: Sequence[str],
) -> str:
    """The whole file.

    Args:
        teacher: On the same sets in the same run; may be empty.
        notes: Further sentences about this form of the model, such as its speed.
    """
    sections = [
        f"# {card.title}",
        _what(card, material, notes),
        "## Measured\n\n" + _measured(student, teacher),
        "## Operating points\n\n" + _points(card.operating_points),
        "## Groups\n\n" + _groups(groups, card.operating_points),
        "## Training pictures and their terms\n\n" + _sources(material),
        "## Use and limits\n\n" + LIMITS,
    ]
    return "\n\n".join(sections) + "\n"


def _what(card: ModelCard, material: Material, notes: Sequence[str]) -> str:
    history = material.history
    spec = card.input
    lines = [
        f"Embeds an aligned face ({spec.width}×{spec.height}, {spec.colour.upper()}, "
        f"(x − {spec.mean[0]:g}) / {spec.std[0]:g}) into {card.embedding_size} numbers; compare "
        "by cosine.",
        "",
        "## History",
        "",
        f"- Network: {history.architecture}.",
        *(f"- Teacher, step {step}: {words}." for step, words in enumerate(history.teachers, 1)),
        f"- Training: {history.training}.",
        f"- Held out: {history.held_out_share:.0%} of the labelled people with all their crops.",
        f"- Output: the mean answer over {min(CENTRE_CROPS, len(material.trained)):,} training "
        "faces is taken off, exactly, in the last layer's shift.",
        *(f"- {note}" for note in (material.note, *notes) if note),
        f"- Made on {card.training.date if card.training else 'an unknown date'}.",
    ]
    return "\n".join(lines)


def _measured(student: Sequence[Measured], teacher: Sequence[Measured]) -> str:
    known = {found.set: found for found in teacher}
    published = any(found.set in PUBLISHED for found in student)
    heads = ["set", "pairs", "accuracy", "with flip", "EER", "TAR"]
    heads += ["teacher: accuracy", "TAR"] if known else []
    heads += ["published PocketNetS-128"] if published else []
    rows = []
    for found in student:
        row = [found.set, f"{found.single.pairs:,}", percent(found.single.accuracy)]
        row += [percent(found.flipped.accuracy), percent(found.single.eer), _tar(found)]
        if known:
            other = known[found.set]
            row += [percent(other.single.accuracy), _tar(other)]
        rows.append(tuple([*row, PUBLISHED.get(found.set, "–")] if published else row))
    words = (
        f"Development sets, on which settings were chosen, so slightly optimistic. Protocol: "
        f"{PROTOCOL}; with flip, the answers to the crop and its mirror image are added. TAR is "
        "at FMR 1e-3; † where the pairs do not carry that rate, so that it compares models and "
        "states no rate. Brackets are 95 % intervals over people."
    )
    if known:
        words += " Model and teacher were measured in one run."
    if published:
        words += " The last column was measured elsewhere on the same pairs."
    return "\n".join([words, "", *markdown_table(tuple(heads), rows)])


def _tar(found: Measured) -> str:
    single = found.single
    return tar_words(single.tar) + ("" if single.tar_carried or single.tar is None else "†")


def _points(points: Sequence[OperatingPoint]) -> str:
    if not points:
        return "None: there are too few comparisons to state any rate."
    heads = ("FMR aimed at", "threshold", "FMR measured, 95 %", "misses (FNMR)")
    rows = [
        (
            in_short(point.target_fmr),
            f"{point.threshold:.4f}",
            f"{point.fmr_low:.1e}–{point.fmr_high:.1e}",
            f"{point.fnmr:.1%}".replace("%", " %"),
        )
        for point in points
    ]
    return "\n".join(
        [
            f"Non-mated: all {points[0].non_mated:,} pairs of people never trained on, one crop "
            f"each. Mated: {points[0].mated:,} pairs. {points[0].measured_on}.",
            "",
            *markdown_table(heads, rows),
            "",
            f"![Scores of mated and non-mated pairs]({SCORES_FILE})",
        ]
    )


def _groups(groups: Sequence[GroupRate], points: Sequence[OperatingPoint]) -> str:
    if not groups:
        return "None: no source of these pictures states sex, age or origin."
    words = (
        "The FMR between strangers of one group at the thresholds above, with 95 % intervals over "
        "people. The crops state sex, age or origin in their file names; they carry no names of "
        "people and were trained on, and a few people may be in them twice, so the rates are "
        "upper bounds rather than estimates."
    )
    return "\n".join([words, "", *group_table(groups), "", careful_words(groups, points) + "."])


def _sources(material: Material) -> str:
    crops, terms = material.crops, source_terms()
    words = "The pictures are not part of this pack."
    if is_research_only(crops, material.licence):
        words += (
            " **Some sources allow non-commercial research only, or state nothing; a model "
            "trained on them carries that history, so this pack is marked non-commercial.** For "
            "any other use, train on pictures of your own with the same commands "
            "(training/README.md)."
        )
    rows = []
    for source, count in crops.most_common():
        known = terms.get(source, SourceTerms("unknown", "unknown", research_only=True))
        rows.append((source, known.what, f"{count:,}", known.terms))
    heads = ("source", "what", "crops trained on", "stated terms")
    return "\n".join([words, "", *markdown_table(heads, rows)])
