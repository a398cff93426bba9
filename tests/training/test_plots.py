"""Charts: what is drawn where, read back from the pixels of the PNG."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training import plots
from training.plots import COLOURS, SIZE, Series, Spread

WORDS = {"x_label": "steps", "y_label": "loss", "title": "A loss"}


def places(path: Path, colour: str, tolerance: int = 12) -> np.ndarray:
    """(n, 2): x and y of the pixels of a colour, inside the plot."""
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(int)
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    found = np.abs(pixels - wanted).max(axis=2) <= tolerance
    found[:75] = False  # the legend
    return np.argwhere(found)[:, ::-1]


def test_a_chart_is_a_png_of_the_stated_size(tmp_path: Path) -> None:
    plots.lines(tmp_path / "a.png", [Series("a", [0, 1], [0, 1])], **WORDS)

    with Image.open(tmp_path / "a.png") as picture:
        assert picture.format == "PNG"
        assert picture.size == SIZE


def test_a_rising_line_goes_from_lower_left_to_upper_right(tmp_path: Path) -> None:
    plots.lines(tmp_path / "a.png", [Series("a", [0, 1, 2], [0, 1, 2])], **WORDS)

    found = places(tmp_path / "a.png", COLOURS[0])

    assert np.corrcoef(found.T)[0, 1] < -0.99  # y of a picture points down
    assert np.ptp(found[:, 0]) > 600
    assert np.ptp(found[:, 1]) > 350


def test_a_power_law_is_straight_on_two_logarithmic_axes(tmp_path: Path) -> None:
    x = np.geomspace(1e-6, 1, 50)
    plots.lines(tmp_path / "a.png", [Series("a", x, x**-0.5)], **WORDS, log_x=True, log_y=True)

    found = places(tmp_path / "a.png", COLOURS[0])

    assert abs(np.corrcoef(found.T)[0, 1]) > 0.999


def test_each_series_has_its_colour_and_the_ninth_is_dashed(tmp_path: Path) -> None:
    level = [Series(f"s{i}", [0, 1], [i, i]) for i in range(9)]
    plots.lines(tmp_path / "a.png", level, **WORDS)

    for colour in COLOURS[1:]:
        assert len(places(tmp_path / "a.png", colour)) > 500
    first_and_ninth = places(tmp_path / "a.png", COLOURS[0])
    heights, counts = np.unique(first_and_ninth[:, 1], return_counts=True)
    whole, dashed = counts[heights > 300].max(), counts[heights < 300].max()
    assert 0.3 < dashed / whole < 0.7


def test_an_interval_is_a_band_around_its_line(tmp_path: Path) -> None:
    part = Series("a", [0, 1], [1, 1], [0.5, 0.5], [1.5, 1.5])
    plots.lines(tmp_path / "a.png", [part], **WORDS)
    plain = Series("a", [0, 1], [1, 1])
    plots.lines(tmp_path / "b.png", [plain, Series("b", [0, 1], [0.5, 1.5])], **WORDS)

    mixed = "#d7e8f4"  # the band's share of the first colour on white

    assert np.ptp(places(tmp_path / "a.png", mixed)[:, 1]) > 300
    assert len(places(tmp_path / "b.png", mixed)) < 3000


def test_what_is_no_number_leaves_a_gap(tmp_path: Path) -> None:
    gap = Series("a", [0, 1, 2, 3, 4, 5], [1, 1, np.nan, np.nan, 1, 1])
    plots.lines(tmp_path / "a.png", [gap, Series("b", [0, 5], [0, 2])], **WORDS)

    columns = np.unique(places(tmp_path / "a.png", COLOURS[0])[:, 0])

    assert np.diff(columns).max() > 300


def test_a_lone_point_is_seen(tmp_path: Path) -> None:
    plots.lines(tmp_path / "a.png", [Series("a", [3], [0.5])], **WORDS)

    assert 15 < len(places(tmp_path / "a.png", COLOURS[0])) < 60


def test_nothing_to_show_is_an_empty_chart(tmp_path: Path) -> None:
    plots.lines(tmp_path / "a.png", [], **WORDS)

    assert len(places(tmp_path / "a.png", "#ffffff")) > 300_000


def test_marks_stand_upright_at_their_value(tmp_path: Path) -> None:
    level = [Series("a", [0, 10], [0, 0])]
    plots.lines(tmp_path / "a.png", level, **WORDS, marks=[(5.0, "half")])
    plots.lines(tmp_path / "b.png", level, **WORDS)

    middle = np.asarray(Image.open(tmp_path / "a.png").convert("L")).astype(int)
    without = np.asarray(Image.open(tmp_path / "b.png").convert("L")).astype(int)
    darker = np.argwhere((without - middle)[80:530] > 60)

    assert np.ptp(darker[:, 0]) > 400
    assert abs(np.median(darker[:, 1]) - 480) < 6


def test_a_distribution_peaks_where_its_numbers_are(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    spreads = [
        Spread("mated", random.normal(0.7, 0.05, 5_000)),
        Spread("non-mated", random.normal(0.1, 0.05, 5_000)),
    ]
    plots.distributions(tmp_path / "a.png", spreads, x_label="cosine", title="Scores")

    mated, other = (places(tmp_path / "a.png", colour) for colour in COLOURS[:2])
    peaks = [found[found[:, 1] < 200][:, 0].mean() for found in (mated, other)]

    assert peaks[0] - peaks[1] > 300


def test_rare_scores_are_seen_on_a_logarithmic_axis_only(tmp_path: Path) -> None:
    spread = [Spread("a", [0.0] * 20_000 + [1.0])]
    for name, log_y in (("log", True), ("linear", False)):
        plots.distributions(tmp_path / f"{name}.png", spread, x_label="x", title="t", log_y=log_y)

    def rare(name: str) -> int:
        found = places(tmp_path / f"{name}.png", COLOURS[0])
        return int(((found[:, 0] > 750) & (found[:, 1] < 532)).sum())

    assert rare("log") > 15 > rare("linear")


@pytest.mark.parametrize("values", [[], [np.nan]])
def test_an_empty_sample_is_no_error(tmp_path: Path, values: list[float]) -> None:
    plots.distributions(tmp_path / "a.png", [Spread("a", values)], x_label="x", title="t")

    assert (tmp_path / "a.png").is_file()


def test_a_band_that_reaches_zero_goes_down_to_the_end_of_a_logarithmic_axis(
    tmp_path: Path,
) -> None:
    part = Series("a", [0, 1, 2], [0.1, 0.1, 0.1], [0.01, 0.0, 0.0], [0.2, 0.2, 0.2])
    plots.lines(tmp_path / "a.png", [part], **WORDS, log_y=True)

    band = places(tmp_path / "a.png", "#d7e8f4")
    right = band[band[:, 0] > 600]

    assert right[:, 1].max() > 520  # where the axis lies
    assert np.ptp(right[:, 0]) > 200
