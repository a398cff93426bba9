"""From a request to what a command works with: folders, settings, models and gallery."""

import getpass
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import msgspec

from app.cli.render import talk
from app.cli.request import NEW_PASSPHRASE_VARIABLE, PASSPHRASE_VARIABLE, Request
from core.errors import KeysDeniedError, UsageError
from core.journal import set_up_journal
from core.security.key_store import has_key_record
from core.settings import Folders, Settings, locate_folders, read_settings
from core.wiring import OpenGallery, Services, Vision, build_gallery, build_vision


def folders_of(request: Request) -> Folders:
    """Where this request keeps its files; the journal begins here."""
    folders = locate_folders(request.data_dir, request.key_file)
    set_up_journal(folders.logs)
    return folders


def settings_of(request: Request, folders: Folders) -> Settings:
    """The settings file with the request's own wishes on top.

    Raises:
        SettingsError: The file is not valid.
        UsageError: A wish is out of range.
    """
    settings = read_settings(folders.settings_file)
    if request.fmr is not None and not 0 < request.fmr < 1:
        raise UsageError(reason=f"--fmr is a rate between 0 and 1, not {request.fmr:g}")
    return msgspec.structs.replace(
        settings,
        model=request.model or settings.model,
        target_fmr=settings.target_fmr if request.fmr is None else request.fmr,
    )


def vision_of(request: Request) -> tuple[Settings, Vision]:
    """Settings and opened models, for commands that need no gallery."""
    folders = folders_of(request)
    settings = settings_of(request, folders)
    return settings, build_vision(settings, folders)


@contextmanager
def opened_gallery(request: Request) -> Iterator[OpenGallery]:
    """The gallery alone, closed at the end; its notice is shown on stderr."""
    folders = folders_of(request)
    store = open_store(request, folders, settings_of(request, folders))
    with closing(store.gallery):
        yield store


@contextmanager
def opened_services(request: Request) -> Iterator[Services]:
    """Models and gallery, closed at the end."""
    folders = folders_of(request)
    settings = settings_of(request, folders)
    # Models first: a wrong model name must not leave an empty gallery behind.
    vision = build_vision(settings, folders)
    services = Services(settings, folders, vision, open_store(request, folders, settings))
    with closing(services):
        yield services


def open_store(request: Request, folders: Folders, settings: Settings) -> OpenGallery:
    """Open the gallery and show its notice.

    Raises:
        GalleryError, KeyStoreError: It cannot be opened; nothing was changed.
    """
    store = build_gallery(settings, folders, lambda: _passphrase(request, folders))
    if store.notice is not None:
        talk(f"Notice: {store.notice}")
    return store


def _passphrase(request: Request, folders: Folders) -> str:
    """From the environment, or asked for; a new one is asked for twice."""
    given = request.environment.get(PASSPHRASE_VARIABLE)
    if given:
        return given
    if not sys.stdin.isatty():
        raise KeysDeniedError(
            reason=f"its passphrase is needed, and {PASSPHRASE_VARIABLE} does not hold it"
        )
    if has_key_record(folders):
        return getpass.getpass("Passphrase of the gallery: ")
    return _twice()


def new_passphrase(request: Request) -> str:
    """Another passphrase for a gallery that exists: from the environment, or asked for twice.

    Raises:
        KeysDeniedError: Nobody is there to ask, or the two differ.
    """
    given = request.environment.get(NEW_PASSPHRASE_VARIABLE)
    if given:
        return given
    if not sys.stdin.isatty():
        raise KeysDeniedError(
            reason=f"a new passphrase is needed, and {NEW_PASSPHRASE_VARIABLE} does not hold it"
        )
    return _twice()


def _twice() -> str:
    first = getpass.getpass("New passphrase for the gallery: ")
    if getpass.getpass("The same again: ") != first:
        raise KeysDeniedError(reason="the two passphrases differ; nothing was changed")
    return first
