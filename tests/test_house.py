"""The rules of the house that a machine can check."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import core.capture.errors
import core.errors
import core.gallery.archive_errors

ROOT = Path(__file__).parent.parent
PACKAGES = ("app", "core", "training")
MODULE_LINES = 400
TEST_LINES = 500

# Records, tables of constants and protocols: tested where they are used.
DEFINITIONS = {
    "core/ports.py",
    "core/opencv.py",
    "core/capture/errors.py",
    "core/gallery/archive_errors.py",
    "training/errors.py",
}


def modules() -> list[Path]:
    return [
        p.relative_to(ROOT) for package in PACKAGES for p in sorted((ROOT / package).rglob("*.py"))
    ]


def behaviour_modules() -> list[Path]:
    return [
        path
        for path in modules()
        if path.name not in ("__init__.py", "__main__.py")
        and str(path) not in DEFINITIONS
        and "migrations" not in path.parts
        and path.parts[:2] != ("core", "domain")
    ]


@pytest.mark.parametrize("path", behaviour_modules(), ids=str)
def test_every_module_has_its_test(path: Path) -> None:
    expected = ROOT / "tests" / path.parent
    found = list(expected.glob(f"test_{path.stem}*.py"))

    assert found, f"{expected}/test_{path.stem}.py is missing"


@pytest.mark.parametrize("path", modules(), ids=str)
def test_no_module_grows_past_its_limit(path: Path) -> None:
    assert len((ROOT / path).read_text(encoding="utf-8").splitlines()) <= MODULE_LINES


def test_no_test_file_grows_past_its_limit() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / "tests").rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > TEST_LINES
    }

    assert not long


def test_a_package_holds_a_docstring_and_nothing_to_execute() -> None:
    executing = []
    for path in modules():
        if path.name != "__init__.py":
            continue
        body = ast.parse((ROOT / path).read_text(encoding="utf-8")).body
        is_docstring = len(body) == 1 and isinstance(body[0], ast.Expr)
        if not is_docstring and path.parent.name not in TABLES:
            executing.append(str(path))

    assert not executing


# Packages whose __init__ is the table of functions they offer, or the one way in.
TABLES = {"nets", "losses", "engine_cpu"}


ERROR_MODULES = {"core.errors", "core.capture.errors", "core.gallery.archive_errors"}


def error_classes() -> list[type[core.errors.PocketfaceError]]:
    found: list[type[core.errors.PocketfaceError]] = []
    waiting = [core.errors.PocketfaceError]
    while waiting:
        current = waiting.pop()
        found.append(current)
        waiting.extend(current.__subclasses__())
    return [cls for cls in found if cls.__module__ in ERROR_MODULES]


def test_every_error_that_is_raised_has_a_code_of_its_own() -> None:
    own = [cls for cls in error_classes() if "code" in vars(cls)]
    codes = [cls.code for cls in own]

    assert len(codes) == len(set(codes))
    assert len(own) > 20


@pytest.mark.parametrize("error", [c for c in error_classes() if "template" in vars(c)])
def test_every_error_says_one_sentence(error: type[core.errors.PocketfaceError]) -> None:
    names = set(re.findall(r"{(\w+)", error.template))
    facts = {name: 5 if "{" + name + ":" in error.template else "x" for name in names}

    sentence = error(**facts).sentence

    assert "{" not in sentence
    assert sentence.rstrip().endswith((".", "x", "]'.", ")"))


def test_every_dependency_states_its_reason() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    start = lines.index("dependencies = [")
    stated = lines[start + 1 : lines.index("]", start)]

    assert [line for line in stated if "#" not in line] == []


def test_the_top_level_holds_what_it_should() -> None:
    listed = subprocess.run(
        ["git", "ls-tree", "--name-only", "HEAD"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("not a git checkout, so the top level cannot be told from build products")
    visible = {name for name in listed.stdout.split() if not name.startswith(".")}

    allowed = {
        "app",
        "core",
        "training",
        "resources",
        "tests",
        "pyproject.toml",
        "README.md",
        "LICENSE",
    }
    assert visible <= allowed


def test_copyleft_and_non_commercial_packages_stay_out_of_the_base() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    base = " ".join(project["dependencies"])

    assert not re.search(r"pyqt|insightface|torch|pillow-heif|nuitka", base, re.IGNORECASE)
