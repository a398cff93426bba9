"""Counts as published."""

import json

import pytest
import torch

from training.nets.table import build_net
from training.summary import Summary, main, summarise

PUBLISHED = {
    "pocketnet-s-128": (925_632, 283_541_120, 587.110),
    "pocketnet-s-256": (991_424, 283_606_656, 587.241),
    "pocketnet-m-128": (1_686_656, 538_215_680, 1_099.024),
    "pocketnet-m-256": (1_752_448, 538_281_216, 1_099.156),
    "pocketnet-s-128-cifar": (885_184, 295_219_584, 620.929),
    "pocketnet-m-128-cifar": (1_495_168, 523_564_288, 1_080.635),
}
"""Parameters, multiply-adds, and millions of operations in the paper's convention."""

STAGES_S = [
    ((64, 56, 56), 1_856, 5_419_008),
    *[((64, 56, 56), 5_632, 16_006_144)] * 6,
    ((128, 28, 28), 10_688, 17_737_216),
    ((128, 28, 28), 16_832, 12_418_560),
    *[((128, 28, 28), 18_944, 14_024_192)] * 4,
    ((256, 14, 14), 35_712, 16_495_360),
    ((256, 14, 14), 60_288, 11_427_584),
    *[((256, 14, 14), 68_608, 13_033_216)] * 3,
    ((512, 7, 7), 128_768, 15_874_432),
    ((128, 1, 1), 356_096, 12_935_680),
]
STAGES_M = [
    ((128, 56, 56), 3_712, 10_838_016),
    *[((128, 56, 56), 18_944, 56_096_768)] * 3,
    ((256, 28, 28), 35_712, 65_981_440),
    ((256, 28, 28), 60_288, 45_710_336),
    ((256, 28, 28), 68_608, 52_132_864),
    ((512, 14, 14), 128_768, 63_497_728),
    ((512, 14, 14), 227_072, 43_728_384),
    ((1024, 7, 7), 486_912, 62_255_872),
    ((128, 1, 1), 618_752, 25_780_736),
]


def summary_of(name: str) -> Summary:
    with torch.device("meta"):
        return summarise(build_net(name), name)


@pytest.mark.parametrize("name", PUBLISHED)
def test_sizes_and_costs_are_as_published(name: str) -> None:
    summary = summary_of(name)

    parameters, macs, mflops = PUBLISHED[name]
    assert (summary.parameters, summary.macs) == (parameters, macs)
    assert round(summary.paper_flops / 1e6, 3) == mflops


@pytest.mark.parametrize(
    ("name", "stages"), [("pocketnet-s-128", STAGES_S), ("pocketnet-m-128", STAGES_M)]
)
def test_every_stage_is_as_published(name: str, stages: list[object]) -> None:
    rows = summary_of(name).stages

    assert [(row.output, row.parameters, row.macs) for row in rows] == stages
    assert [rows[0].stage, rows[1].stage, rows[-1].stage] == ["stem", "cell 0", "tail"]


def test_the_larger_embedding_only_makes_the_tail_larger() -> None:
    small, large = summary_of("pocketnet-s-128"), summary_of("pocketnet-s-256")

    assert large.stages[:-1] == small.stages[:-1]
    assert large.stages[-1].parameters == 421_888
    assert summary_of("pocketnet-m-256").stages[-1].parameters == 684_544


@pytest.mark.parametrize(
    ("name", "mflops"),
    [
        ("iresnet-100-512", 24_211.778),
        ("iresnet-100-256", 24_198.932),
        ("iresnet-100-128", 24_192.509),
    ],
)
def test_the_teachers_cost_is_the_quoted_one(name: str, mflops: float) -> None:
    assert round(summary_of(name).paper_flops / 1e6, 3) == mflops


def test_the_stages_sum_up_to_the_whole() -> None:
    for name in ("mobilefacenet-128", "iresnet-18-512", "pocketnet-8x6-32"):
        summary = summary_of(name)

        assert sum(row.parameters for row in summary.stages) == summary.parameters
        assert sum(row.macs for row in summary.stages) == summary.macs


def test_the_command_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--arch", "pocketnet-s-256", "--json"]) == 0

    printed = json.loads(capsys.readouterr().out)
    assert printed["parameters"] == 991_424
    assert printed["stages"][7]["output"] == [128, 28, 28]


def test_the_command_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--arch", "mobilefacenet-128"]) == 0

    printed = capsys.readouterr().out
    assert "1,003,136" in printed
    assert "MFLOPs" in printed


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--arch", "pocketnet-x"], "pocketnet-s-128"),
        (["--arch", "pocketnet-s-128", "--side", "50"], "multiple of 8"),
        (["--arch", "pocketnet-s-128", "--genotype", "none.json"], "none.json"),
    ],
)
def test_what_cannot_be_built_is_a_usage_error(
    arguments: list[str], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert main(arguments) == 2
    assert reason in caplog.text
