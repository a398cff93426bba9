"""Builds the C++ library once for each machine, and declares its functions to ctypes."""

import ctypes
import functools
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from core.errors import USAGE_EXIT, PocketfaceError

COMPILERS = ("g++", "clang++", "c++")  # in order of preference; CXX in the environment goes first
FLAGS = (
    "-std=c++17",
    "-O3",
    "-march=native",
    "-fno-math-errno",  # nobody reads errno
    "-fno-trapping-math",  # nobody catches floating-point traps
    "-Wno-psabi",  # vectors are never passed across the library's border
    "-shared",
    "-fPIC",
    "-pthread",
)
BUILD_LIMIT_S = 600  # takes 10 to 30 s; a loaded machine may need far longer
SOURCE_SUFFIXES = (".cpp", ".hpp")
HOME_VARIABLE = "POCKETFACE_HOME"
FLAGS_VARIABLE = "POCKETFACE_ENGINE_FLAGS"  # more of them, for a processor that we never saw


class EngineUnavailableError(PocketfaceError):
    """The fused engine cannot be used here; PyTorch itself still can."""

    code = "engine.unavailable"
    template = 'The fused engine cannot be used: {reason}. Train with engine = "torch" instead.'
    exit_code = USAGE_EXIT


class EdgeSpec(ctypes.Structure):
    """One operation; the layout is that of `EdgeSpec` in graph.hpp."""

    _fields_ = [
        *(
            (name, ctypes.c_int32)
            for name in (
                *("kind", "k", "stride", "channels_in", "channels_out"),
                *("source", "planes", "target", "full_precision"),
                *("slope", "depthwise", "pointwise", "depthwise_b", "pointwise_b"),
                *("gamma", "beta", "mean", "variance"),
            )
        ),
        ("epsilon", ctypes.c_float),
        ("momentum", ctypes.c_float),
    ]


class OutsideSpec(ctypes.Structure):
    """The gradient of a loss on an inner map; the layout is that of `OutsideSpec` in graph.hpp."""

    _fields_ = [
        ("first", ctypes.c_int32),
        ("planes", ctypes.c_int32),
        ("gradient", ctypes.c_void_p),
    ]


def available() -> str | None:
    """None where the fused engine works on this machine, else one sentence saying why not.

    Builds the library if that has not been done yet.
    """
    try:
        library()
    except EngineUnavailableError as error:
        return error.sentence
    return None


@functools.cache
def library() -> ctypes.CDLL:
    """The engine's library, built on first use.

    Raises:
        EngineUnavailableError: No compiler, or it fails.
    """
    return load(find_compiler(), cache_folder())


def load(compiler: str, folder: Path) -> ctypes.CDLL:
    """The library that `compiler` makes in `folder`, or has made.

    Raises:
        EngineUnavailableError: It cannot be built or loaded.
    """
    path = build(compiler, folder, (*FLAGS, *shlex.split(os.environ.get(FLAGS_VARIABLE, ""))))
    try:
        loaded = ctypes.CDLL(str(path))
    except OSError as error:
        raise EngineUnavailableError(
            reason=f"its library does not load ({error}); delete {path} to build it anew"
        ) from error
    return _declare(loaded)


def find_compiler() -> str:
    """Path of a C++ compiler.

    Raises:
        EngineUnavailableError: There is none.
    """
    for name in (os.environ.get("CXX", ""), *COMPILERS):
        found = shutil.which(name) if name else None
        if found:
            return found
    raise EngineUnavailableError(
        reason="there is no C++ compiler; install g++ or clang, or name one in CXX"
    )


def cache_folder() -> Path:
    """Where built libraries are kept."""
    home = os.environ.get(HOME_VARIABLE)
    base = Path(home) / "cache" if home else _system_cache() / "pocketface"
    return base / "engine_cpu"


def _system_cache() -> Path:
    """Where the system wants programs to keep what they can make again."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def build(compiler: str, folder: Path, flags: Sequence[str] = FLAGS) -> Path:
    """The library built by `compiler`, from the cache if sources, flags and machine are the same.

    Raises:
        EngineUnavailableError: The compiler fails, or the folder cannot be written.
    """
    source = Path(str(resources.files("training.engine_cpu")))
    target = folder / f"engine-{_digest(source, compiler, flags)}.so"
    if target.exists():
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            made = Path(scratch) / "engine.so"
            subprocess.run(  # noqa: S603 - a compiler that the user has installed
                [compiler, *flags, str(source / "engine.cpp"), "-o", str(made)],
                check=True,
                capture_output=True,
                text=True,
                timeout=BUILD_LIMIT_S,
            )
            made.replace(target)  # at once, so that no other process loads half a library
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines() or ["no message"]
        raise EngineUnavailableError(reason=f"{compiler} cannot build it ({lines[0]})") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineUnavailableError(reason=f"it cannot be built ({error})") from error
    return target


def _digest(source: Path, compiler: str, flags: Sequence[str]) -> str:
    """Names what a library depends on: sources, flags, compiler and the kind of processor."""
    digest = hashlib.sha256()
    for path in sorted(source.iterdir()):
        if path.suffix in SOURCE_SUFFIXES:
            digest.update(path.name.encode() + path.read_bytes())
    status = Path(compiler).resolve().stat()
    facts = (*flags, compiler, str(status.st_size), str(status.st_mtime_ns), _processor())
    digest.update("\0".join(facts).encode())
    return digest.hexdigest()[:16]


def _processor() -> str:
    """What tells apart processors that -march=native builds differently for."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    wanted = ("flags", "Features", "model name")
    return "\n".join(sorted({line for line in lines if line.startswith(wanted)}))


def _declare(loaded: ctypes.CDLL) -> ctypes.CDLL:
    pointer, integer = ctypes.c_void_p, ctypes.c_int
    loaded.pf_last_error.restype = ctypes.c_char_p
    loaded.pf_create.restype = pointer
    loaded.pf_create.argtypes = [ctypes.POINTER(EdgeSpec), *[integer] * 4]
    loaded.pf_destroy.argtypes = [pointer]
    loaded.pf_edge_is_live.argtypes = [pointer, integer]
    loaded.pf_forward.argtypes = [pointer, pointer, integer, integer, integer, pointer, pointer]
    loaded.pf_map_side.argtypes = [pointer, integer]
    loaded.pf_read_map.argtypes = [pointer, integer, integer, pointer]
    loaded.pf_backward.argtypes = [
        *(pointer, pointer),
        ctypes.POINTER(OutsideSpec),
        integer,
        pointer,
    ]
    return loaded
