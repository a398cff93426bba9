"""A file that takes another's place when it is complete, and only then."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from core.errors import ExportFailedError
from core.security.key_record import sync_file, sync_folder


@contextmanager
def replacing(target: Path, side_files: Sequence[str] = ()) -> Iterator[Path]:
    """A new file, mode 0600, that replaces `target` when all went well, on the disk by then.

    Args:
        target: Untouched where something goes wrong.
        side_files: Endings of files beside `target` that do not fit the new one.

    Raises:
        ExportFailedError: The folder or disk refuses it.
    """
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:32]}-")
        os.close(handle)
        draft = Path(name)
        try:
            yield draft
            sync_file(draft)
            for suffix in side_files:
                target.with_name(target.name + suffix).unlink(missing_ok=True)
            draft.replace(target)
            sync_folder(target.parent)
        finally:
            for suffix in ("", *side_files):
                draft.with_name(draft.name + suffix).unlink(missing_ok=True)
    except OSError as error:
        raise ExportFailedError(path=target, reason=error.strerror or "refused") from error
