"""HEIC pictures, where the optional decoder is installed."""

import importlib
from io import BytesIO

from core.capture.decoding import Decoded, check_pixels, quiet_pillow, upright_bgr


class HeicDecoderMissingError(Exception):
    """The extra is not installed; internal to this package."""


def decode_heic(data: bytes) -> Decoded:
    """The primary picture of a HEIC file, upright (its own rotation boxes decide, not EXIF).

    Raises:
        HeicDecoderMissingError: pillow-heif cannot be imported.
        PixelLimitError: Before the pixels are decoded.
        DECODER_FAULTS: The decoder does not accept the bytes.
    """
    try:
        # By name, because the extra may be absent.
        pillow_heif = importlib.import_module("pillow_heif")
    except ImportError as error:
        raise HeicDecoderMissingError from error
    with quiet_pillow():
        heif = pillow_heif.open_heif(BytesIO(data), convert_hdr_to_8bit=True)
        check_pixels(*heif.size)
        image = heif.to_pillow()
        return Decoded(pixels=upright_bgr(image), animated=False)
