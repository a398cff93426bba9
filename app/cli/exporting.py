"""`gallery export`: an archive, a plain copy for other programs, or lists."""

import getpass
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from app.cli.answer import NO_EXIT, YES_EXIT, Answer
from app.cli.portable_documents import Exported
from app.cli.render import Line, Style, confirm, talk
from app.cli.request import ARCHIVE_PASSPHRASE_VARIABLE, Request
from app.cli.session import folders_of, opened_gallery
from app.version import program_version
from core.domain.holdings import EVERYTHING, ArchiveContents
from core.domain.model_card import ModelCard
from core.domain.template import ModelId
from core.domain.watch import Watch
from core.errors import KeysDeniedError, UsageError
from core.gallery.lists import events_file
from core.vision.packs import list_packs
from core.wiring import OpenGallery

ExportFormat = Literal["pfgallery", "sqlite", "csv", "json"]
PROGRESS_EVERY = 500  # people between two lines: a second or two of work
_BY_ENDING: dict[str, ExportFormat] = {
    ".sqlite": "sqlite",
    ".db": "sqlite",
    ".csv": "csv",
    ".json": "json",
}
_OPEN = {
    "pfgallery": "an unencrypted archive of all names, face templates and pictures",
    "sqlite": "an unencrypted copy of all names, face templates and pictures",
    "csv": "unencrypted lists of all names, notes and events",
    "json": "an unencrypted list of all names, notes and events",
}


def export(
    request: Request,
    target: Path,
    form: ExportFormat | None,
    plain: bool,
    contents: ArchiveContents,
    yes: bool,
) -> Answer:
    """Write everything to `target`; what is not sealed is asked about first.

    Args:
        form: None goes by the ending of `target`; an unknown ending is an archive.
        plain: An archive without a passphrase.
        contents: Of an archive.

    Raises:
        UsageError: Another form than an archive is to leave something out.
    """
    chosen = form or _BY_ENDING.get(target.suffix.lower(), "pfgallery")
    if chosen != "pfgallery" and contents != EVERYTHING:
        raise UsageError(reason="Only an archive can leave pictures or the audit out")
    sealed = chosen == "pfgallery" and not plain
    with opened_gallery(request) as store:
        asks = target.exists() if sealed else True
        if asks and not yes and not confirm(_question(target, chosen, sealed=sealed)):
            kept = _document(target, chosen, sealed, exported=False)
            return Answer(kept, (Line("Nothing was exported."),), NO_EXIT)
        passphrase = new_archive_passphrase(request) if sealed else None
        subjects = _write(request, store, target, chosen, passphrase, contents)
    document = _document(target, chosen, sealed, subjects=subjects)
    people = "1 person" if subjects == 1 else f"{subjects:,} people"
    places = " and ".join([str(target), *document.also])
    lines = (
        Line(f"Exported {people} to {places}.", Style.GOOD),
        Line(_advice(sealed=sealed)),
    )
    return Answer(document, lines, YES_EXIT)


def new_archive_passphrase(request: Request) -> str:
    """From the environment, or asked for twice.

    Raises:
        KeysDeniedError: Nobody is there to ask, it is empty, or the two differ.
    """
    given = request.environment.get(ARCHIVE_PASSPHRASE_VARIABLE)
    if given:
        return given
    if not sys.stdin.isatty():
        raise KeysDeniedError(
            reason=f"an archive is sealed by a passphrase, and {ARCHIVE_PASSPHRASE_VARIABLE} does "
            "not hold one; --plain writes it in the open"
        )
    first = getpass.getpass("Passphrase of the archive: ")
    if not first:
        raise KeysDeniedError(reason="an empty passphrase protects nothing; nothing was exported")
    if getpass.getpass("The same again: ") != first:
        raise KeysDeniedError(reason="the two passphrases differ; nothing was exported")
    return first


def _write(
    request: Request,
    store: OpenGallery,
    target: Path,
    form: ExportFormat,
    passphrase: str | None,
    contents: ArchiveContents,
) -> int:
    watch = Watch(report=_tell)
    transfer = store.gallery.transfer
    if form == "pfgallery":
        cards = _cards(request)
        version = program_version()
        return transfer.export_archive(target, version, cards, passphrase, contents, watch)
    if form == "sqlite":
        return transfer.export_plain(target, watch)
    return transfer.export_lists(target, form)


def _tell(done: int, total: int) -> None:
    if done and done % PROGRESS_EVERY == 0 and done < total:
        talk(f"{done:,} of {total:,} people written.")


def _cards(request: Request) -> Mapping[ModelId, ModelCard]:
    packs = list_packs(folders_of(request).models).packs
    return {pack.model_id: pack.card for pack in packs if pack.card.role == "embedder"}


def _document(
    target: Path, form: ExportFormat, sealed: bool, *, exported: bool = True, subjects: int = 0
) -> Exported:
    beside = (str(events_file(target)),) if form == "csv" and exported else ()
    return Exported(
        path=str(target),
        format=form,
        exported=exported,
        sealed=sealed,
        subjects=subjects,
        also=beside,
    )


def _question(target: Path, form: ExportFormat, *, sealed: bool) -> str:
    if sealed:
        return f"Replace the file that is there, '{target}', with a sealed archive?"
    replacing = "Replace the file that is there with" if target.exists() else "Write"
    return f"{replacing} {_OPEN[form]} to '{target}'? Everybody who can read that file can use it."


def _advice(*, sealed: bool) -> str:
    if sealed:
        return "It opens with its passphrase only; without it nobody can read it, you included."
    return "It is not encrypted: keep it where only you can read it."
