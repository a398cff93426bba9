"""Both cells of a genotype as a picture, drawn like a circuit.

Nodes stand on a diagonal, each with its two operations as boxes at its left. A state is wired
downwards and then to the right into the boxes that read it, in its own colour. Below the diagonal
there are only wires, above it only the ways out, so none ever runs behind a box.
"""

import math
from collections.abc import Mapping
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from training.nets.genotype import NODES, OWN_INPUTS, CellNodes, Edge, Genotype

Colour = tuple[int, int, int]
Point = tuple[float, float]

WIDTH_PX, HEAD_PX, CELL_PX = 1500, 56, 474
SCALE = 2  # drawn larger and made smaller, which smooths lines and text
INPUT_X_PX, INPUT_Y_PX = (60, 130), 84  # of the inputs; y counts from a cell's top
NODE_X_PX, NODE_Y_PX = 420, 130  # of the first node
STEP_PX = (262, 92)  # from one node to the next
OUTPUT_X_PX = 1400
RADIUS_PX, CORNER_PX = 21, 12
BOX_PX = (142, 36)  # of an operation
BOX_GAP_PX = 44  # between the middles of a node's two boxes
BOX_LEFT_PX = 142  # from a node's middle to that of its boxes
ARC_POINTS = 8
TITLE_PX, TEXT_PX, SMALL_PX = 24, 16, 12
BACKGROUND: Colour = (255, 255, 255)
INK: Colour = (32, 36, 44)
FAINT: Colour = (186, 192, 201)
STATES: tuple[Colour, ...] = (
    (84, 92, 108),
    (158, 108, 24),
    (0, 110, 178),
    (0, 138, 98),
    (196, 70, 20),
    (140, 70, 150),
)
"""Colour of each state; distinguishable by the colour-blind (after Okabe and Ito)."""
STATE_NAMES = ("k-2", "k-1", "0", "1", "2", "3")
# The font that comes with Pillow has neither × nor −.
NAMES = {
    "max_pool_3x3": "max pool 3x3",
    "avg_pool_3x3": "avg pool 3x3",
    "skip_connect": "skip",
    "dw_conv_1x1": "conv 1x1",
    "dw_conv_3x3": "conv 3x3",
    "dw_conv_5x5": "conv 5x5",
    "dw_conv_7x7": "conv 7x7",
    "none": "none",
}
LIGHT = 0.86  # how much of a box's colour is white

Shares = Mapping[tuple[str, int, Edge], float]
"""(kind of cell, node, edge) → weight of the operation in its edge's mixture."""


def draw_cells(path: Path, genotype: Genotype, title: str, shares: Shares | None = None) -> None:
    """Write both cells as one PNG, the normal one above.

    Args:
        shares: Written into the boxes where given.
    """
    height = HEAD_PX + 2 * CELL_PX
    picture = Image.new("RGB", (WIDTH_PX * SCALE, height * SCALE), BACKGROUND)
    pen = Pen(ImageDraw.Draw(picture))
    pen.text((24, HEAD_PX / 2), title, TITLE_PX, INK, "lm")
    _draw_cell(pen, HEAD_PX, "normal", genotype.normal, shares or {})
    _draw_cell(pen, HEAD_PX + CELL_PX, "reduce", genotype.reduce, shares or {})
    picture.resize((WIDTH_PX, height), Image.Resampling.LANCZOS).save(path, optimize=True)


class Pen:
    """Draws in pixels of the finished picture."""

    def __init__(self, draw: ImageDraw.ImageDraw) -> None:
        self._draw = draw

    def text(self, at: Point, words: str, size: int, colour: Colour, anchor: str) -> None:
        """Words whose anchor (Pillow's two letters) lies at a point."""
        font = ImageFont.load_default(size * SCALE)
        self._draw.text((at[0] * SCALE, at[1] * SCALE), words, colour, font, anchor)

    def line(self, points: list[Point], colour: Colour, width: float) -> None:
        """A line through points."""
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self._draw.line(scaled, colour, round(width * SCALE), "curve")

    def box(self, centre: Point, size: Point, fill: Colour, edge: Colour) -> None:
        """A rectangle with round corners."""
        corners = _corners(centre, size[0] / 2, size[1] / 2)
        self._draw.rounded_rectangle(corners, 8 * SCALE, fill, edge, 2 * SCALE)

    def disc(self, centre: Point, words: str, colour: Colour) -> None:
        """A named circle."""
        fill = _lighter(colour)
        self._draw.ellipse(_corners(centre, RADIUS_PX, RADIUS_PX), fill, colour, 2 * SCALE)
        self.text(centre, words, TEXT_PX - 2, INK, "mm")


