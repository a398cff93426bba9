import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.matching.dot_products import Chunk, Digits, product_graph


def unit(rng: np.random.Generator, count: int, size: int) -> np.ndarray:
    vectors = rng.standard_normal((count, size)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), size=st.sampled_from([2, 16, 128, 512]))
def test_no_product_is_further_from_the_exact_one_than_the_bound_says(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    vectors, probe = unit(rng, 200, size), unit(rng, 1, size)[0]
    chunk, digits = Chunk.build(vectors, threads=1), Digits.of(probe)

    error = np.abs(chunk.products(digits) - vectors @ probe)

    assert error.max() <= chunk.bound(digits) + 1e-6


def test_the_bound_is_small_enough_to_be_of_use() -> None:
    rng = np.random.default_rng(3)
    chunk = Chunk.build(unit(rng, 5000, 128), threads=1)

    assert chunk.bound(Digits.of(unit(rng, 1, 128)[0])) < 0.02


def test_the_largest_numbers_do_not_overflow() -> None:
    """Processors without a better instruction add two products in 16 bits."""
    rows = np.full((32, 128), 127, dtype=np.int8)
    vectors = rows.astype(np.float32)
    probe = np.full(128, -1.0, dtype=np.float32)

    products = Chunk.build(vectors, threads=1).products(Digits.of(probe))

    assert products == pytest.approx(np.full(32, -127.0 * 128), rel=1e-5)


def test_a_vector_of_zeros_gives_zero() -> None:
    chunk = Chunk.build(np.zeros((3, 8), dtype=np.float32), threads=1)

    assert chunk.products(Digits.of(np.zeros(8, dtype=np.float32))).tolist() == [0, 0, 0]


def test_the_graph_is_one_that_the_onnx_checker_accepts() -> None:
    onnx = pytest.importorskip("onnx")
    graph = onnx.load_from_string(product_graph(np.ones((5, 4), dtype=np.int8)))

    onnx.checker.check_model(graph, full_check=True)
    assert [node.op_type for node in graph.graph.node] == ["MatMulInteger"]
