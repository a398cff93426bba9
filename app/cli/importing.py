"""`gallery import`: archives, plain copies, folders of pictures, a people library."""

import getpass
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from app.cli.answer import YES_EXIT, Answer
from app.cli.documents import Refused
from app.cli.portable_documents import Brought, Imported
from app.cli.render import Block, Line, Style, Table, talk
from app.cli.request import ARCHIVE_PASSPHRASE_VARIABLE, Request
from app.cli.session import folders_of, open_store, settings_of
from app.present.importing import compared, outcome, refusal_code, refused, summary
from core.attempts.incoming import Incoming, read_incoming
from core.attempts.people_pictures import Eyes
from core.domain.importing import ImportPlan, OnConflict, Verdict
from core.domain.watch import Watch
from core.errors import KeysDeniedError, UsageError, VisionError
from core.model_swap import Retemplating
from core.settings import Folders, Settings, locate_folders
from core.vision.assess import ENROL_LIMITS
from core.vision.packs import find_pack
from core.wiring import OpenGallery, build_gallery, build_vision

PROGRESS_EVERY = 200  # pictures or people between two lines: a few seconds of work
_COLUMNS = ("name", "compared with who is enrolled", "what happens")
_CONFLICT_ADVICE = (
    "Who is enrolled already stayed as he is; --on-conflict merge adds the pictures, replace and "
    "rename are the other ways."
)


def bring_in(request: Request, path: Path, on_conflict: OnConflict, dry_run: bool) -> Answer:
    """Import everybody at `path`, or only say what that would do."""
    folders = folders_of(request)
    settings = settings_of(request, folders)
    # Before the gallery is opened: a file that cannot be read must not leave an empty one behind.
    incoming = read_incoming(
        path,
        lambda: _archive_passphrase(request),
        lambda: _eyes(settings, folders),
        Watch(report=_tell),
    )
    if dry_run and not folders.gallery_file.exists():
        plan, made, missing = _plan_without_gallery(incoming, settings, on_conflict), 0, 0
    else:
        store = open_store(request, folders, settings)
        with closing(store.gallery):
            plan = _import(store, incoming, on_conflict, dry_run=dry_run)
            made, missing = (0, 0) if dry_run else _complete(settings, folders, store)
    document = _document(path, incoming, plan, on_conflict, (made, missing), dry_run=dry_run)
    return Answer(document, tuple(_blocks(incoming, plan, document)), YES_EXIT)


def _import(
    store: OpenGallery, incoming: Incoming, on_conflict: OnConflict, *, dry_run: bool
) -> ImportPlan:
    with incoming.subjects() as subjects:
        return store.gallery.transfer.import_subjects(
            subjects, on_conflict, total=incoming.total, dry_run=dry_run
        )


def _plan_without_gallery(
    incoming: Incoming, settings: Settings, on_conflict: OnConflict
) -> ImportPlan:
    """Beside an empty gallery that is thrown away, so that a dry run makes none."""
    own = msgspec.structs.replace(settings, key_store="file")
    with TemporaryDirectory(prefix="pocketface-") as folder:
        store = build_gallery(own, locate_folders(Path(folder)), None)
        with closing(store.gallery):
            return _import(store, incoming, on_conflict, dry_run=True)


def _archive_passphrase(request: Request) -> str:
    given = request.environment.get(ARCHIVE_PASSPHRASE_VARIABLE)
    if given:
        return given
    if not sys.stdin.isatty():
        raise KeysDeniedError(
            reason=f"the archive needs its passphrase, and {ARCHIVE_PASSPHRASE_VARIABLE} does not "
            "hold it"
        )
    return getpass.getpass("Passphrase of the archive: ")


def _eyes(settings: Settings, folders: Folders) -> Eyes:
    vision = build_vision(settings, folders)
    return Eyes(vision.parts("exactly-one", ENROL_LIMITS), vision.same_person_threshold)


def _complete(settings: Settings, folders: Folders, store: OpenGallery) -> tuple[int, int]:
    """Let the model in use know what came in from another one: templates made, and missing."""
    try:
        model = find_pack(settings.model, folders.models).model_id
        if not any(entry.has_crop for entry in store.gallery.templates.awaiting(model)):
            return 0, len(store.gallery.templates.awaiting(model))
        work = Retemplating(store.gallery.templates, build_vision(settings, folders).embedder)
    except (VisionError, UsageError) as error:
        talk(f"The model in use could not look at what was imported: {error.sentence}")
        return 0, 0
    work.run()
    return work.made, len(store.gallery.templates.awaiting(model))


def _tell(done: int, total: int) -> None:
    if done and done % PROGRESS_EVERY == 0 and done < total:
        talk(f"{done:,} of {total:,} pictures looked at.")


def _document(
    path: Path,
    incoming: Incoming,
    plan: ImportPlan,
    on_conflict: OnConflict,
    templates: tuple[int, int],
    *,
    dry_run: bool,
) -> Imported:
    made, missing = templates
    return Imported(
        path=str(path),
        kind=incoming.kind.value,
        done=not dry_run,
        on_conflict=on_conflict.value,
        people=tuple(
            Brought(
                name=it.name,
                verdict=it.verdict.value,
                deed=it.deed.value,
                stored_as=it.stored_as,
                references=it.references,
                added=it.added,
                existing=it.existing,
            )
            for it in plan.subjects
        ),
        refused=tuple(
            Refused(source=str(it.path), code=refusal_code(it), sentence=refused(it))
            for it in incoming.refused
        ),
        change=plan.entry,
        templates_made=made,
        templates_missing=missing,
    )


def _blocks(incoming: Incoming, plan: ImportPlan, document: Imported) -> list[Block]:
    rows = tuple((it.name, compared(it), outcome(it, done=document.done)) for it in plan.subjects)
    blocks: list[Block] = [Table(_COLUMNS, rows)] if rows else []
    blocks += [Line(f"Not used: {it.path}: {refused(it)}") for it in incoming.refused]
    style = Style.GOOD if document.done and plan.changes else Style.STRONG
    blocks.append(Line(summary(plan, done=document.done), style))
    if plan.count(Verdict.CONFLICT) and document.on_conflict == OnConflict.KEEP:
        blocks.append(Line(_CONFLICT_ADVICE))
    if document.templates_made:
        blocks.append(
            Line(f"The model in use looked at {document.templates_made:,} imported pictures anew.")
        )
    if document.templates_missing:
        blocks.append(
            Line(
                f"It does not know {document.templates_missing:,} pictures; `pocketface models "
                "recapture` lists whose.",
                Style.CAUTION,
            )
        )
    if document.change is not None:
        blocks.append(Line(f"`pocketface people undo {document.change}` takes it back."))
    return blocks
