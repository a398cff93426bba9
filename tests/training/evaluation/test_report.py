"""The report: tables, pictures and metrics.json agree with what was measured."""

import json
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from tests.training.evaluation.toy import toy_set
from tests.training.runs import settled_net
from training.evaluation.measure import Measured, measure
from training.evaluation.report import Report, markdown, shown_table, write_report
from training.evaluation.speed import Speed
from training.evaluation.verify import Interval, RateAt
from training.subjects import network_of


@pytest.fixture(scope="module")
def measured() -> list[Measured]:
    networks = [network_of(settled_net(seed=seed), name) for seed, name in ((0, "one"), (1, "two"))]
    damaged = toy_set("toy", damaged=(0,))
    return [measure(network, damaged, 0.1, sides_px=(16, 112)) for network in networks]


def report(measured: list[Measured]) -> Report:
    return Report({"python": "3.x"}, list(measured), speed={"one": Speed(1.234, 1.0, 2.0)})


def test_metrics_hold_every_figure_of_every_network(measured, tmp_path: Path) -> None:
    write_report(tmp_path / "out", report(measured))

    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert [row["network"] for row in metrics["measured"]] == ["one", "two"]
    first = metrics["measured"][0]
    assert first["single"]["accuracy"]["value"] == measured[0].single.accuracy.value
    assert first["flipped"]["rates"][0]["threshold"] == measured[0].flipped.rates[0].threshold
    assert first["pairs_left_out"] == measured[0].pairs_left_out > 0
    assert first["sides"][0]["side_px"] == 16
    assert metrics["speed"]["one"]["median_ms"] == 1.234
    assert metrics["environment"] == {"python": "3.x"}


def test_every_picture_that_the_report_shows_is_there(measured, tmp_path: Path) -> None:
    write_report(tmp_path, report(measured))

    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    shown = {line.split("(")[1].rstrip(")") for line in text.splitlines() if line.startswith("![")}
    assert shown == {path.name for path in tmp_path.glob("*.png")}
    assert {"det-toy.png", "roc-toy.png", "small-probes-toy.png"} <= shown


def test_the_text_counts_what_was_left_out_and_why(measured) -> None:
    text = markdown(report(measured), [])

    assert "- one on toy: 6 pairs left out (1 unreadable pictures)" in text
    assert "| one | toy | 16 px |" in text
    assert "| one | 1.23 | 1.00 | 2.00 |" in text


def test_a_rate_below_three_in_all_is_written_as_a_bound(measured) -> None:
    few = RateAt(0.1, 0.3, 12, 120, 1, 80, Interval(1 / 80, 0, 0.03), 3 / 80)
    many = RateAt(0.1, 0.3, 12, 120, 8, 80, Interval(0.1, 0.05, 0.2), None)
    found = measured[0]
    single = msgspec.structs.replace(found.single, rates=(few,))
    flipped = msgspec.structs.replace(found.flipped, rates=(many,))
    row = Measured("one", "toy", 0, {}, single, flipped, (), found.curve)

    text = markdown(Report({}, [row]), [])

    assert "| below 3.75 % (1 missed) | 10.00 % (5.00–20.00) |" in text
    assert "| 12 of 120 |" in text


def test_the_terminal_marks_a_tar_beyond_the_pairs_and_fits_eighty_columns(measured) -> None:
    console = Console(width=80, record=True, file=None, quiet=False)
    with console.capture() as caught:
        console.print(shown_table(report(measured)))

    text = caught.get()
    assert "one" in text
    assert "…" not in text
    assert ("†" in text.splitlines()[3]) == (not measured[0].single.tar_carried)
