"""`models list|show|add|remove`: the model packs."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from app.cli.answer import NO_EXIT, YES_EXIT, Answer
from app.cli.render import Block, Line, Style, Table, confirm, talk
from app.cli.reports import (
    BrokenModel,
    Measured,
    Model,
    ModelAdded,
    ModelRemoved,
    Models,
    ModelShown,
    Point,
)
from app.cli.request import Request
from app.cli.session import folders_of, settings_of
from core.errors import UsageError
from core.model_swap import refuse_if_kept
from core.settings import Settings, read_settings
from core.vision.packs import ModelPack, find_pack, list_packs

if TYPE_CHECKING:
    from core.vision.pack_source import BareFacts
    from core.vision.probe import ProbeReport

# What needs OpenCV is imported where it is used, so that models can be listed without it.
# ruff: noqa: PLC0415

_LIST_COLUMNS = ("name", "role", "in use", "vector", "licence", "commercial use", "origin")
_POINT_COLUMNS = ("FMR aimed at", "threshold", "false matches", "misses", "measured on")
_CHANNELS = 3
_YES_NO = {True: "yes", False: "no"}


@dataclass(frozen=True, slots=True)
class AddOptions:
    """What a bare model file cannot say itself; texts as typed, None where not given.

    Attributes:
        accept_licence: The terms of a pack that asks for consent were agreed to beforehand.
    """

    name: str | None
    colour: str | None
    mean: str | None
    std: str | None
    licence: str
    non_commercial: bool
    accept_licence: bool = False


def list_models(request: Request) -> Answer:
    """Every pack, and every folder that is no usable one."""
    folders = folders_of(request)
    settings = settings_of(request, folders)
    found = list_packs(folders.models)
    models = tuple(model_document(pack, settings) for pack in found.packs)
    broken = tuple(
        BrokenModel(name=entry.name, code=entry.error.code, sentence=entry.error.sentence)
        for entry in found.broken
    )
    rows = tuple(_row(model) for model in models)
    blocks: list[Block] = [Table(_LIST_COLUMNS, rows)]
    blocks.extend(
        Line(f"Not usable: {entry.name}: {entry.sentence}", Style.CAUTION) for entry in broken
    )
    return Answer(Models(models=models, broken=broken), tuple(blocks))


def show(request: Request, name: str) -> Answer:
    """One pack: its card, its measurements, and what the probe says."""
    from core.vision.probe import check_pack

    folders = folders_of(request)
    settings = settings_of(request, folders)
    pack = find_pack(name, folders.models)
    report = check_pack(pack, settings.threads) if pack.card.role == "embedder" else None
    model = model_document(pack, settings)
    warnings = _warnings(report)
    card = pack.read_text("MODEL_CARD.md")
    blocks: list[Block] = [Line(model.title or model.name, Style.STRONG), *_facts(model)]
    blocks.extend(point_table(model))
    blocks.extend(_measured_lines(model))
    blocks.extend(Line(text, Style.CAUTION) for text in warnings)
    if card:
        blocks.extend(Line(text) for text in ("", *card.splitlines()))
    document = ModelShown(
        model=model,
        warnings=warnings,
        latency_ms=report.latency_ms if report else None,
        card=card,
    )
    return Answer(document, tuple(blocks))


def add(request: Request, source: Path, options: AddOptions) -> Answer:
    """Install a pack, or a bare ONNX file with what its card would say."""
    from core.vision.insightface_pack import is_insightface, read_insightface
    from core.vision.pack_install import add_files, add_pack

    folders = folders_of(request)
    settings = settings_of(request, folders)
    facts = bare_facts(source, options)
    if is_insightface(source):
        terms = _agreed_terms(source, accepted=options.accept_licence)
        files = read_insightface(source, terms, settings.threads)
        assert files.card is not None, "an InsightFace pack is given a card"
        added = add_files(files, files.card, folders.models, settings.threads)
    else:
        added = add_pack(source, folders.models, facts, settings.threads)
    model = model_document(added.pack, settings)
    warnings = _warnings(added.report)
    lines = [
        Line(f"Added {model.name}.", Style.GOOD),
        *_facts(model),
        *(Line(text, Style.CAUTION) for text in warnings),
        Line(_next_step(model)),
    ]
    document = ModelAdded(model=model, warnings=warnings, latency_ms=added.report.latency_ms)
    return Answer(document, tuple(lines))


def _agreed_terms(source: Path, *, accepted: bool) -> str:
    """Show the licence of an InsightFace pack; the text, once somebody has agreed to it.

    Raises:
        ExtraMissingError: The extra is not installed.
        UsageError: Nobody agreed.
    """
    from core.vision.insightface_pack import licence_of

    terms = licence_of(source)
    talk(f"The licence of {source}:")
    for line in terms.splitlines():
        talk(f"  {line}")
    if not accepted and not confirm("Do you agree to this licence?", flag="--accept-licence"):
        raise UsageError(reason="The licence was not agreed to, so nothing was added")
    return terms


def remove(request: Request, name: str, yes: bool) -> Answer:
    """Delete a pack that somebody added, once confirmed."""
    folders = folders_of(request)
    settings = read_settings(folders.settings_file)
    in_use = settings.model
    refuse_if_kept(name, settings)
    pack = find_pack(name, folders.models)
    # A pack that may not go is refused before anybody is asked about it.
    asked = yes or pack.built_in or name == in_use
    if not asked and not confirm(f"Remove the model {name}? References made with it stay unused."):
        kept = ModelRemoved(name=name, removed=False)
        return Answer(kept, (Line("Nothing was removed."),), NO_EXIT)
    from core.vision.pack_install import remove_pack

    remove_pack(name, folders.models, in_use)
    document = ModelRemoved(name=name, removed=True)
    return Answer(document, (Line(f"{name} was removed.", Style.GOOD),), YES_EXIT)


_NON_COMMERCIAL = "This model's licence or training data do not allow commercial use."


def bare_facts(source: Path, options: AddOptions) -> "BareFacts | None":
    """The facts about a bare model file; None for a pack, which has a card of its own.

    Raises:
        UsageError: One is missing or cannot be read, or given although the pack has a card.
    """
    given = {
        "--name": options.name,
        "--colour": options.colour,
        "--mean": options.mean,
        "--std": options.std,
    }
    present = [name for name, value in given.items() if value is not None]
    if source.suffix.lower() != ".onnx":
        if present:
            reason = f"'{source}' is no bare .onnx file, so {', '.join(present)} cannot be given"
            raise UsageError(reason=reason)
        return None
    from core.vision.pack_source import BareFacts

    missing = [name for name, value in given.items() if value is None]
    if missing:
        example = "--name mine --colour rgb --mean 127.5 --std 127.5"
        raise UsageError(
            reason=f"A bare model file also needs {', '.join(missing)}, for example {example}"
        )
    return BareFacts(
        name=str(options.name),
        colour="bgr" if options.colour == "bgr" else "rgb",
        mean=_three("--mean", str(options.mean)),
        std=_three("--std", str(options.std)),
        licence=options.licence,
        non_commercial=options.non_commercial,
    )


def _three(option: str, text: str) -> tuple[float, float, float]:
    """One number for all channels, or three with commas between them."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 1:
        numbers *= _CHANNELS
    if len(numbers) != _CHANNELS:
        raise UsageError(reason=f"{option} is one number or three with commas, not '{text}'")
    return numbers[0], numbers[1], numbers[2]


