"""What an evaluation found, as a table on the screen, metrics.json, report.md and pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from rich.box import SIMPLE
from rich.table import Table

from training import plots
from training.evaluation.curves import draw_curves
from training.evaluation.groups import GroupRate
from training.evaluation.measure import Measured
from training.evaluation.protocol_report import (
    group_lines,
    json_form,
    search_lines,
    template_lines,
)
from training.evaluation.resolution import AtSide
from training.evaluation.speed import Speed
from training.evaluation.verify import RateAt
from training.evaluation.words import markdown_table, percent, tar_words
from training.plot_axis import in_short
from training.protocols.ijb import TemplateRates
from training.protocols.megaface import MegafaceRates

PROTOCOL = (
    "Accuracy is the mean over folds of different people; the threshold of each fold comes from "
    "the other folds. Single: one crop, cosine. Flip: the answers to the crop and its mirror "
    "image are added as they come out of the network, then scaled to length 1. Brackets are 95 % "
    "intervals found by drawing people with replacement. A rate below 3/n is not stated for n "
    "comparisons; † marks a TAR read at an FMR that the non-mated pairs do not carry, which "
    "compares the networks of this table and states no rate."
)


@dataclass(slots=True)
class Report:
    """Everything of one evaluation.

    Attributes:
        groups: By network.
        templates: By network, the rates on each IJB.
        searches: By network, MegaFace.
    """

    environment: Mapping[str, str | int | float]
    measured: list[Measured] = field(default_factory=list)
    groups: dict[str, tuple[GroupRate, ...]] = field(default_factory=dict)
    templates: dict[str, dict[str, TemplateRates]] = field(default_factory=dict)
    searches: dict[str, MegafaceRates] = field(default_factory=dict)
    speed: Mapping[str, Speed] = field(default_factory=dict)

    def rows(self) -> list[tuple[str, ...]]:
        """The main table, as text."""
        return [_row(found, self.speed.get(found.network)) for found in self.measured]


COLUMNS = ("network", "set", "pairs", "accuracy", "with flip", "EER", "TAR at FMR", "ms")


def shown_table(report: Report) -> Table:
    """The main table for a terminal, in per cent, without most intervals, so that it fits."""
    table = Table(box=SIMPLE, padding=(0, 1))
    for head in ("network", "set", "accuracy", "95 %", "flip", "EER", "TAR", "ms"):
        table.add_column(head, overflow="fold")
    for found in report.measured:
        single, speed = found.single, report.speed.get(found.network)
        accuracy = single.accuracy
        dagger = "" if single.tar_carried else "†"
        table.add_row(
            found.network,
            found.set,
            f"{accuracy.value:.2%}",
            f"{100 * accuracy.low:.1f}–{100 * accuracy.high:.1f}",
            f"{found.flipped.accuracy.value:.2%}",
            f"{single.eer.value:.2%}",
            "–" if single.tar is None else f"{single.tar.value:.1%}{dagger}",
            "" if speed is None else f"{speed.median_ms:.1f}",
        )
    fmr = report.measured[0].single.fmr if report.measured else 0.0
    table.caption = f"TAR at FMR {in_short(fmr)}; † more than these pairs carry"
    return table


def write_report(out: Path, report: Report) -> None:
    """Write OUT/metrics.json, OUT/report.md and the pictures.

    Args:
        out: Made where it is absent; files of a former evaluation are replaced.
    """
    out.mkdir(parents=True, exist_ok=True)
    data = msgspec.json.encode(_metrics(report))
    (out / "metrics.json").write_bytes(msgspec.json.format(data) + b"\n")
    files: list[str] = []
    for name in dict.fromkeys(found.set for found in report.measured):
        here = {found.network: found for found in report.measured if found.set == name}
        files += draw_curves(out, name, {network: here[network].curve for network in here})
        files += _draw_sides(out, name, {network: here[network].sides for network in here})
    (out / "report.md").write_text(markdown(report, files), encoding="utf-8")


def markdown(report: Report, pictures: Sequence[str]) -> str:
    """The report as Markdown.

    Args:
        pictures: Names of PNG files beside it.
    """
    lines = ["# Evaluation", "", *markdown_table(COLUMNS, report.rows()), "", PROTOCOL, ""]
    lines += _left_out(report)
    lines += ["## Misses at stated false match rates", ""]
    heads = ("network", "set", "FMR", "threshold", "false matches", "FNMR", "with flip")
    lines += [*markdown_table(heads, _rate_rows(report)), ""]
    lines += [*_side_lines(report), *group_lines(report.groups)]
    lines += [*template_lines(report.templates), *search_lines(report.searches)]
    lines += _speed_lines(report)
    lines += [f"![{file.removesuffix('.png')}]({file})" for file in pictures]
    facts = ", ".join(f"{name} {value}" for name, value in report.environment.items() if value)
    return "\n".join([*lines, "", f"Made with: {facts}.", ""])


def _side_lines(report: Report) -> list[str]:
    rows = [
        (found.network, found.set, f"{at.side_px} px", percent(at.accuracy), tar_words(at.tar))
        for found in report.measured
        for at in found.sides
    ]
    if not rows:
        return []
    table = markdown_table(("network", "set", "probe", "accuracy", "TAR"), rows)
    return ["## Small probes", "", "References stay at 112 px.", "", *table, ""]


def _speed_lines(report: Report) -> list[str]:
    if not report.speed:
        return []
    rows = [
        (name, f"{speed.median_ms:.2f}", f"{speed.best_ms:.2f}", f"{speed.wall_ms:.2f}")
        for name, speed in report.speed.items()
    ]
    words = (
        "One picture at a time, onnxruntime, one thread, the networks in turns: median and "
        "shortest processor time, and the median on the clock."
    )
    table = markdown_table(("network", "median ms", "best ms", "on the clock ms"), rows)
    return ["## Speed", "", words, "", *table, ""]


def _metrics(report: Report) -> dict[str, object]:
    names = ("network", "set", "pairs_left_out", "pictures_left_out", "single", "flipped", "sides")
    measured = [{name: getattr(found, name) for name in names} for found in report.measured]
    return {
        "environment": report.environment,
        "measured": measured,
        "groups": report.groups,
        "ijb": {
            network: {name: json_form(rates) for name, rates in found.items()}
            for network, found in report.templates.items()
        },
        "megaface": {network: json_form(rates) for network, rates in report.searches.items()},
        "speed": report.speed,
    }


def _row(found: Measured, speed: Speed | None) -> tuple[str, ...]:
    single = found.single
    dagger = "" if single.tar_carried else "†"
    return (
        found.network,
        found.set,
        f"{single.pairs:,}",
        percent(single.accuracy),
        percent(found.flipped.accuracy),
        percent(single.eer),
        f"{tar_words(single.tar)}{dagger if single.tar else ''} at {single.fmr:g}",
        "" if speed is None else f"{speed.median_ms:.1f}",
    )


def _rate_rows(report: Report) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for found in report.measured:
        for single, flipped in zip(found.single.rates, found.flipped.rates, strict=True):
            counts = f"{single.false_matches} of {single.non_mated:,}"
            rates = f"{single.target_fmr:g}", f"{single.threshold:.4f}", counts
            rows.append((found.network, found.set, *rates, _misses(single), _misses(flipped)))
    return rows


def _misses(rate: RateAt) -> str:
    if rate.fnmr_bound is None:
        return percent(rate.fnmr)
    return f"below {rate.fnmr_bound:.2%} ({rate.false_non_matches} missed)".replace("%", " %")


def _left_out(report: Report) -> list[str]:
    lines = []
    for found in report.measured:
        if found.pairs_left_out:
            why = ", ".join(f"{count} {name}" for name, count in found.pictures_left_out.items())
            why = why or "vectors that are not finite"
            lines.append(
                f"- {found.network} on {found.set}: {found.pairs_left_out} pairs left out ({why})"
            )
    return [*lines, ""] if lines else []


def _draw_sides(out: Path, name: str, sides: Mapping[str, tuple[AtSide, ...]]) -> list[str]:
    if not any(sides.values()):
        return []
    series = [
        plots.Series(
            network,
            [at.side_px for at in found],
            [at.accuracy.value for at in found],
            [at.accuracy.low for at in found],
            [at.accuracy.high for at in found],
        )
        for network, found in sides.items()
    ]
    file = f"small-probes-{name}.png"
    plots.lines(
        out / file,
        series,
        x_label="probe before enlarging, px",
        y_label="accuracy",
        title=f"Small probes, {name}",
    )
    return [file]
