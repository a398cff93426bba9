"""What reaches a terminal: literal, visible, in its place."""

import io
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cli.render import Line, Style, Table, confirm, show, talk, visible
from core.errors import UsageError
from tests.app.cli.lines import Terminal


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Anna", "Anna"),
        ("👩‍🚀 é [bold]", "👩‍🚀 é [bold]"),
        ("a\x1b[2J", "a\\x1b[2J"),
        ("a\nb\r\t", "a\\x0ab\\x0d\\x09"),
        ("\u202eevil", "\\u202eevil"),
        ("\udcff.png", "\\xff.png"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_hides_or_misleads_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_nothing_that_steers_a_terminal_is_left(text: str) -> None:
    categories = {unicodedata.category(c) for c in visible(text) if c not in "\u200c\u200d"}
    assert not categories & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_markup_is_text_in_lines_and_tables(capsys) -> None:
    show([Line("[red]a[/red]"), Table(("[b]head",), (("[/nonsense]",),))])
    out = capsys.readouterr().out
    assert "[red]a[/red]" in out
    assert "[b]head" in out
    assert "[/nonsense]" in out


def test_long_cells_are_whole_where_no_terminal_limits_them(capsys) -> None:
    show([Table(("a", "b"), (("x" * 60, "y" * 60),))])
    assert "x" * 60 in capsys.readouterr().out


def test_no_colour_goes_into_a_pipe(capsys) -> None:
    show([Line("yes", Style.GOOD)])
    assert capsys.readouterr().out == "yes\n"


def test_talk_goes_to_stderr(capsys) -> None:
    talk("look left\x07")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "look left\\x07\n")


def test_an_old_terminal_gets_escapes_and_no_fault(monkeypatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii"))
    show([Line("é – ☺")])
    assert raw.getvalue() == b"\\xe9 \\u2013 \\u263a\n"


@pytest.mark.parametrize(
    ("typed", "meant"), [("y\n", True), ("YES\n", True), ("n\n", False), ("\n", False), ("", False)]
)
def test_only_a_clear_yes_counts(monkeypatch, typed: str, meant: bool) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    assert confirm("Really?") is meant


def test_nobody_there_is_a_usage_fault(monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(UsageError, match="--yes"):
        confirm("Really?")


def test_a_terminal_gets_colour_unless_it_is_not_wanted(monkeypatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout", Terminal())
    show([Line("yes", Style.GOOD)])
    assert sys.stdout.getvalue().startswith("\x1b[")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("sys.stdout", Terminal())
    show([Line("yes", Style.GOOD)])
    assert sys.stdout.getvalue() == "yes\n"
