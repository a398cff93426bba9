from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.gallery.codec import png_of
from core.gallery.foreign_values import checked_crop, checked_id, checked_name, checked_template
from tests.fakes.holdings import make_held_reference, make_template

STRAIGHT = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def png(size: tuple[int, int] = (112, 112), mode: str = "RGB", form: str = "PNG") -> bytes:
    file = BytesIO()
    Image.new(mode, size).save(file, format=form)
    return file.getvalue()


def test_a_crop_comes_back_pixel_by_pixel() -> None:
    crop = make_held_reference(3).crop

    back = checked_crop(png_of(crop), crop.transform.ravel().tolist())

    assert np.array_equal(back.pixels, crop.pixels)
    assert np.array_equal(back.transform, crop.transform)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (png(size=(5000, 5000)), "another size"),
        (png(mode="L"), "another size or form"),
        (png(form="JPEG"), "cannot be read"),
        (png()[:-30], "cannot be read"),
        (b"", "cannot be read"),
    ],
)
def test_what_is_no_crop_is_refused(raw: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        checked_crop(raw, STRAIGHT)


def test_a_crop_warped_by_infinity_is_refused() -> None:
    with pytest.raises(ValueError, match="warped"):
        checked_crop(png(), (*STRAIGHT[:5], float("inf")))


def test_a_template_comes_back() -> None:
    template = make_template(5)

    back = checked_template(template.vector.tobytes(), "model-a", 2)

    assert np.array_equal(back.vector, template.vector)
    assert back.captures == 2


def test_ids_are_opaque_words_and_lead_nowhere() -> None:
    assert checked_id("0af3-x") == "0af3-x"
    for text in ("", "../x", "A", "a" * 65, "a\n"):
        with pytest.raises(ValueError, match="id"):
            checked_id(text)


def test_a_name_is_what_the_gallery_would_make_of_it() -> None:
    assert checked_name(" A\u0301nna ") == "Ánna"
    with pytest.raises(ValueError, match="cannot be used"):
        checked_name("\u202e")
