"""Charts as PNG or lossless WebP: lines and distributions, 900×600, drawn with Pillow.

Every command that shows a curve uses these, so that reports need no plotting package.
"""

import functools
import importlib.resources
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageDraw, ImageFont

from training.plot_axis import Axis, axis_around

SIZE = (900, 600)  # px; fits a report's page and a laptop's screen
OVERSAMPLING = 2  # lines are drawn this much larger and averaged down, since Pillow's have steps
LEFT, RIGHT, BOTTOM = 84, 24, 62  # px around the plot, for labels
TITLE_TOP, LEGEND_TOP = 14, 46  # px from the upper edge
LEGEND_ROW = 22  # px a row of names
SAMPLE = 26  # px of line before each name
TITLE_PX, TEXT_PX, TICK_PX = 20, 15, 13  # font sizes
LINE_PX = 2.0
DOT_PX = 3.0  # radius of a lone point
BAND_ALPHA, FILL_ALPHA = 40, 60  # of 255
DASH_PX = 9.0  # dash and gap of the second round of colours
INK, GREY, GRID, PAPER = "#1b1f24", "#57606a", "#e3e6ea", "#ffffff"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6a3d9a", "#5b5b5b")
"""Told apart with every common colour vision; after Okabe and Ito, with two darker ones added."""

