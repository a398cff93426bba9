"""`gallery export`: a plain copy that other programs can open."""

from pathlib import Path

from app.cli.answer import NO_EXIT, YES_EXIT, Answer
from app.cli.documents import Exported
from app.cli.render import Line, Style, confirm
from app.cli.request import Request
from app.cli.session import opened_gallery


def export(request: Request, target: Path, yes: bool) -> Answer:
    """Write everything unencrypted to `target`, once confirmed."""
    with opened_gallery(request) as store:
        if not yes and not confirm(_question(target)):
            kept = Exported(path=str(target), exported=False, subjects=0)
            return Answer(kept, (Line("Nothing was exported."),), NO_EXIT)
        subjects = store.gallery.export_plain(target)
    document = Exported(path=str(target), exported=True, subjects=subjects)
    people = "1 person" if subjects == 1 else f"{subjects} people"
    lines = (
        Line(f"Exported {people} to {target}.", Style.GOOD),
        Line("The copy is not encrypted: keep it where only you can read it."),
    )
    return Answer(document, lines, YES_EXIT)


def _question(target: Path) -> str:
    replacing = "Replace the file that is there with" if target.exists() else "Write"
    return (
        f"{replacing} an unencrypted copy of all names and face templates to '{target}'? "
        "Everybody who can read that file can use it."
    )
