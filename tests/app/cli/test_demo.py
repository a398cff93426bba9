"""`demo`: window or terminal, and an honest exit code."""

import importlib.util
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app.cli import demo
from app.demo import people
from app.demo.script import Act
from app.present.verdict import Tone, Verdict
from core.errors import LibraryMissingError
from tests.app.cli.lines import HEADLESS

VERDICT = Verdict("Verified as Anna", "Why.", "Rate.", (), Tone.GOOD)


@pytest.fixture
def acts(monkeypatch):
    """Puts acts that went as told in place of half a minute of theatre."""
    if importlib.util.find_spec("openpeople") is None:
        pytest.skip("the extra [demo] with pictures of synthetic people is not installed")

    def stage(*expected: bool) -> None:
        played = [Act("Anna comes.", VERDICT, went, 1.5, 7.0) for went in expected]
        monkeypatch.setattr(demo.Play, "run", lambda self: iter(played))
        monkeypatch.setattr(demo.Move, "run", lambda self: iter(()))

    return stage


@pytest.fixture(autouse=True)
def temporary(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_without_a_screen_acts_picture_and_export_are_told(cli, acts) -> None:
    acts(True, True)
    said = cli("demo", "--json")
    assert said.code == 0
    assert [step["headline"] for step in said.data["steps"]] == ["Verified as Anna"] * 2
    assert Path(said.data["picture"]).read_bytes() == b"painted"
    with closing(sqlite3.connect(said.data["export"])) as database:
        assert database.execute("SELECT count(*) FROM subjects").fetchone() == (0,)


def test_people_read_each_answer_with_its_time(cli, acts) -> None:
    acts(True)
    said = cli("demo")
    assert said.code == 0
    assert "Verified as Anna." in said.out
    assert "Answer after 1.5 s; 7.0 ms of work for a frame." in said.out
    assert "window.png" in said.out


def test_an_act_that_goes_wrong_is_a_fault(cli, acts) -> None:
    acts(True, False)
    said = cli("demo")
    assert said.code == 4
    assert "did not go as it has to" in said.out


def test_missing_libraries_of_qt_cost_the_picture_only(cli, acts) -> None:
    acts(True)

    def unable(*_: object, **__: object) -> Path:
        raise LibraryMissingError(feature="The window", library="libEGL.so.1", remedy="…")

    said = cli("demo", window=replace(HEADLESS, render=unable))
    assert said.code == 0
    assert "libEGL.so.1" in said.out


def test_with_a_screen_the_window_opens_with_two_people_and_closes_by_itself(cli, acts) -> None:
    acts()
    seen = {}

    def open_demo(services, source, *, banner, seconds) -> int:
        seen["names"] = [subject.name for subject in services.gallery.subjects()]
        seen["frame"] = source().read()
        seen["banner"], seen["seconds"] = banner, seconds
        return 0

    window = replace(HEADLESS, screen_available=lambda: True, open_demo=open_demo)
    said = cli("demo", "--seconds", "3", window=window)
    assert said.code == 0
    assert seen["names"] == ["Anna", "Bruno"]
    assert seen["frame"].width_px == 640
    assert "nobody here exists" in seen["banner"]
    assert seen["seconds"] == 3


def test_the_gallery_of_the_person_is_not_touched(cli, acts, home) -> None:
    acts(True)
    cli("demo")
    assert not (home / "gallery.sqlite").exists()


def test_without_the_extra_one_sentence_says_how_to_get_it(cli, monkeypatch) -> None:
    monkeypatch.setattr(people, "PACKAGE", "no_such_package_at_all")
    said = cli("demo", "--json")
    assert said.code == 2
    assert said.document["error"]["code"] == "extra.missing"
