"""Shares and tables as text."""

from training.evaluation.verify import Interval
from training.evaluation.words import markdown_table, percent, tar_words


def test_a_share_is_a_percentage_with_its_interval() -> None:
    assert percent(Interval(0.954, 0.946, 0.961)) == "95.40 % (94.60–96.10)"


def test_a_tar_that_cannot_be_read_says_so() -> None:
    assert tar_words(None) == "too few pairs"
    assert tar_words(Interval(1, 1, 1)) == "100.00 % (100.00–100.00)"


def test_a_table_has_one_line_a_row() -> None:
    assert markdown_table(("a", "b"), [("1", "2")]) == ["| a | b |", "|---|---|", "| 1 | 2 |"]
