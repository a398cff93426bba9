"""Signatures and help of the commands on history, erasure, keys, audit and receipts."""

from pathlib import Path
from typing import Annotated, Literal

import typer

# ruff: noqa: PLC0415 - imports inside functions are the point of this module; see `commands`
from app.cli.commands import Name, Yes, finish, gallery_app, people_app

audit_app = typer.Typer(
    rich_markup_mode=None, help="What was done with the gallery, and receipts of decisions."
)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")]
Certificate = Annotated[
    Path | None, typer.Option(help="Write the certificate as JSON, replacing the file.")
]
To = Annotated[
    Path | None,
    typer.Option("--to", help="A key file that does not exist yet, such as on a stick."),
]


@people_app.command("merge")
def people_merge(
    context: typer.Context,
    name: Name,
    other: Annotated[str, typer.Argument(help="Who is the same person; disappears.")],
    dry_run: DryRun = False,
) -> None:
    """Give all pictures of one person to another: they are the same."""
    from app.cli import history as work

    finish(context, "people merge", lambda it: work.merge(it, name, other, dry_run))


@people_app.command("split")
def people_split(
    context: typer.Context,
    name: Name,
    new_name: Annotated[
        str | None, typer.Argument(help="With --picture: the name of the new person.")
    ] = None,
    picture: Annotated[
        list[str] | None,
        typer.Option(help="Id of a picture that is somebody else's, out of `people show`; repeat."),
    ] = None,
) -> None:
    """Take a wrong merge apart, or move pictures of somebody else to a new person."""
    from app.cli import history as work

    chosen = tuple(picture or ())
    finish(context, "people split", lambda it: work.split(it, name, new_name, chosen))


@people_app.command("undo")
def people_undo(
    context: typer.Context,
    number: Annotated[
        int | None, typer.Argument(help="A number out of `people history`; without, the newest.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Take back a change: an enrolment, renaming, merge, split, deletion or import."""
    from app.cli import history as work

    finish(context, "people undo", lambda it: work.undo(it, number, dry_run))


@people_app.command("redo")
def people_redo(context: typer.Context) -> None:
    """Carry out again what was undone last."""
    from app.cli import history as work

    finish(context, "people redo", work.redo)


@people_app.command("history")
def people_history(context: typer.Context) -> None:
    """List the changes that can be undone, newest first."""
    from app.cli import history as work

    finish(context, "people history", work.history)


@people_app.command("terms")
def people_terms(
    context: typer.Context,
    name: Name,
    consent: Annotated[str | None, typer.Option(help="On what consent; any words.")] = None,
    keep_until: Annotated[
        str | None, typer.Option(help="The last day, such as 2027-12-31, or 'never'.")
    ] = None,
) -> None:
    """Note on what consent, and until which day, a person is kept."""
    from app.cli import erasing as work

    finish(context, "people terms", lambda it: work.set_terms(it, name, consent, keep_until))


@people_app.command("erase")
def people_erase(
    context: typer.Context, name: Name, yes: Yes = False, certificate: Certificate = None
) -> None:
    """Destroy everything about a person for good, and print a certificate; asks first.

    Exit code 4 where something could not be cleaned; it is named.
    """
    from app.cli import erasing as work

    finish(context, "people erase", lambda it: work.erase(it, name, yes, certificate))


@gallery_app.command("expire")
def gallery_expire(
    context: typer.Context,
    yes: Yes = False,
    dry_run: DryRun = False,
    certificate: Certificate = None,
) -> None:
    """List the people whose last day is over and erase them; asks first."""
    from app.cli import erasing as work

    finish(context, "gallery expire", lambda it: work.expire(it, yes, dry_run, certificate))


@gallery_app.command("passphrase")
def gallery_passphrase(context: typer.Context) -> None:
    """Change the passphrase. For scripts: POCKETFACE_NEW_PASSPHRASE holds the new one."""
    from app.cli import keys as work

    finish(context, "gallery passphrase", work.change_passphrase)


@gallery_app.command("move-key")
def gallery_move_key(
    context: typer.Context,
    place: Annotated[
        Literal["keyring", "passphrase", "file"], typer.Argument(help="Where the key is to lie.")
    ],
    to: To = None,
) -> None:
    """Keep the gallery's key in the key ring, under a passphrase, or in a file; it is a new one."""
    from app.cli import keys as work

    finish(context, "gallery move-key", lambda it: work.move(it, place, to))


@gallery_app.command("rotate-key")
def gallery_rotate_key(context: typer.Context, to: To = None) -> None:
    """Replace the gallery's keys where they are, for instance after somebody saw one."""
    from app.cli import keys as work

    finish(context, "gallery rotate-key", lambda it: work.rotate(it, to))


@gallery_app.command("lock")
def gallery_lock(context: typer.Context) -> None:
    """Put a gallery that opens by itself under a passphrase, until it is unlocked."""
    from app.cli import keys as work

    finish(context, "gallery lock", work.lock)


@gallery_app.command("unlock")
def gallery_unlock(context: typer.Context) -> None:
    """Take the passphrase of `gallery lock` off: the key goes back to where it was."""
    from app.cli import keys as work

    finish(context, "gallery unlock", work.unlock)


@audit_app.command("verify")
def audit_verify(context: typer.Context) -> None:
    """Check that no event was removed, altered or moved. 0 none was, 1 one was."""
    from app.cli import audit as work

    finish(context, "audit verify", work.verify)


@audit_app.command("head")
def audit_head(context: typer.Context) -> None:
    """Print the newest event's digest and the receipts' public key, to be kept elsewhere."""
    from app.cli import audit as work

    finish(context, "audit head", work.head)


@audit_app.command("export")
def audit_export(
    context: typer.Context,
    out: Annotated[Path, typer.Argument(help="The file to write, one JSON document a line.")],
) -> None:
    """Write all events to a file; they name nobody."""
    from app.cli import audit as work

    finish(context, "audit export", lambda it: work.export(it, out))


@audit_app.command("check-receipt")
def audit_check_receipt(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="What `verify --receipt` wrote.")],
    image: Annotated[
        Path | None, typer.Argument(help="The picture it was about, to decide again.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="The video or folder it was about, to decide again.")
    ] = None,
    public_key: Annotated[
        str | None, typer.Option(help="Of the gallery that signed, where it is another one.")
    ] = None,
) -> None:
    """Is this receipt genuine, and does its decision hold? 0 yes, 1 no, 3 signer not known."""
    from app.cli import receipts as work

    finish(
        context,
        "audit check-receipt",
        lambda it: work.check(it, file, image, source, public_key),
    )


def register(root: typer.Typer) -> None:
    """Hang the groups on the root that `commands` does not have."""
    root.add_typer(audit_app, name="audit")
