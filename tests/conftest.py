"""What holds for every test: no key ring, no folders and no screen of the person who runs them."""

import os
import tempfile
from pathlib import Path

# Read once, when the packages are imported, so they are set before anything else is.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["POCKETFACE_HOME"] = str(Path(tempfile.gettempdir()) / f"pocketface-tests-{os.getpid()}")
