"""Counts as published."""

import json

import pytest

from training.nets.pocketnet import named_pocketnet
from training.summary import main, summarise

MACS = {
    "pocketnet-s-128": 283_541_120,
    "pocketnet-s-256": 283_606_656,
    "pocketnet-m-128": 538_215_680,
    "pocketnet-m-256": 538_281_216,
    "pocketnet-s-128-cifar": 295_219_584,
    "pocketnet-m-128-cifar": 523_564_288,
}


@pytest.mark.parametrize("name", MACS)
def test_multiply_adds_are_as_published(name: str) -> None:
    assert summarise(named_pocketnet(name), name).macs == MACS[name]


def test_the_papers_flops_come_out_to_the_last_digit() -> None:
    assert summarise(named_pocketnet("pocketnet-s-128"), "s").paper_flops == 587_110_016
    assert summarise(named_pocketnet("pocketnet-m-128"), "m").paper_flops == 1_099_024_384


def test_every_stage_of_s_is_as_published() -> None:
    rows = summarise(named_pocketnet("pocketnet-s-128"), "s").stages

    assert [row.output for row in rows[:2]] == [(64, 56, 56)] * 2
    assert (rows[7].output, rows[7].parameters, rows[7].macs) == ((128, 28, 28), 10_688, 17_737_216)
    assert (rows[8].parameters, rows[8].macs) == (16_832, 12_418_560)
    assert (rows[13].parameters, rows[13].macs) == (35_712, 16_495_360)
    assert (rows[-1].output, rows[-1].macs) == ((128, 1, 1), 12_935_680)


def test_the_command_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--arch", "pocketnet-s-256", "--json"]) == 0

    assert json.loads(capsys.readouterr().out)["parameters"] == 991_424


def test_an_unknown_name_is_a_usage_error(caplog: pytest.LogCaptureFixture) -> None:
    assert main(["--arch", "pocketnet-x"]) == 2
    assert "pocketnet-s-128" in caplog.text