def _draw_cell(pen: Pen, top: float, kind: str, nodes: CellNodes, shares: Shares) -> None:
    pen.line([(0, top), (WIDTH_PX, top)], FAINT, 1)
    words = "normal cell" if kind == "normal" else "reduction cell (/2: stride 2)"
    pen.text((24, top + 28), words, TEXT_PX + 1, INK, "lm")
    places = [_place(top, state) for state in range(OWN_INPUTS + NODES)]
    for place in places[OWN_INPUTS:]:
        pen.line([place, (OUTPUT_X_PX, place[1])], FAINT, 2)
    for node, edges in enumerate(nodes):
        at = places[OWN_INPUTS + node]
        # The later source above: its wire is the shorter one, and need not cross the other.
        ordered = sorted(edges, key=lambda edge: -edge.source)
        for edge, offset in zip(ordered, (-BOX_GAP_PX / 2, BOX_GAP_PX / 2), strict=True):
            box = (at[0] - BOX_LEFT_PX, at[1] + offset)
            pen.line(_wire(places[edge.source], box), STATES[edge.source], 2.5)
            pen.line([(box[0] + BOX_PX[0] / 2, box[1]), at], INK, 2)
            _draw_operation(pen, box, edge, shares.get((kind, node, edge)), kind=kind)
    for place, name, colour in zip(places, STATE_NAMES, STATES, strict=True):
        pen.disc(place, name, colour)
    middle = (places[OWN_INPUTS][1] + places[-1][1]) / 2
    height = places[-1][1] - places[OWN_INPUTS][1] + 2 * RADIUS_PX
    pen.box((OUTPUT_X_PX, middle), (2 * RADIUS_PX, height), BACKGROUND, INK)
    pen.text((OUTPUT_X_PX, middle), "k", TEXT_PX, INK, "mm")


def _draw_operation(pen: Pen, at: Point, edge: Edge, share: float | None, *, kind: str) -> None:
    colour = STATES[edge.source]
    halved = " /2" if kind == "reduce" and edge.source < OWN_INPUTS else ""
    name = NAMES[edge.operation] + halved
    pen.box(at, BOX_PX, _lighter(colour), colour)
    if share is None:
        pen.text(at, name, TEXT_PX, INK, "mm")
        return
    pen.text((at[0], at[1] - 6), name, TEXT_PX, INK, "mm")
    pen.text((at[0], at[1] + 10), f"{share:.3f}", SMALL_PX, INK, "mm")


def _place(top: float, state: int) -> Point:
    if state < OWN_INPUTS:
        return INPUT_X_PX[state], top + INPUT_Y_PX
    node = state - OWN_INPUTS
    return NODE_X_PX + node * STEP_PX[0], top + NODE_Y_PX + node * STEP_PX[1]


def _wire(start: Point, end: Point) -> list[Point]:
    """Straight down, round a corner, and straight to the right."""
    (x, _), (right, y) = start, end
    angles = (math.pi / 2 * number / ARC_POINTS for number in range(ARC_POINTS + 1))
    corner = [
        (x + CORNER_PX * (1 - math.cos(angle)), y - CORNER_PX * (1 - math.sin(angle)))
        for angle in angles
    ]
    return [start, *corner, (right, y)]


def _corners(centre: Point, across: float, down: float) -> tuple[float, float, float, float]:
    x, y = centre
    return (x - across) * SCALE, (y - down) * SCALE, (x + across) * SCALE, (y + down) * SCALE


def _lighter(colour: Colour) -> Colour:
    red, green, blue = (round(value + (255 - value) * LIGHT) for value in colour)
    return red, green, blue
