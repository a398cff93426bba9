"""Augmentation: seeded, within range, and faithful where it is off."""

import numpy as np

from training.data.augment import augmented_views, normalise, plain_views
from training.synth import draw_face

CROPS = np.stack([draw_face(person, 0) for person in range(6)])


def test_a_plain_view_is_the_normalised_arcface_crop() -> None:
    views = plain_views(CROPS, 112)

    expected = (CROPS[2, 8:120, 8:120, ::-1].astype(np.float32) - 127.5) / 127.5
    assert np.allclose(views.images[2], expected.transpose(2, 0, 1), atol=1e-6)
    assert not views.mirrored.any()


def test_strength_zero_only_mirrors() -> None:
    views = augmented_views(CROPS, 112, 0.0, np.random.default_rng(0))
    plain = plain_views(CROPS, 112).images

    for image, mirrored, expected in zip(views.images, views.mirrored, plain, strict=True):
        shown = image[:, :, ::-1] if mirrored else image
        assert np.abs(shown - expected).max() <= 2 / 127.5
    assert 0 < views.mirrored.sum() < len(CROPS)


def test_one_seed_gives_one_view_and_another_seed_another() -> None:
    first, again, other = (
        augmented_views(CROPS, 48, 1.0, np.random.default_rng(seed)).images for seed in (3, 3, 4)
    )

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_views_stay_in_range_and_keep_their_crops() -> None:
    before = CROPS.copy()

    images = augmented_views(CROPS, 64, 1.0, np.random.default_rng(0)).images

    assert images.dtype == np.float32
    assert images.shape == (6, 3, 64, 64)
    assert images.min() >= -1
    assert images.max() <= 1
    assert np.array_equal(CROPS, before)


def test_more_strength_changes_more() -> None:
    plain = plain_views(CROPS, 48).images
    distances = []
    for strength in (0.1, 0.5, 1.0):
        total = 0.0
        for seed in range(8):
            views = augmented_views(CROPS, 48, strength, np.random.default_rng(seed))
            straight = np.where(
                views.mirrored[:, None, None, None], views.images[..., ::-1], views.images
            )
            total += float(np.abs(straight - plain).mean())
        distances.append(total)

    assert distances == sorted(distances)


def test_normalise_swaps_to_rgb() -> None:
    blue = np.zeros((1, 2, 2, 3), dtype=np.float32)
    blue[..., 0] = 255

    channels = normalise(blue)[0, :, 0, 0]

    assert channels.tolist() == [-1.0, -1.0, 1.0]
