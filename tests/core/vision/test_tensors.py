from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.model_card import InputSpec
from core.vision.tensors import detector_blob, fit_crop, shrink_to, to_blob


@dataclass(frozen=True)
class Pixel:
    """One colour everywhere, as B, G, R."""

    bgr: tuple[int, int, int] = (10, 20, 30)

    def crop(self, side: int = 112) -> np.ndarray:
        return np.full((side, side, 3), self.bgr, np.uint8)


def spec(**fields: object) -> InputSpec:
    facts = {"width": 112, "height": 112, "colour": "rgb", "mean": (0.0,) * 3, "std": (1.0,) * 3}
    return InputSpec(**{**facts, **fields})


@pytest.mark.parametrize(("colour", "expected"), [("rgb", [30, 20, 10]), ("bgr", [10, 20, 30])])
def test_channels_come_in_the_order_the_card_states(colour: str, expected: list[int]) -> None:
    blob = to_blob(Pixel().crop()[None], spec(colour=colour))

    assert blob[0, :, 5, 7].tolist() == expected


def test_mean_and_std_belong_to_the_channels_of_the_stated_order() -> None:
    blob = to_blob(Pixel().crop()[None], spec(mean=(30.0, 10.0, 0.0), std=(1.0, 5.0, 2.0)))

    assert blob[0, :, 0, 0].tolist() == [0.0, 2.0, 5.0]


def test_known_numbers_of_the_usual_preprocessing() -> None:
    crop = np.array([0, 64, 127, 128, 255, 1], np.uint8).reshape(1, 2, 3)
    padded = np.zeros((16, 16, 3), np.uint8)
    padded[:1, :2] = crop

    blob = to_blob(padded[None], spec(width=16, height=16, mean=(127.5,) * 3, std=(127.5,) * 3))

    expected = [[-0.00392157, -0.99215686], [-0.49803922, 1.0], [-1.0, 0.00392157]]
    np.testing.assert_allclose(blob[0, :, 0, :2], expected, atol=1e-7)


def test_the_layout_with_channels_last_holds_the_same_numbers() -> None:
    crops = np.random.default_rng(1).integers(0, 256, (2, 112, 112, 3), dtype=np.uint8)

    first = to_blob(crops, spec())
    last = to_blob(crops, spec(layout="nhwc"))

    assert last.shape == (2, 112, 112, 3)
    np.testing.assert_array_equal(last.transpose(0, 3, 1, 2), first)


def test_a_blob_is_float32_in_memory_order_and_the_crop_stays_as_it_was() -> None:
    crop = Pixel().crop()
    before = crop.copy()

    blob = to_blob(crop[None], spec(width=96, height=64))

    assert blob.shape == (1, 3, 64, 96)
    assert blob.dtype == np.float32
    assert blob.flags.c_contiguous
    np.testing.assert_array_equal(crop, before)


def test_shrinking_a_crop_averages_instead_of_skipping_pixels() -> None:
    stripes = np.zeros((112, 112, 3), np.uint8)
    stripes[:, ::2] = 200

    assert np.unique(fit_crop(stripes, 56, 56)).tolist() == [100]


def test_a_crop_of_the_right_size_is_not_copied() -> None:
    crop = Pixel().crop()

    assert fit_crop(crop, 112, 112) is crop


@given(st.integers(1, 900), st.integers(1, 900), st.integers(1, 700))
def test_shrinking_keeps_the_longer_side_within_the_limit_and_never_enlarges(
    height: int, width: int, limit: int
) -> None:
    pixels = np.zeros((height, width, 3), np.uint8)

    shrunk = shrink_to(pixels, limit)

    assert max(shrunk.shape[:2]) == min(limit, max(height, width))
    assert min(shrunk.shape[:2]) >= 1


def test_the_detector_gets_multiples_of_32_with_black_right_and_below() -> None:
    pixels = np.full((33, 40, 3), (1, 2, 3), np.uint8)

    blob = detector_blob(pixels)

    assert blob.shape == (1, 3, 64, 64)
    assert blob[0, :, 32, 39].tolist() == [1, 2, 3]
    assert blob[0, :, 33:].max() == 0
    assert blob[0, :, :, 40:].max() == 0