BINS = 80  # of a distribution
Place = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One named line.

    Attributes:
        x: (n,) numbers; points with a NaN, or without a place on a logarithmic axis, leave a gap.
        y: (n,).
        low: Lower end of an interval around each y, drawn as a band; None for no band.
        high: Its upper end; given if and only if `low` is.
    """

    name: str
    x: ArrayLike
    y: ArrayLike
    low: ArrayLike | None = None
    high: ArrayLike | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """One named sample of numbers, for `distributions`."""

    name: str
    values: ArrayLike


@dataclass(frozen=True, slots=True)
class _Chart:
    """A chart's frame on the oversampled picture.

    Attributes:
        box: Left, top, right and bottom of the plot, px of the final picture.
    """

    box: tuple[float, float, float, float]
    x: Axis
    y: Axis

    def points(self, x: ArrayLike, y: ArrayLike) -> list[list[Place]]:
        """Places on the oversampled picture, in runs without a gap."""
        left, top, right, bottom = (edge * OVERSAMPLING for edge in self.box)
        across = left + self.x.place(x) * (right - left)
        down = bottom - self.y.place(y) * (bottom - top)
        runs: list[list[Place]] = [[]]
        for place in zip(across.tolist(), down.tolist(), strict=True):
            if np.isfinite(place).all():
                runs[-1].append(place)
            elif runs[-1]:
                runs.append([])
        return [run for run in runs if run]


def lines(
    path: Path,
    series: Sequence[Series],
    *,
    x_label: str,
    y_label: str,
    title: str,
    log_x: bool = False,
    log_y: bool = False,
    marks: Sequence[tuple[float, str]] = (),
) -> None:
    """Write a chart of lines.

    Args:
        path: .png or .webp, replaced if it exists; its folder exists.
        marks: Upright lines at values of x, with their names.
    """
    across = [part.x for part in series] + [[place for place, _ in marks]]
    up = [values for part in series for values in (part.y, part.low, part.high)]
    x = axis_around(across, log=log_x)
    y = axis_around([values for values in up if values is not None], log=log_y)
    _write(path, series, (x, y), (x_label, y_label, title), marks, filled=False)


def distributions(
    path: Path,
    spreads: Sequence[Spread],
    *,
    x_label: str,
    title: str,
    log_y: bool = False,
    marks: Sequence[tuple[float, str]] = (),
) -> None:
    """Write how numbers are spread: the share of each sample in bins of equal width.

    Args:
        path: .png or .webp, replaced if it exists; its folder exists.
        log_y: Whether rare values are to be seen too.
        marks: Upright lines at values of x, such as thresholds, with their names.
    """
    samples = [np.asarray(part.values, dtype=np.float64).ravel() for part in spreads]
    samples = [sample[np.isfinite(sample)] for sample in samples]
    x = axis_around([*samples, [place for place, _ in marks]])
    edges = np.linspace(x.low, x.high, BINS + 1)
    series = []
    for part, sample in zip(spreads, samples, strict=True):
        share = np.histogram(sample, edges)[0] / max(1, sample.size)
        # Two points a bin make steps.
        series.append(Series(part.name, np.repeat(edges, 2)[1:-1], np.repeat(share, 2)))
    highest = max((float(np.max(part.y)) for part in series), default=0.0) or 1.0
    floor = 1 / max([1, *(sample.size for sample in samples)])
    y = Axis(floor / 2, highest * 2, log=True) if log_y else Axis(0.0, highest * 1.05)
    labels = (x_label, f"share of each, by bins of {(x.high - x.low) / BINS:.2g}", title)
    _write(path, series, (x, y), labels, marks, filled=True)


def _write(
    path: Path,
    series: Sequence[Series],
    axes: tuple[Axis, Axis],
    labels: tuple[str, str, str],
    marks: Sequence[tuple[float, str]],
    *,
    filled: bool,
) -> None:
    """Draw lines and areas oversampled, average them down, and set the text at its own size."""
    width, height = SIZE
    named = [part.name for part in series]
    legend = _legend_places(named)
    rows = 1 + max((row for _, row in legend), default=-1)
    box = (LEFT, LEGEND_TOP + rows * LEGEND_ROW + 12, width - RIGHT, height - BOTTOM)
    chart = _Chart(box, *axes)
    large = Image.new("RGB", (width * OVERSAMPLING, height * OVERSAMPLING), PAPER)
    _grid(large, chart)
    for index, part in enumerate(series):
        _area(large, chart, part, index, filled=filled)
    for index, part in enumerate(series):
        for run in chart.points(part.x, part.y):
            _stroke(large, run, index)
    for place, _ in marks:
        for run in chart.points([place, place], [chart.y.low, chart.y.high]):
            _line(large, run, GREY, 1.0)
    for index, (left, row) in enumerate(legend):
        down = (LEGEND_TOP + (row + 0.5) * LEGEND_ROW) * OVERSAMPLING
        _stroke(large, [(left * OVERSAMPLING, down), ((left + SAMPLE) * OVERSAMPLING, down)], index)
    picture = large.reduce(OVERSAMPLING)
    _write_ticks(picture, chart)
    _write_words(picture, chart, labels, marks)
    for name, (left, row) in zip(named, legend, strict=True):
        _text(picture, (left + SAMPLE + 7, LEGEND_TOP + (row + 0.5) * LEGEND_ROW), name, "lm")
    picture.save(path, lossless=True)  # what Pillow asks for WebP; PNG knows nothing else


def _legend_places(names: Sequence[str]) -> list[tuple[float, int]]:
    """Left edge and row of each name, filled row by row."""
    places: list[tuple[float, int]] = []
    left, row = float(LEFT), 0
    for name in names:
        needed = SAMPLE + 7 + _font(TEXT_PX).getlength(name) + 22
        if left > LEFT and left + needed > SIZE[0] - RIGHT:
            left, row = float(LEFT), row + 1
        places.append((left, row))
        left += needed
    return places


def _grid(large: Image.Image, chart: _Chart) -> None:
    for value, _ in chart.x.ticks():
        for run in chart.points([value, value], [chart.y.low, chart.y.high]):
            _line(large, run, GRID, 1.0)
    for value, _ in chart.y.ticks():
        for run in chart.points([chart.x.low, chart.x.high], [value, value]):
            _line(large, run, GRID, 1.0)
    left, top, right, bottom = (edge * OVERSAMPLING for edge in chart.box)
    _line(large, [(left, top), (left, bottom), (right, bottom)], GREY, 1.0)


def _area(large: Image.Image, chart: _Chart, part: Series, index: int, *, filled: bool) -> None:
    """The band of an interval, or everything below the line."""
    y = np.asarray(part.y, dtype=np.float64)
    below = np.full(y.shape, chart.y.low) if filled else part.low
    above = y if filled else part.high
    if below is None or above is None:
        return
    # What has no place on a logarithmic axis, such as 0, lies at its lower end.
    low = np.maximum(np.asarray(below, dtype=np.float64), chart.y.low)
    high = np.maximum(np.asarray(above, dtype=np.float64), chart.y.low)
    whole = np.isfinite(low + high)
    x = np.where(whole, np.asarray(part.x, dtype=np.float64), np.nan)
    mask = Image.new("L", large.size, 0)
    pen = ImageDraw.Draw(mask)
    for lower, upper in zip(chart.points(x, low), chart.points(x, high), strict=True):
        if len(lower) > 1:
            pen.polygon(lower + upper[::-1], fill=FILL_ALPHA if filled else BAND_ALPHA)
    large.paste(Image.new("RGB", large.size, COLOURS[index % len(COLOURS)]), (0, 0), mask)


def _stroke(large: Image.Image, run: list[Place], index: int) -> None:
    """A run of points in the colour of its series, dashed from the ninth series on."""
    colour = COLOURS[index % len(COLOURS)]
    if len(run) == 1:
        radius = DOT_PX * OVERSAMPLING
        (x, y), pen = run[0], ImageDraw.Draw(large)
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    elif index < len(COLOURS):
        _line(large, run, colour, LINE_PX)
    else:
        for dash in _dashes(run):
            _line(large, dash, colour, LINE_PX)


def _line(large: Image.Image, run: Sequence[Place], colour: str, width: float) -> None:
    ImageDraw.Draw(large).line(run, fill=colour, width=round(width * OVERSAMPLING), joint="curve")


def _dashes(run: Sequence[Place]) -> list[list[Place]]:
    """Every second piece of `DASH_PX` along a line."""
    places = np.asarray(run)
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(places, axis=0).T))])
    step = DASH_PX * OVERSAMPLING
    dashes = []
    for start in np.arange(0, along[-1], 2 * step):
        stations = np.linspace(start, min(start + step, along[-1]), 4)
        across, down = (np.interp(stations, along, places[:, axis]) for axis in (0, 1))
        dashes.append(list(zip(across.tolist(), down.tolist(), strict=True)))
    return dashes


def _write_ticks(picture: Image.Image, chart: _Chart) -> None:
    left, top, right, bottom = chart.box
    for value, words in chart.x.ticks():
        across = left + float(chart.x.place(value)) * (right - left)
        _text(picture, (across, bottom + 7), words, "ma", TICK_PX, GREY)
    for value, words in chart.y.ticks():
        down = bottom - float(chart.y.place(value)) * (bottom - top)
        _text(picture, (left - 8, down), words, "rm", TICK_PX, GREY)


def _write_words(
    picture: Image.Image,
    chart: _Chart,
    labels: tuple[str, str, str],
    marks: Sequence[tuple[float, str]],
) -> None:
    """Title, the names of both axes, and the names of the marks."""
    x_label, y_label, title = labels
    left, top, right, bottom = chart.box
    _text(picture, (LEFT, TITLE_TOP), title, "la", TITLE_PX)
    _text(picture, ((left + right) / 2, SIZE[1] - 14), x_label, "ms", TEXT_PX)
    upright = Image.new("L", (round(_font(TEXT_PX).getlength(y_label)) + 4, TEXT_PX + 8), 0)
    ImageDraw.Draw(upright).text((2, 2), y_label, fill=255, font=_font(TEXT_PX))
    upright = upright.rotate(90, expand=True)
    corner = (8, round((top + bottom - upright.height) / 2))
    picture.paste(Image.new("RGB", upright.size, INK), corner, upright)
    for index, (place, words) in enumerate(marks):
        across = left + float(chart.x.place(place)) * (right - left)
        # Names of neighbouring marks stand one below the other.
        _text(picture, (across + 4, top + 4 + 15 * index), words, "la", TICK_PX, GREY)


def _text(
    picture: Image.Image,
    place: Place,
    words: str,
    anchor: str,
    size: int = TEXT_PX,
    colour: str = INK,
) -> None:
    pen = ImageDraw.Draw(picture)
    font = _font(size)
    pen.text(place, words, colour, font, anchor, stroke_width=2, stroke_fill=PAPER)


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    data = (importlib.resources.files("resources") / "fonts" / "Inter-Regular.ttf").read_bytes()
    return ImageFont.truetype(io.BytesIO(data), size)
