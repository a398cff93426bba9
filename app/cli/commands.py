"""Every command's signature and help; the work is imported only when a command runs.

So `--help` and `--version` load neither numpy nor a model runtime, and a command whose
libraries are missing leaves the others alone.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

# ruff: noqa: PLC0415 - imports inside functions are the point of this module
from app.cli.request import Request

Name = Annotated[str, typer.Argument(help="The person's name; quote it if it holds spaces.")]
Source = Annotated[
    str | None,
    typer.Option(
        help="A camera's number, name or VID:PID, a video, a folder of pictures, or a stream "
        "address (rtsp://…). Without a picture and without this, the camera of the settings.",
    ),
]
Image = Annotated[Path | None, typer.Argument(help="A picture, in place of a source.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; for scripts.")]

people_app = typer.Typer(rich_markup_mode=None, help="The enrolled people.")
models_app = typer.Typer(rich_markup_mode=None, help="The model packs.")
gallery_app = typer.Typer(rich_markup_mode=None, help="The store of enrolled people.")


def finish(context: typer.Context, command: str, run: "Callable[[Request], object]") -> None:
    """Run a command, deliver its answer and leave with its exit code."""
    from app.cli.answer import Answer, deliver

    request: Request = context.obj
    answer = run(request)
    assert isinstance(answer, Answer), "a command returns an Answer"
    deliver(command, answer, json=request.json)
    raise typer.Exit(answer.exit_code)


def one_of(image: Path | None, source: str | None) -> None:
    """Refuse a picture together with a source."""
    if image is not None and source is not None:
        raise typer.BadParameter("give either a picture or --source, not both")


def enrol(
    context: typer.Context,
    name: Name,
    images: Annotated[
        list[Path] | None, typer.Argument(help="Pictures, or folders of pictures, of one person.")
    ] = None,
    source: Source = None,
    note: Annotated[str, typer.Option(help="Kept with the name.")] = "",
    consent: Annotated[str, typer.Option(help="On what consent; any words.")] = "",
    keep_until: Annotated[
        str | None, typer.Option(help="The last day to keep the person, such as 2027-12-31.")
    ] = None,
    add: Annotated[bool, typer.Option("--add", help="Add to somebody who is enrolled.")] = False,
) -> None:
    """Enrol a person from pictures, or guided in front of a camera.

    Each picture that is not used is named with what to do about it. Exit code 3 where nothing
    could be used.
    """
    from app.cli import enrol as work

    one_of(images[0] if images else None, source)
    chosen = tuple(images or ())
    terms = work.Terms(note, consent, keep_until)
    finish(context, "enrol", lambda it: work.enrol(it, name, chosen, source, terms, add))


def verify(
    context: typer.Context,
    name: Name,
    image: Image = None,
    source: Source = None,
    receipt: Annotated[
        Path | None, typer.Option(help="Write a signed receipt of the decision, as JSON.")
    ] = None,
    with_picture: Annotated[
        bool, typer.Option("--with-picture", help="Keep the picture in the receipt.")
    ] = False,
) -> None:
    """Is this the person of that name? 0 yes, 1 no, 3 no decision possible."""
    from app.cli import verify as work
    from app.cli.receipts import ReceiptWish

    one_of(image, source)
    if with_picture and receipt is None:
        raise typer.BadParameter("--with-picture goes with --receipt")
    wish = None if receipt is None else ReceiptWish(receipt, with_picture)
    finish(context, "verify", lambda it: work.verify(it, name, image, source, wish))


def identify(context: typer.Context, image: Image = None, source: Source = None) -> None:
    """Who of the enrolled people is this? 0 somebody, 1 nobody known, 3 no decision possible."""
    from app.cli import verify as work

    one_of(image, source)
    finish(context, "identify", lambda it: work.identify(it, image, source))


def compare(
    context: typer.Context,
    a: Annotated[Path, typer.Argument(help="A picture.")],
    b: Annotated[Path, typer.Argument(help="Another picture.")],
) -> None:
    """Do two pictures show the same person? 0 match, 1 no match, 3 no decision possible."""
    from app.cli import compare as work

    finish(context, "compare", lambda it: work.compare(it, a, b))


def detect(
    context: typer.Context,
    image: Annotated[Path, typer.Argument(help="A picture.")],
    draw: Annotated[
        Path | None, typer.Option(help="Write a PNG with the faces marked, replacing the file.")
    ] = None,
) -> None:
    """Find the faces of a picture and say how good they are. 3 where there is none."""
    from app.cli import detect as work

    finish(context, "detect", lambda it: work.detect(it, image, draw))


def cameras(context: typer.Context) -> None:
    """List the cameras that are connected, without switching any on."""
    from app.cli import cameras as work

    finish(context, "cameras", work.cameras)


def doctor(context: typer.Context) -> None:
    """Check versions, models, gallery, key store, cameras and window; 4 if something is broken."""
    from app.cli import doctor as work

    finish(context, "doctor", work.doctor)


def bench(
    context: typer.Context,
    rounds: Annotated[int, typer.Option(min=10, max=10_000, help="Counted rounds.")] = 100,
    opencv_detector: Annotated[
        Path | None, typer.Option(help="A model file for OpenCV's FaceDetectorYN.")
    ] = None,
    opencv_recogniser: Annotated[
        Path | None, typer.Option(help="A model file for OpenCV's FaceRecognizerSF.")
    ] = None,
) -> None:
    """Time every stage on a 640x480 frame, side by side with OpenCV's models where given."""
    from app.cli import bench as work

    finish(context, "bench", lambda it: work.bench(it, rounds, opencv_detector, opencv_recogniser))


