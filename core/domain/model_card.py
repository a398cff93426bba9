"""What a model file is, how it is fed, and what was measured on it.

The same record is read from and written to `card.toml`; unknown keys are refused by msgspec.
"""

import re
from typing import Literal

import msgspec

from core.domain.operating_point import OperatingPoint

SHA256 = re.compile(r"[0-9a-f]{64}")
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class InputSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a picture becomes the model's input: (pixel − mean) / std on the 0–255 scale.

    Attributes:
        width: Columns the model is fed, px. The 112-px crop is scaled to it.
        height: Rows the model is fed, px.
        mean: By channel, in the order of `colour`.
        std: By channel, in the order of `colour`.
    """

    width: int
    height: int
    colour: Literal["rgb", "bgr"]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    layout: Literal["nchw", "nhwc"] = "nchw"

    def __post_init__(self) -> None:
        if not (16 <= self.width <= 1024 and 16 <= self.height <= 1024):  # noqa: PLR2004 - sane sizes
            raise ValueError("an input is 16 to 1024 pixels wide and high")
        if any(value == 0 for value in self.std):
            raise ValueError("a standard deviation is not 0")


class TrainingFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the weights come from, in words and counts."""

    data: str
    presentations: int = 0
    teacher: str = ""
    recipe: str = ""
    date: str = ""
    notes: str = ""


class Measurement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One measured accuracy, with its protocol and interval."""

    dataset: str
    protocol: str
    pairs: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    tar_at_fmr_1e3: float | None = None
    date: str = ""


class ModelCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The card of one model pack.

    Attributes:
        sha256: Of model.onnx.
        licence: An SPDX expression, or words where none fits.
        non_commercial: Whether the licence or the training data forbid commercial use.
        operating_points: Ascending thresholds.
    """

    schema: Literal[1] = 1
    name: str
    title: str = ""
    role: Literal["embedder", "detector"]
    sha256: str
    licence: str
    non_commercial: bool = False
    origin: str
    input: InputSpec
    embedding_size: int = 0
    metric: Literal["cosine"] = "cosine"
    training: TrainingFacts | None = None
    measured: tuple[Measurement, ...] = ()
    operating_points: tuple[OperatingPoint, ...] = ()

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError("a model's name is lower case letters, digits, dots and dashes")
        if not SHA256.fullmatch(self.sha256):
            raise ValueError("sha256 is 64 hexadecimal digits")
        if self.role == "embedder" and self.embedding_size < 1:
            raise ValueError("an embedder states its embedding_size")
        thresholds = [point.threshold for point in self.operating_points]
        rates = [point.target_fmr for point in self.operating_points]
        if thresholds != sorted(thresholds) or rates != sorted(rates, reverse=True):
            raise ValueError("operating points go from the highest FMR to the lowest")
