"""The version that is told is the installed one."""

import importlib.metadata

import pytest

from app import version


def test_the_installed_version_is_told(monkeypatch) -> None:
    monkeypatch.setattr(version, "version", lambda name: f"{name} 1.2.3")
    assert version.program_version() == "pocketface 1.2.3"


def test_a_source_tree_says_that_it_is_not_installed(monkeypatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(version, "version", missing)
    assert version.program_version() == version.UNINSTALLED


@pytest.mark.parametrize("text", [version.UNINSTALLED])
def test_an_uninstalled_version_sorts_before_every_release(text: str) -> None:
    assert text.startswith("0+")
