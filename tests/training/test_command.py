"""The command line: sentences and exit codes instead of tracebacks, stops that are obeyed."""

import argparse
import signal
from pathlib import Path

import pytest

from core.errors import UsageError
from training.command import (
    carry_out,
    counted,
    fit_progress,
    plain_parser,
    recipe_parser,
    stop_asked,
    tracked,
)
from training.engine.log import Shown
from training.errors import TrainingDivergedError


@pytest.fixture(autouse=True)
def signals_as_before():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def code_of(error: BaseException | None) -> int:
    def run(_options: argparse.Namespace) -> None:
        if error:
            raise error

    return carry_out(plain_parser("training.x", "Does x."), run, [])


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (None, 0, ""),
        (UsageError(reason="there is nothing to do"), 2, "there is nothing to do"),
        (TrainingDivergedError(presentations=3, what="the loss"), 4, "lower the rates"),
        (KeyboardInterrupt(), 130, "nothing that was finished is lost"),
        (OSError(28, "No space left on device"), 4, "No space left on device"),
    ],
)
def test_a_failure_becomes_its_sentence_and_code(
    error: BaseException | None, code: int, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert code_of(error) == code
    assert sentence in caplog.text
    assert "Traceback" not in caplog.text


def test_what_nobody_foresaw_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        code_of(ZeroDivisionError())


@pytest.mark.parametrize("wrong", [["--max-minutes", "0"], ["--max-minutes", "soon"], ["--what"]])
def test_a_wrong_option_is_a_usage_error(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        carry_out(plain_parser("training.x", None), lambda _: None, wrong)
    assert left.value.code == 2


def test_a_run_that_is_there_is_not_started_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "last").mkdir()
    (tmp_path / "last" / "state.json").write_text("{}")
    parser = recipe_parser("training.x", None)
    ran: list[argparse.Namespace] = []

    refused = carry_out(parser, ran.append, ["recipe.toml", "--out", str(tmp_path)])
    resumed = carry_out(parser, ran.append, ["recipe.toml", "--out", str(tmp_path), "--resume"])

    assert (refused, resumed, len(ran)) == (2, 0, 1)
    assert "go on with --resume" in caplog.text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_to_stop_and_a_second_one_ends(number: signal.Signals) -> None:
    stopped = stop_asked(float("inf"))

    assert not stopped()
    signal.raise_signal(number)
    assert stopped()
    assert signal.getsignal(number) == signal.SIG_DFL


def test_time_that_is_over_asks_to_stop() -> None:
    assert stop_asked(1e-9)()
    assert not stop_asked(10)()


def test_bars_are_silent_where_nobody_watches(capfd: pytest.CaptureFixture[str]) -> None:
    with fit_progress() as show:
        show(Shown(presentations=8, total=16, loss=0.5, images_per_s=9.0))
    with fit_progress(visible=False) as show:
        show(Shown(presentations=8, total=16, loss=0.5, images_per_s=9.0))

    assert list(tracked(range(3), "{odd} words", 3)) == [0, 1, 2]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("visible", [True, False])
def test_a_counted_bar_takes_reports_and_writes_nothing_into_a_pipe(
    visible: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with counted("reading {faces}", visible=visible) as report:
        report(0, 0)
        report(3, 4)

    assert capsys.readouterr() == ("", "")
