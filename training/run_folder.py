"""The folder of a run: what it was made with at its start, curves and a report at its end."""

import json
import platform
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec
import torch

from training import plots
from training.checkpoint import LAST
from training.engine.log import METRICS
from training.errors import CheckpointError, DataError
from training.recipe.sections import Section
from training.recipe.writer import write_recipe

RECIPE, ENVIRONMENT, REPORT = "recipe.toml", "environment.json", "report.md"
PACKAGES = ("torch", "numpy", "onnx", "onnxruntime", "opencv-python", "opencv-python-headless")
MAX_METRICS_BYTES = 512 * 1024 * 1024  # a line has 200 bytes; a run of a year has fewer
SHARED_FIGURES = ("presentations", "kind", "side")  # of every line; no curves of their own

Facts = dict[str, str | int | float]


def open_run(
    out: Path, recipe: Section, facts: Mapping[str, str | int | float], device: str
) -> None:
    """Make the folder, and write RUN/recipe.toml and RUN/environment.json.

    Args:
        facts: What the recipe does not say: digests of data and teachers, counts.
        device: That trains, in words.
    """
    out.mkdir(parents=True, exist_ok=True)
    write_recipe(out / RECIPE, recipe)
    everything = environment(device) | dict(facts)
    (out / ENVIRONMENT).write_bytes(msgspec.json.format(msgspec.json.encode(everything)))


def environment(device: str) -> Facts:
    """Versions, machine and commit, for whoever reads a run later."""
    facts: Facts = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "machine": platform.machine(),
        "device": device,
        "commit": _commit(),
    }
    for name in PACKAGES:
        try:
            facts[name] = version(name)
        except PackageNotFoundError:
            continue
    return facts


def device_words(device: torch.device) -> str:
    """A device's name, such as "cpu" or "cuda:0 (NVIDIA H100)"."""
    if device.type != "cuda":
        return str(device)
    return f"{device} ({torch.cuda.get_device_name(device)})"


def read_environment(run: Path) -> Facts:
    """RUN/environment.json.

    Raises:
        CheckpointError: Missing or damaged.
    """
    try:
        return msgspec.json.decode((run / ENVIRONMENT).read_bytes(), type=Facts)
    except (OSError, msgspec.MsgspecError) as error:
        raise CheckpointError(path=run / ENVIRONMENT, reason=str(error)) from error


def _commit() -> str:
    """The checkout's commit, marked where files were changed since; empty outside a checkout."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def read_metrics(run: Path) -> tuple[dict[str, float | str], ...]:
    """The lines of RUN/metrics.jsonl; a last line that a crash cut short is left out.

    Raises:
        DataError: Missing, far too long, or no metrics.
    """
    path = run / METRICS
    try:
        if path.stat().st_size > MAX_METRICS_BYTES:
            raise DataError(path=path, reason="it is longer than any run")
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(path=path, reason=str(error)) from error
    found: list[dict[str, float | str]] = []
    for number, line in enumerate(lines):
        try:
            found.append(msgspec.json.decode(line, type=dict[str, float | str]))
        except msgspec.MsgspecError as error:
            if number + 1 < len(lines):
                raise DataError(path=path, reason=f"line {number + 1}: {error}") from error
    return tuple(found)


def curves(lines: tuple[dict[str, float | str], ...]) -> dict[str, list[tuple[float, float]]]:
    """By figure, its points (presentations, value); "train" and the other kinds apart."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for line in lines:
        group = "train" if line["kind"] == "train" else "check"
        for name, value in line.items():
            if name not in SHARED_FIGURES and isinstance(value, float | int):
                if group == "check" and name in ("images_per_s", "cpu_ms"):
                    continue
                found[f"{group}_{name}"].append((float(line["presentations"]), float(value)))
    return dict(found)


def finish_run(out: Path, title: str, notes: tuple[str, ...] = ()) -> None:
    """Draw RUN/<figure>.png for every curve and write RUN/report.md.

    Args:
        title: Of the report, one line.
        notes: Sentences about this run, such as what was left out of the data.

    Raises:
        DataError: There are no metrics.
    """
    lines = read_metrics(out)
    found = curves(lines)
    for name, points in found.items():
        across, up = zip(*points, strict=True)
        plots.lines(
            out / f"{name}.png",
            [plots.Series(name, across, up)],
            x_label="presentations",
            y_label=name,
            title=title,
        )
    last = lines[-1] if lines else {}
    text = [f"# {title}", "", *(f"- {note}" for note in notes), *([""] if notes else [])]
    shown = _number(last.get("presentations"))
    words = "Finished after" if last.get("kind") == "end" else "Stopped, and can be resumed, at"
    text += [f"{words} {shown} presentations.", ""]
    text += ["| figure | first | last | lowest | highest |", "|---|---|---|---|---|"]
    for name, points in found.items():
        values = [value for _, value in points]
        row = (values[0], values[-1], min(values), max(values))
        text.append(f"| {name} | {' | '.join(_number(value) for value in row)} |")
    text += ["", *(f"![{name}]({name}.png)" for name in found), ""]
    text += [f"State: `{LAST}/`. Recipe: `{RECIPE}`. Made with:", "", "```json"]
    text += [json.dumps(read_environment(out), indent=2), "```", ""]
    (out / REPORT).write_text("\n".join(text), encoding="utf-8")


def _number(value: float | str | None) -> str:
    return f"{value:.6g}" if isinstance(value, float | int) else str(value)