def model_document(pack: ModelPack, settings: Settings) -> Model:
    """What the card says, and whether the pack is in use."""
    card = pack.card
    return Model(
        name=card.name,
        title=card.title,
        role=card.role,
        model_id=pack.model_id,
        sha256=card.sha256,
        licence=card.licence,
        non_commercial=card.non_commercial,
        origin=card.origin,
        built_in=pack.built_in,
        in_use=card.role == "detector" or card.name == settings.model,
        embedding_size=card.embedding_size,
        operating_points=tuple(
            Point(**msgspec.structs.asdict(point)) for point in card.operating_points
        ),
        measured=tuple(
            Measured(
                dataset=entry.dataset,
                protocol=entry.protocol,
                pairs=entry.pairs,
                accuracy=entry.accuracy,
                accuracy_low=entry.accuracy_low,
                accuracy_high=entry.accuracy_high,
            )
            for entry in card.measured
        ),
    )


def _warnings(report: "ProbeReport | None") -> tuple[str, ...]:
    if report is None:
        return ()
    from app.present.models import warn

    return tuple(warn(warning) for warning in report.warnings)


def _row(model: Model) -> tuple[str, ...]:
    return (
        model.name,
        model.role,
        _YES_NO[model.in_use],
        str(model.embedding_size or "–"),
        model.licence,
        _YES_NO[not model.non_commercial],
        "built in" if model.built_in else "added",
    )


def _facts(model: Model) -> list[Block]:
    lines: list[Block] = [
        Line(f"Licence: {model.licence}. Origin: {model.origin}"),
        Line(f"SHA-256: {model.sha256}"),
    ]
    if model.non_commercial:
        lines.append(Line(_NON_COMMERCIAL, Style.CAUTION))
    return lines


def _next_step(model: Model) -> str:
    if model.operating_points:
        return f"`pocketface models use {model.name}` makes it the one that decides."
    return (
        "It has no measured operating points, so it cannot decide yet: `pocketface models measure "
        f"{model.name} FOLDER` measures it on pictures of people, one folder a person."
    )


def point_table(model: Model) -> list[Block]:
    """The operating points; nothing where there are none."""
    rows = tuple(
        (
            f"{point.target_fmr:g}",
            f"{point.threshold:.4f}",
            f"{point.false_matches:,} of {point.non_mated:,}",
            f"{point.false_non_matches:,} of {point.mated:,}",
            point.measured_on,
        )
        for point in model.operating_points
    )
    return [Table(_POINT_COLUMNS, rows)] if rows else []


def _measured_lines(model: Model) -> list[Block]:
    return [
        Line(
            f"{entry.dataset}, {entry.protocol}: {entry.accuracy:.4f} of {entry.pairs:,} pairs "
            f"right (95 %: {entry.accuracy_low:.4f} to {entry.accuracy_high:.4f})."
        )
        for entry in model.measured
    ]
