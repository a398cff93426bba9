"""Kept vectors come back whole or not at all."""

from pathlib import Path

import numpy as np
import pytest

from training.evaluation.vector_cache import VectorCache

VECTORS = np.arange(12, dtype=np.float32).reshape(4, 3)


def kept(folder: Path) -> VectorCache:
    cache = VectorCache(folder / "cache", "ab" * 32)
    cache.keep({"side 24": VECTORS}, {"unreadable pictures": 2})
    return cache


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    cache = kept(tmp_path)

    np.testing.assert_array_equal(cache.vectors("side 24", 4), VECTORS)
    assert cache.left_out() == {"unreadable pictures": 2}


def test_other_keys_views_and_sizes_are_absent(tmp_path: Path) -> None:
    cache = kept(tmp_path)

    assert VectorCache(cache.folder, "cd" * 32).vectors("side 24", 4) is None
    assert VectorCache(cache.folder, "cd" * 32).left_out() is None
    assert cache.vectors("plain", 4) is None
    assert cache.vectors("side 24", 5) is None


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"no array", b"PK\x03\x04"])
def test_a_damaged_file_counts_as_absent(content: bytes, tmp_path: Path) -> None:
    cache = kept(tmp_path)
    for path in (tmp_path / "cache").iterdir():
        path.write_bytes(content)

    assert cache.vectors("side 24", 4) is None
    assert cache.left_out() is None


def test_without_a_folder_nothing_is_kept() -> None:
    cache = VectorCache(None, "ab" * 32)

    cache.keep({"plain": VECTORS}, {})

    assert cache.vectors("plain", 4) is None
    assert cache.left_out() is None
