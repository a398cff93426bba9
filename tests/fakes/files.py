"""What the systems' file systems have in common, and not."""

import os
import stat
from pathlib import Path

# Characters that mean something in addresses and format strings; Windows knows no question marks.
ODD_NAME = "a #%41 é" if os.name == "nt" else "a ?#%41 é"


def is_private(path: Path) -> bool:
    """Whether its owner alone may use it; Windows keeps no such modes."""
    return os.name == "nt" or not stat.S_IMODE(path.stat().st_mode) & 0o077
