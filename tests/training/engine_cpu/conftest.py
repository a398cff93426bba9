"""One library for all tests of the engine, kept between runs: it is named after its contents."""

import tempfile
from pathlib import Path

import pytest

from training.engine_cpu import native


@pytest.fixture(scope="session")
def engine_refusal() -> str | None:
    """None where the engine works here, else why not."""
    home = Path(tempfile.gettempdir()) / "pocketface-tests-engine"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POCKETFACE_HOME", str(home))
        return native.available()