@gallery_app.command("measure")
def gallery_measure(
    context: typer.Context,
    references: Annotated[
        list[int] | None,
        typer.Option(min=10, max=10_000_000, help="References in the gallery; may be repeated."),
    ] = None,
    probes: Annotated[int, typer.Option(min=10, max=100_000, help="Searched in each.")] = 200,
) -> None:
    """Time galleries of random templates: enrolment, start, search, memory, file.

    They are made in a temporary folder and thrown away. Without --references: 10000 and 100000.
    """
    from app.cli import growth as work

    sizes = references or [10_000, 100_000]
    finish(context, "gallery measure", lambda _: work.measure(sizes, probes))


def demo(
    context: typer.Context,
    seconds: Annotated[
        float | None, typer.Option(help="Close the window by itself after so long.")
    ] = None,
) -> None:
    """See a live verification of people who do not exist, in a gallery that is thrown away.

    Opens the window where there is a screen; otherwise runs in the terminal.
    """
    from app.cli import demo as work

    finish(context, "demo", lambda it: work.demo(it, seconds))


def schema(
    context: typer.Context,
    command: Annotated[
        list[str] | None, typer.Argument(help="For example: people list. Without: all names.")
    ] = None,
) -> None:
    """Print the JSON schema of what a command writes with --json."""
    from app.cli import render
    from app.cli import schema as work

    if not command:
        finish(context, "schema", lambda _: work.list_schemas())
    render.write_document(work.schema_of(" ".join(command or ())))


@people_app.command("list")
def people_list(context: typer.Context) -> None:
    """List everybody who is enrolled."""
    from app.cli import people as work

    finish(context, "people list", work.list_people)


@people_app.command("show")
def people_show(context: typer.Context, name: Name) -> None:
    """Show one person with the references that are stored."""
    from app.cli import people as work

    finish(context, "people show", lambda it: work.show(it, name))


@people_app.command("rename")
def people_rename(
    context: typer.Context,
    name: Name,
    new_name: Annotated[str, typer.Argument(help="A name that nobody has yet.")],
) -> None:
    """Give a person another name."""
    from app.cli import people as work

    finish(context, "people rename", lambda it: work.rename(it, name, new_name))


@people_app.command("delete")
def people_delete(context: typer.Context, name: Name, yes: Yes = False) -> None:
    """Delete a person with all references; asks first, and can be undone."""
    from app.cli import people as work

    finish(context, "people delete", lambda it: work.delete(it, name, yes))


ModelName = Annotated[str, typer.Argument(help="A name out of `models list`.")]


@models_app.command("list")
def models_list(context: typer.Context) -> None:
    """List the built-in and the added models."""
    from app.cli import models as work

    finish(context, "models list", work.list_models)


@models_app.command("show")
def models_show(context: typer.Context, name: ModelName) -> None:
    """Show a model's card, measurements and licence, and try it on built-in faces."""
    from app.cli import models as work

    finish(context, "models show", lambda it: work.show(it, name))


@models_app.command("add")
def models_add(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(help="A pack (folder or zip), an InsightFace folder, or a bare .onnx file."),
    ],
    name: Annotated[str | None, typer.Option(help="Bare file: what to call it.")] = None,
    colour: Annotated[str | None, typer.Option(help="Bare file: rgb or bgr.")] = None,
    mean: Annotated[
        str | None, typer.Option(help="Bare file: M or M,M,M on the 0–255 scale.")
    ] = None,
    std: Annotated[
        str | None, typer.Option(help="Bare file: S or S,S,S on the 0–255 scale.")
    ] = None,
    licence: Annotated[str, typer.Option(help="Bare file: its licence.")] = "not stated",
    non_commercial: Annotated[
        bool, typer.Option("--non-commercial", help="Bare file: commercial use is not allowed.")
    ] = False,
    accept_licence: Annotated[
        bool,
        typer.Option("--accept-licence", help="InsightFace: agree to its licence; for scripts."),
    ] = False,
) -> None:
    """Add a face recognition model, after trying it on built-in faces."""
    from app.cli import models as work

    if colour not in {None, "rgb", "bgr"}:
        raise typer.BadParameter("--colour is rgb or bgr")
    options = work.AddOptions(name, colour, mean, std, licence, non_commercial, accept_licence)
    finish(context, "models add", lambda it: work.add(it, file, options))


@models_app.command("measure")
def models_measure(
    context: typer.Context,
    name: ModelName,
    folder: Annotated[
        Path, typer.Argument(help="One folder a person in it, each with pictures of that person.")
    ],
) -> None:
    """Measure an added model on pictures of people you know, so that it can decide."""
    from app.cli import measure as work

    finish(context, "models measure", lambda it: work.measure(it, name, folder))


@models_app.command("remove")
def models_remove(context: typer.Context, name: ModelName, yes: Yes = False) -> None:
    """Remove an added model; asks first."""
    from app.cli import models as work

    finish(context, "models remove", lambda it: work.remove(it, name, yes))


def register(root: typer.Typer) -> None:
    """Hang every command on the root, in the order of the help."""
    root.command()(enrol)
    root.command()(verify)
    root.command()(identify)
    root.command()(compare)
    root.command()(detect)
    root.add_typer(people_app, name="people")
    root.add_typer(models_app, name="models")
    root.add_typer(gallery_app, name="gallery")
    root.command()(cameras)
    root.command()(doctor)
    root.command()(bench)
    root.command()(demo)
    root.command()(schema)
