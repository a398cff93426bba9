"""The benchmark: three times from one run, and what they mean."""

import pytest

from tests.training.runs import settled_net
from training.evaluation.speed import Speed
from training.export.benchmark import Benchmark, benchmark, main
from training.nets.table import build_net
from training.summary import summarise


def test_multiply_adds_are_those_of_the_summary() -> None:
    found = benchmark(settled_net("pocketnet-8x6-16", side=32), rounds=2)

    assert found.macs == summarise(build_net("pocketnet-8x6-16", side=32), "").macs
    assert found.plain.median_ms > 0
    assert found.limit_ms < found.rewritten.median_ms


def test_shares_are_of_the_medians() -> None:
    found = Benchmark(64, 92_600_000, Speed(20.0, 19.0, 21.0), Speed(5.0, 4.5, 6.0), 2.5)

    assert found.of_plain == pytest.approx(0.25)
    assert found.of_limit == pytest.approx(2.0)
    assert "5.0 ms a picture at 64 px" in found.in_words()
    assert "0.25 of the plain export's 20.0 ms" in found.in_words()
    assert "2.0 times the 2.5 ms that 92.6 million multiply-adds" in found.in_words()


def test_an_unknown_network_is_one_sentence(caplog: pytest.LogCaptureFixture) -> None:
    assert main(["--arch", "pocketnet-xxl", "--dry-run"]) == 2
    assert "pocketnet-xxl" in caplog.text
