"""What a preparation kept and left out, for people (report.md) and for programs (report.json)."""

import re
from pathlib import Path

import msgspec

from training.data.shards import save_bytes
from training.prepare.progress import LeftOut, Progress

SHOWN_PEOPLE = 200  # rows of the table; report.json has all
SHOWN_FILES = 100
FEW_CROPS = 2  # below, a person teaches nothing about likeness

_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~])")


class _Report(msgspec.Struct, frozen=True):
    source: str
    labelled: bool
    complete: bool
    files: int
    videos: int
    shards: int
    crops: int
    people: int
    kept: dict[str, int]
    reasons: dict[str, int]
    left_out: tuple[LeftOut, ...]


def write_report(out: Path, progress: Progress, *, complete: bool) -> None:
    """Write both reports.

    Args:
        complete: Whether every file was dealt with.
    """
    named = {person: count for person, count in progress.kept.items() if person}
    report = _Report(
        source=progress.choices.source,
        labelled=progress.choices.labelled,
        complete=complete,
        files=len(progress.done),
        videos=progress.moving,
        shards=progress.shards,
        crops=progress.kept.total(),
        people=len(named),
        kept=dict(sorted(named.items())),
        reasons=dict(progress.reasons().most_common()),
        left_out=tuple(progress.left_out),
    )
    save_bytes(out / "report.json", msgspec.json.format(msgspec.json.encode(report)))
    save_bytes(out / "report.md", "\n".join(_lines(report)).encode())


def _lines(report: _Report) -> list[str]:
    lines = [
        "# What was prepared",
        "",
        f"{report.crops} crops in {report.shards} shards, from {report.files} files "
        f"({report.videos} of them moving)."
        + ("" if report.complete else " **Not complete**: run the same command again."),
        "",
        "| left out | files or frames |",
        "|---|---|",
        *(f"| {_plain(reason)} | {count} |" for reason, count in report.reasons.items()),
    ]
    if report.labelled:
        lines += ["", *_people(report)]
    if report.left_out:
        lines += ["", *_files(report)]
    return [*lines, ""]


def _people(report: _Report) -> list[str]:
    few = sum(count < FEW_CROPS for count in report.kept.values())
    rows = sorted(report.kept.items(), key=lambda item: (item[1], item[0]))
    lines = [
        f"## {report.people} people",
        "",
        f"{few} of them have fewer than {FEW_CROPS} crops. Those with the fewest first.",
        "",
        "| person | crops |",
        "|---|---|",
        *(f"| {_plain(person)} | {count} |" for person, count in rows[:SHOWN_PEOPLE]),
    ]
    return lines + _rest(len(rows), SHOWN_PEOPLE)


def _files(report: _Report) -> list[str]:
    lines = [
        "## Files without a crop",
        "",
        "| file | reason | frames |",
        "|---|---|---|",
        *(
            f"| {_plain(item.name)} | {_plain(item.reason)} | {item.count} |"
            for item in report.left_out[:SHOWN_FILES]
        ),
    ]
    return lines + _rest(len(report.left_out), SHOWN_FILES)


def _rest(count: int, shown: int) -> list[str]:
    return ["", f"{count - shown} more stand in report.json."] if count > shown else []


def _plain(text: str) -> str:
    """Foreign text, shown literally: no markup, no control characters."""
    visible = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return _MARKDOWN.sub(r"\\\1", visible)
