"""Signatures and help of the commands on exports, imports and changes of model."""

from pathlib import Path
from typing import Annotated, Literal

import typer

# ruff: noqa: PLC0415 - imports inside functions are the point of this module; see `commands`
from app.cli.commands import ModelName, Yes, finish, gallery_app, models_app

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")]


@gallery_app.command("export")
def gallery_export(
    context: typer.Context,
    out: Annotated[Path, typer.Argument(help="The file to write, such as people.pfgallery.")],
    form: Annotated[
        Literal["pfgallery", "sqlite", "csv", "json"] | None,
        typer.Option(
            "--format",
            help="An archive, a plain SQLite copy, or lists without templates; without this, by "
            "the file's ending.",
        ),
    ] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="An archive that needs no passphrase.")
    ] = False,
    without_pictures: Annotated[
        bool, typer.Option("--without-pictures", help="An archive without the kept face crops.")
    ] = False,
    without_audit: Annotated[
        bool, typer.Option("--without-audit", help="An archive without what was done when.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Write everybody to a file: sealed by a passphrase, or in the open after asking.

    Scripts give the passphrase in POCKETFACE_ARCHIVE_PASSPHRASE.
    """
    from app.cli import exporting as work
    from core.domain.holdings import ArchiveContents

    contents = ArchiveContents(pictures=not without_pictures, audit=not without_audit)
    finish(context, "gallery export", lambda it: work.export(it, out, form, plain, contents, yes))


@gallery_app.command("import")
def gallery_import(
    context: typer.Context,
    source: Annotated[
        Path,
        typer.Argument(
            help="An archive, a plain SQLite copy, a folder with one folder of pictures a person, "
            "or InsightFace Evaluation Studio's insightface_gui.db."
        ),
    ],
    dry_run: DryRun = False,
    on_conflict: Annotated[
        Literal["keep", "replace", "merge", "rename"],
        typer.Option(help="What becomes of people who are enrolled with other pictures."),
    ] = "keep",
) -> None:
    """Bring people in, all or none; `people undo` takes it back."""
    from app.cli import importing as work
    from core.domain.importing import OnConflict

    chosen = OnConflict(on_conflict)
    finish(context, "gallery import", lambda it: work.bring_in(it, source, chosen, dry_run))


@models_app.command("use")
def models_use(
    context: typer.Context, name: ModelName, dry_run: DryRun = False, yes: Yes = False
) -> None:
    """Let another model decide from now on; nobody has to be enrolled again.

    The enrolled people's kept pictures are shown to it first. Stopped half way, the same command
    goes on where it was; until it is through, the former model decides.
    """
    from app.cli import swap as work

    finish(context, "models use", lambda it: work.use(it, name, dry_run, yes))


@models_app.command("rollback")
def models_rollback(context: typer.Context, dry_run: DryRun = False, yes: Yes = False) -> None:
    """Go back to the model before."""
    from app.cli import swap as work

    finish(context, "models rollback", lambda it: work.rollback(it, dry_run, yes))


@models_app.command("forget-former")
def models_forget_former(context: typer.Context, yes: Yes = False) -> None:
    """Remove what former models knew, once there is no need to go back; asks first."""
    from app.cli import swap as work

    finish(context, "models forget-former", lambda it: work.forget_former(it, yes))


@models_app.command("recapture")
def models_recapture(context: typer.Context) -> None:
    """List whom the model in use does not know from all pictures."""
    from app.cli import swap as work

    finish(context, "models recapture", work.recapture)
