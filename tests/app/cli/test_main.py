"""The root: global options, exit codes, and failures that stay sentences."""

import errno
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app.cli import people
from app.cli.main import gather_global_options, run
from core.errors import Cancelled
from tests.app.cli.lines import HEADLESS, enrolled

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("line", "front", "rest"),
    [
        (["verify", "A", "--json"], ["--json"], ["verify", "A"]),
        (["verify", "A", "--fmr", "1e-4"], ["--fmr", "1e-4"], ["verify", "A"]),
        (["people", "list", "--data-dir=x"], ["--data-dir=x"], ["people", "list"]),
        (["verify", "--", "--json"], [], ["verify", "--", "--json"]),
        (["verify", "A", "--model"], ["--model"], ["verify", "A"]),
    ],
)
def test_global_options_may_stand_anywhere_before_the_names(line, front, rest) -> None:
    assert gather_global_options(line) == (front, rest)


def test_no_command_opens_the_window_with_the_settings_of_the_line(cli) -> None:
    seen = []

    def open_window(settings, folders) -> int:
        seen.append((settings.model, settings.target_fmr))
        return 0

    window = replace(HEADLESS, open=open_window)
    assert cli("--fmr", "0.01", window=window).code == 0
    assert seen == [("tiny", 0.01)]


def test_without_a_screen_one_sentence_names_the_command_line_way(cli) -> None:
    said = cli()
    assert said.code == 4
    assert "pocketface verify NAME --source 0" in said.err
    assert said.out == ""


def test_a_line_without_a_single_word_fails_in_one_sentence_too(home, capfd, monkeypatch) -> None:
    monkeypatch.setenv("POCKETFACE_HOME", str(home))

    assert run([], HEADLESS, {}) == 4

    said = capfd.readouterr()
    assert "There is no screen" in said.err
    assert "Traceback" not in said.err


def test_the_version_is_said(cli) -> None:
    said = cli("--version")
    assert said.code == 0
    assert said.out.startswith("pocketface ")
    assert cli("--version", "--json").data["version"] in said.out


@pytest.mark.parametrize(
    "line",
    [
        ["fly"],
        ["verify"],
        ["verify", "A", "--no-such-option"],
        ["--fmr", "much", "people", "list"],
        ["--fmr", "3", "people", "list"],
        ["people"],
        ["bench", "--rounds", "1"],
    ],
)
def test_a_line_that_cannot_be_understood_is_a_two(cli, line) -> None:
    said = cli(*line, "--json")
    assert said.code == 2
    assert said.document["error"]["code"] == "usage"
    assert "--help" in said.document["error"]["sentence"] or "rate" in said.out


def test_settings_with_an_unknown_key_are_refused(cli, home) -> None:
    (home / "settings.toml").write_text("colour = 3\n", encoding="utf-8")
    said = cli("people", "list", "--json")
    assert said.code == 2
    assert said.document["error"]["code"] == "settings.invalid"


def test_ctrl_c_is_130_and_one_document(cli, monkeypatch) -> None:
    def interrupted(_: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(people, "list_people", interrupted)
    said = cli("people", "list", "--json")
    assert said.code == 130
    assert said.document["error"] == {"code": "stopped", "sentence": "Stopped."}


def test_giving_up_is_130_too(cli, monkeypatch) -> None:
    def given_up(_: object) -> object:
        raise Cancelled

    monkeypatch.setattr(people, "list_people", given_up)
    assert cli("people", "list").code == 130


def test_a_fault_of_the_program_is_a_sentence_and_the_journal_has_the_rest(
    cli, home, monkeypatch
) -> None:
    def broken(_: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(people, "list_people", broken)
    said = cli("people", "list")
    assert said.code == 4
    assert "Traceback" not in said.out + said.err
    assert "pocketface.log" in said.err
    assert "ZeroDivisionError" in (home / "logs" / "pocketface.log").read_text(encoding="utf-8")


def test_a_missing_system_library_is_named_with_its_package(cli, monkeypatch) -> None:
    def unloadable(_: object) -> object:
        raise ImportError("libGL.so.1: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(people, "list_people", unloadable)
    said = cli("people", "list", "--json")
    assert said.code == 4
    assert said.document["error"]["code"] == "display.library"
    assert "libgl1" in said.document["error"]["sentence"]


def test_an_answer_that_cannot_be_written_is_a_fault(cli, monkeypatch) -> None:
    def full(_: object) -> object:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(people, "list_people", full)
    assert cli("people", "list").code == 4


def test_a_failure_names_its_command(cli, pictures) -> None:
    enrolled(cli, pictures)
    assert cli("people", "rename", "Anna", "", "--json").document["command"] == "people rename"
    assert cli("verify", "Bea", pictures / "anna.png", "--json").document["command"] == "verify"


def command_line(*argv: str, **options: object) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "app", *argv], check=False, cwd=ROOT, **options)


@pytest.mark.skipif(os.name != "posix", reason="file names of bytes exist on POSIX only")
def test_a_file_name_that_is_no_text_is_one_document(home) -> None:
    line = ("--data-dir", str(home), "compare", b"\xff.png", b"\xff.png", "--json")
    done = command_line(*line, stdout=subprocess.PIPE)
    assert done.returncode == 2
    assert "picture.unreadable" in json.loads(done.stdout)["error"]["code"]


@pytest.mark.skipif(os.name != "posix", reason="needs /dev/full")
def test_a_full_disk_behind_stdout_is_a_fault_without_traceback() -> None:
    with Path("/dev/full").open("wb") as full:
        done = command_line("schema", "verify", stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 4
    assert b"Traceback" not in done.stderr
    assert b"could not be written" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_a_reader_that_leaves_early_causes_no_traceback() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        done = command_line("schema", "verify", stdout=pipe, stderr=subprocess.PIPE)
    assert done.returncode == 4
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


def test_help_and_version_load_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from app.__main__ import main\n"
        "for line in (['--version'], ['--help']):\n"
        "    main(line)\n"
        "heavy = {'numpy', 'cv2', 'onnxruntime', 'sqlalchemy', 'rich', 'PySide6', 'PIL'}\n"
        "print('loaded:', sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "loaded: []" in done.stdout
    assert "Exit codes: 0 yes" in done.stdout
