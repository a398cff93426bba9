"""Logging: where it goes, and what never gets into it.

Set up by entry points only. Nothing leaves the machine. What is about a person is taken out of
every record here, as the last line of defence: the code that logs leaves it out already.
"""

import logging
import os
import re
from collections.abc import Iterator, Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

import numpy as np

from core.domain.face import AlignedFace
from core.domain.frame import Frame
from core.domain.template import Capture, Embedding, Reference, Subject, Template
from core.errors import PocketfaceError

LOG_NAME = "pocketface.log"
MAX_BYTES = 1_000_000  # a week of daily use; small enough to read
BACKUPS = 3
PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
# The roots of this program's loggers; libraries stay at WARNING, for their INFO is not ours to vet.
ROOTS = ("app", "core", "training")

_SECRETS = (
    (re.compile(r"(?<=://)[^/\s@]+@"), "…@"),  # user and password in an address
    (re.compile(r"\b[0-9a-fA-F]{64,}\b"), "…"),  # a key or digest in hexadecimal
    (re.compile(r"(?<![\w+/])[A-Za-z0-9+/]{43}="), "…"),  # a 32-byte key in base 64
)

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class RedactingFormatter(logging.Formatter):
    """Writes records without pixels, vectors, names, keys or passwords."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """One record as text; the record itself stays as it is for other handlers."""
        clean = logging.makeLogRecord(record.__dict__)
        clean.exc_text = None  # another handler may have put its own, unredacted, text there
        if isinstance(record.args, Mapping):
            clean.args = {key: _redacted(value) for key, value in record.args.items()}
        elif record.args:
            clean.args = tuple(_redacted(value) for value in record.args)
        text = super().format(clean)
        for pattern, replacement in _SECRETS:
            text = pattern.sub(replacement, text)
        return text

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 - logging's name
        """The traceback, with the code of our own errors in place of their sentences."""
        text = super().formatException(ei)
        for error in _chain(ei[1]):
            if isinstance(error, PocketfaceError):
                text = text.replace(error.sentence, f"[{error.code}]")
        return text


def set_up_journal(logs: Path, level: int = logging.INFO) -> Path | None:
    """Send the program's log to a rotating file, and nowhere else. Repeating it moves the log.

    Args:
        logs: Folder; made with mode 0700 where it is missing.

    Returns:
        The file; None where the folder refuses it, for a log must never stop the program.
    """
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one.formatter, RedactingFormatter)]:
        root.removeHandler(handler)
        handler.close()
    path = logs / LOG_NAME
    journal: logging.Handler
    try:
        logs.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, PRIVATE_FILE))
        journal = RotatingFileHandler(
            path, maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="utf-8"
        )
        kept: Path | None = path
    except OSError:
        journal, kept = logging.NullHandler(), None
    journal.setFormatter(RedactingFormatter())
    root.addHandler(journal)
    root.setLevel(logging.WARNING)
    for name in ROOTS:
        logging.getLogger(name).setLevel(level)
    return kept


def _redacted(value: object) -> object:
    match value:
        case np.ndarray():
            clean: object = f"<{value.dtype} {value.shape}>"
        case bytes() | bytearray() | memoryview():
            clean = f"<{len(value)} bytes>"
        case Subject() | Reference():
            clean = f"<{type(value).__name__} {value.subject_id}>"
        case Frame() | AlignedFace() | Embedding() | Template() | Capture():
            clean = f"<{type(value).__name__}>"
        case PocketfaceError():
            clean = f"[{value.code}]"
        case tuple() | list() | set() | frozenset():
            clean = [_redacted(item) for item in value]
        case _:
            clean = value
    return clean


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__]
