"""Values out of files from outside, checked before the gallery takes them over.

Every function raises ValueError with a few words that fit behind "the file is not valid:".
"""

import re
from collections.abc import Sequence
from io import BytesIO

import numpy as np
from PIL import Image

from core.domain.face import CROP_PX, AlignedFace
from core.domain.template import ModelId, Template
from core.errors import NameInvalidError
from core.gallery.archive_format import ID_PATTERN, MAX_DIMENSIONS, MAX_PNG_BYTES, MODEL_PATTERN
from core.gallery.codec import VECTOR_TYPE
from core.gallery.names import canonical_name

_LARGEST = 1.001  # of one number of a unit vector, with room for rounding
_TRANSFORM_NUMBERS = 6  # a 2 x 3 matrix


def checked_name(text: str) -> str:
    """A name as the gallery keeps it."""
    try:
        return canonical_name(text)
    except NameInvalidError as error:
        raise ValueError(f"a name in it cannot be used: {error.facts['reason']}") from error


def checked_id(text: str) -> str:
    """An opaque id."""
    if not re.fullmatch(ID_PATTERN, text):
        raise ValueError("an id in it is none")
    return text


def checked_template(vector: bytes, model: str, captures: int) -> Template:
    """A template; `vector` is little-endian float32, of unit length."""
    if not re.fullmatch(MODEL_PATTERN, model):
        raise ValueError("a model's id in it is none")
    if len(vector) % VECTOR_TYPE.itemsize or len(vector) > VECTOR_TYPE.itemsize * MAX_DIMENSIONS:
        raise ValueError("a template in it has a length that none has")
    numbers = np.frombuffer(vector, dtype=VECTOR_TYPE).astype(np.float32)
    if not (
        np.abs(numbers) <= _LARGEST
    ).all():  # before squares overflow; also where it is no number
        raise ValueError("a template in it is not of unit length")
    return Template(numbers, ModelId(model), captures)


def checked_crop(png: bytes, transform: Sequence[float]) -> AlignedFace:
    """An aligned picture out of a PNG file of 112 x 112 pixels in colour.

    Args:
        png: The whole file.
        transform: Six finite numbers, row by row.
    """
    if len(png) > MAX_PNG_BYTES:
        raise ValueError("a picture in it is far too large")
    try:
        with Image.open(BytesIO(png), formats=["PNG"]) as picture:
            # The size stands in the head of a PNG, so it is known before anything unpacks.
            if picture.size != (CROP_PX, CROP_PX) or picture.mode != "RGB":
                raise ValueError("a picture in it has another size or form")
            rgb = np.asarray(picture, dtype=np.uint8)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("a picture in it cannot be read") from error
    if len(transform) != _TRANSFORM_NUMBERS or not np.isfinite(transform).all():
        raise ValueError("a picture in it was warped by numbers that are none")
    matrix = np.array(transform, dtype=np.float64).reshape(2, 3)
    return AlignedFace(np.ascontiguousarray(rgb[..., ::-1]), matrix)
