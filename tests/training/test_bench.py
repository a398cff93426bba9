"""The bench measures what it says, and refuses in words."""

import json

import pytest

from training import bench

SMALL = ["--arch", "pocketnet-16x4-16", "--sides", "16", "--batch", "4", "--threads", "1"]


def rows_of(output: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(output)["rows"]
    return rows


@pytest.mark.train
def test_every_variant_is_measured_against_eager(
    engine_refusal: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    code = bench.main([*SMALL, "--rounds", "2", "--json"])

    rows = rows_of(capsys.readouterr().out)
    names = [row["variant"] for row in rows]
    assert code == 0
    assert names == (
        ["eager fp32"] if engine_refusal else ["eager fp32", "fused fp32", "fused bf16"]
    )
    assert all(float(str(row["cpu_ms"])) > 0 and row["rounds"] == 2 for row in rows)
    assert rows[0]["ratio"] == 1.0


@pytest.mark.train
@pytest.mark.usefixtures("engine_refusal")
def test_when_time_is_over_one_round_still_counts(capsys: pytest.CaptureFixture[str]) -> None:
    bench.main([*SMALL, "--rounds", "50", "--max-minutes", "0.000001", "--json"])

    assert {row["rounds"] for row in rows_of(capsys.readouterr().out)} == {1}


@pytest.mark.train
def test_fused_steps_do_not_gather_memory(
    engine_refusal: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if engine_refusal:
        pytest.skip(engine_refusal)

    code = bench.main([*SMALL, "--memory-steps", "1000", "--json"])

    if code:
        pytest.skip("this system does not tell a process its memory")
    (row,) = rows_of(capsys.readouterr().out)
    assert row["steps"] == 1000
    # Keeping one small gradient a step alone would take 170 MiB.
    assert float(str(row["end_mib"])) - float(str(row["settled_mib"])) < 2


def test_a_size_that_cannot_be_halved_is_refused_before_anything_runs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert bench.main([*SMALL, "--sides", "16", "50"]) == 2
    assert "multiple of 8 px" in caplog.text


def test_a_batch_of_one_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    assert bench.main([*SMALL, "--batch", "1"]) == 2
    assert "at least 2 pictures" in caplog.text


def test_a_dry_run_says_what_it_would_measure(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main([*SMALL, "--dry-run"]) == 0
    assert "16 px, batch 4" in capsys.readouterr().out
