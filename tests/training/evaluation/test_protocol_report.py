"""Groups, IJB and MegaFace in a report."""

from training.evaluation.groups import GroupRate
from training.evaluation.protocol_report import (
    group_lines,
    json_form,
    search_lines,
    template_lines,
)
from training.evaluation.verify import Interval
from training.protocols.ijb import TemplateRates
from training.protocols.megaface import MegafaceRates

GROUP = GroupRate("age 0–12", 90, 4005, 1e-2, 80, Interval(0.02, 0.01, 0.03))
IJB = TemplateRates(19_557, 15_638_932, 3, {1e-6: None, 1e-4: 0.9162})
MEGAFACE = MegafaceRates(70_000, {10: 0.99, 1_000_000: 0.9}, 35_000, 10**9, None, 1e-6)


def test_a_group_stands_with_its_interval_and_missing_rates_say_so() -> None:
    other = GroupRate("female", 100, 4950, 1e-3, 9, Interval(0.002, 0.001, 0.003))

    text = "\n".join(group_lines({"one": (GROUP, other)}))

    assert "| age 0–12 | 90 | 4,005 | 2.0e-02 (1.0e-02–3.0e-02) | too few |" in text
    assert "| female | 100 | 4,950 | too few | 2.0e-03 (1.0e-03–3.0e-03) |" in text


def test_ijb_states_tar_by_fmr_and_where_pairs_are_too_few() -> None:
    text = "\n".join(template_lines({"one": {"IJBC": IJB}}))

    assert "| network | set | mated | non-mated | left out | 1e-6 | 0.0001 |" in text
    assert "| one | IJBC | 19,557 | 15,638,932 | 3 | too few | 91.62 % |" in text


def test_megaface_states_rank_1_by_distractors() -> None:
    text = "\n".join(search_lines({"one": MEGAFACE}))

    assert "| network | searches | 10 | 1,000,000 | TAR at FMR 1e-6 |" in text
    assert "| one | 70,000 | 99.00 % | 90.00 % | too few |" in text


def test_what_was_not_measured_leaves_no_heading() -> None:
    assert group_lines({"one": ()}) == template_lines({}) == search_lines({}) == []


def test_records_become_json_with_text_keys() -> None:
    assert json_form(IJB)["tar"] == {"1e-6": None, "0.0001": 0.9162}
    assert json_form(MEGAFACE)["rank_1"] == {"10": 0.99, "1e6": 0.9}
    assert json_form(IJB)["mated"] == 19_557
