"""Building the library, and saying why it cannot be built."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from training.engine_cpu import native


def test_without_a_compiler_a_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)

    with pytest.raises(native.EngineUnavailableError) as caught:
        native.find_compiler()

    assert "install g++ or clang" in caught.value.sentence
    assert 'engine = "torch"' in caught.value.sentence


@pytest.mark.slow
def test_without_a_compiler_the_engine_is_unavailable_and_nothing_breaks(tmp_path: Path) -> None:
    program = "from training.engine_cpu import available; print(available())"
    environment = {"PATH": str(tmp_path), "POCKETFACE_HOME": str(tmp_path)}

    answer = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "there is no C++ compiler" in answer.stdout


def test_a_compiler_that_fails_is_quoted(tmp_path: Path) -> None:
    compiler = tmp_path / "broken-compiler"
    compiler.write_text("#!/bin/sh\necho 'out of ink' >&2\nexit 1\n")
    compiler.chmod(0o755)

    with pytest.raises(native.EngineUnavailableError, match="out of ink") as caught:
        native.build(str(compiler), tmp_path / "cache")

    assert caught.value.exit_code == 2
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_library_is_built_once_and_again_for_other_flags(tmp_path: Path) -> None:
    compiler = tmp_path / "counting-compiler"
    calls = tmp_path / "calls"
    compiler.write_text(
        f'#!/bin/sh\necho called >> "{calls}"\nwhile [ "$1" != -o ]; do shift; done\n: > "$2"\n'
    )
    compiler.chmod(0o755)
    cache = tmp_path / "cache"

    first = native.build(str(compiler), cache)
    again = native.build(str(compiler), cache)
    other = native.build(str(compiler), cache, (*native.FLAGS, "-DPF_LANES=16"))

    assert first == again
    assert first != other
    assert calls.read_text().count("called") == 2


def test_builders_at_the_same_time_end_with_one_whole_library(tmp_path: Path) -> None:
    compiler = tmp_path / "slow-compiler"
    compiler.write_text(
        '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\n'
        'for part in 1 2 3 4 5; do printf "part " >> "$2"; done\n'
    )
    compiler.chmod(0o755)
    cache = tmp_path / "cache"
    together = threading.Barrier(4)
    built: list[str] = []

    def build() -> None:
        together.wait()
        built.append(native.build(str(compiler), cache).read_text())

    builders = [threading.Thread(target=build) for _ in range(4)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join()

    assert built == ["part part part part part "] * 4
    assert len(list(cache.iterdir())) == 1


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_write_permission_is_named(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)

    with pytest.raises(native.EngineUnavailableError, match="locked"):
        native.build("/bin/true", locked / "cache")


def test_a_damaged_library_is_named_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    compiler = tmp_path / "careless-compiler"
    compiler.write_text(
        '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\necho "no library" > "$2"\n'
    )
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))
    monkeypatch.setenv("POCKETFACE_HOME", str(tmp_path))

    with pytest.raises(native.EngineUnavailableError) as caught:
        native.load(native.find_compiler(), native.cache_folder())

    assert "does not load" in caught.value.sentence
    assert "delete" in caught.value.sentence


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    obstacle = tmp_path / "cache"
    obstacle.write_text("a file where the folder should be")

    with pytest.raises(native.EngineUnavailableError, match="cannot be built"):
        native.build("/bin/true", obstacle)


def test_the_cache_moves_with_the_programs_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("POCKETFACE_HOME", str(tmp_path))

    assert native.cache_folder().is_relative_to(tmp_path)


@pytest.mark.slow
def test_the_kernels_are_right_with_sixteen_lanes_too(engine_refusal: str | None) -> None:
    if engine_refusal:
        pytest.skip(engine_refusal)
    tests = Path(__file__).with_name("test_kernels.py")

    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", str(tests)],
        env=os.environ | {native.FLAGS_VARIABLE: "-DPF_LANES=16"},
        cwd=tests.parents[3],
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode == 0, answer.stdout
    assert "skipped" not in answer.stdout
