"""The program's own version, as installed."""

from importlib.metadata import PackageNotFoundError, version

DISTRIBUTION = "pocketface"
UNINSTALLED = "0+uninstalled"  # run from a source tree that was never installed


def program_version() -> str:
    """The installed distribution's version, or UNINSTALLED."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return UNINSTALLED
