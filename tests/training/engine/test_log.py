"""Figures of a run: means between two lines, and nothing left of what a crash cut off."""

import json
from pathlib import Path

from training.engine.log import Log, Shown, quiet


def lines(run: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_a_line_holds_means_since_the_one_before(tmp_path: Path) -> None:
    seen: list[Shown] = []
    log = Log(tmp_path, 0, 100, seen.append)
    for step, loss in enumerate((1.0, 3.0, 8.0)):
        log.add({"loss": loss, "cosine": loss / 2}, 4, 4 * (step + 1))
        if step == 1:
            log.write(8, "train", {"rate": 0.5})
    log.write(12, "train", {"rate": 0.25})

    assert [(line["loss"], line["cosine"], line["rate"]) for line in lines(tmp_path)] == [
        (2.0, 1.0, 0.5),
        (8.0, 4.0, 0.25),
    ]
    assert [(shown.presentations, shown.total) for shown in seen] == [(4, 100), (8, 100), (12, 100)]


def test_a_resumed_run_drops_what_came_after_its_checkpoint(tmp_path: Path) -> None:
    for shown in (4, 8, 12):
        Log(tmp_path, shown, 100, quiet).write(shown, "train", {})
    with (tmp_path / "metrics.jsonl").open("a") as stream:
        stream.write('{"kind": "tra')

    Log(tmp_path, 8, 100, quiet)

    assert [line["presentations"] for line in lines(tmp_path)] == [4, 8]


def test_only_the_first_process_writes(tmp_path: Path) -> None:
    log = Log(None, 0, 100, quiet)
    log.add({"loss": 1.0}, 4, 4)
    log.write(4, "train", {})

    assert list(tmp_path.iterdir()) == []
