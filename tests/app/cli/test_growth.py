"""`gallery measure`: a gallery that is thrown away, searched three ways."""

import pytest

from app.cli import growth
from core.matching.compact import CompactMatrix


def test_a_small_gallery_is_measured_whole(cli) -> None:
    said = cli("gallery", "measure", "--references", "40", "--probes", "10", "--json")

    assert said.code == 0
    [row] = said.data["rows"]
    assert row["references"] == 40
    assert row["other_answers"] == 0
    assert 0 < row["probe_p50_ms"] <= row["probe_p95_ms"]
    assert min(row["enrolled_per_s"], row["file_mb"], row["start_s"], row["exact_p50_ms"]) > 0


def test_the_rounded_search_is_held_to_the_exact_one(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that returned anybody else would be counted."""
    found = growth.take_snapshot

    class Wrong:
        def __init__(self, right) -> None:
            assert isinstance(right, CompactMatrix)
            self._right = right

        def best(self, probe, count):
            return self._right.best(probe, count)[::-1]

    monkeypatch.setattr(
        growth, "take_snapshot", lambda gallery, model: Wrong(found(gallery, model, 10))
    )

    said = cli("gallery", "measure", "--references", "40", "--probes", "10", "--json")

    assert said.data["rows"][0]["other_answers"] == 10
