"""Regular files only: everything else (folders, pipes, devices) is refused before it is opened."""

import os
import stat
from pathlib import Path


def shown(path: Path) -> str:
    """The name of a file for sentences; bytes that are not UTF-8 become replacement signs."""
    return os.fsencode(path.name or path).decode("utf-8", "replace")


def read_regular(path: Path, limit_bytes: int) -> bytes:
    """At most the first `limit_bytes` bytes of a file.

    Raises:
        OSError: Not there, not readable or not regular; `strerror` says which, in words.
    """
    try:
        # Asked before opening: opening a pipe waits for its other end.
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            kind = "it is a folder" if stat.S_ISDIR(mode) else "it is not a regular file"
            raise OSError(0, kind)
        with path.open("rb") as file:
            return file.read(limit_bytes)
    except ValueError as error:  # a zero byte in the name
        raise OSError(0, "there can be no such file") from error


def why(error: OSError) -> str:
    """The system's reason as part of a sentence."""
    return error.strerror or "the system refuses it"
