from collections.abc import Callable

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from core.vision.external_weights import merge_weights
from core.vision.onnx_model import open_session
from tests.core.vision.tiny_models import tiny_embedder, with_weights_apart

LIMIT = 10**6


def reader(files: dict[str, bytes]) -> Callable[[str], bytes]:
    return files.__getitem__


def test_a_merged_model_answers_as_the_whole_one() -> None:
    model, files = with_weights_apart()
    picture = np.random.default_rng(0).uniform(-1, 1, (1, 3, 112, 112)).astype(np.float32)
    expected = open_session(tiny_embedder(), "whole").run(picture)[0]

    merged = merge_weights(model, reader(files), LIMIT)

    onnx.checker.check_model(onnx.load_from_string(merged))
    np.testing.assert_array_equal(open_session(merged, "merged").run(picture)[0], expected)


def test_merging_twice_gives_the_same_bytes() -> None:
    model, files = with_weights_apart()

    merged = merge_weights(model, reader(files), LIMIT)

    assert merge_weights(model, reader(files), LIMIT) == merged
    assert merge_weights(merged, reader({}), LIMIT) == merged


def test_a_model_that_is_whole_stays_as_it_is() -> None:
    model = tiny_embedder()

    assert merge_weights(model, reader({}), LIMIT) is model


def test_weights_within_branches_and_constants_are_found_too() -> None:
    value = numpy_helper.from_array(np.arange(4, dtype=np.float32), "inner")
    raw = value.raw_data
    value.ClearField("raw_data")
    value.data_location = TensorProto.EXTERNAL
    entry = value.external_data.add()
    entry.key, entry.value = "location", "inner.bin"
    branch = helper.make_graph(
        [helper.make_node("Constant", [], ["out"], value=value)],
        "branch",
        [],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [4])],
    )
    node = helper.make_node("If", ["yes"], ["result"], then_branch=branch, else_branch=branch)
    graph = helper.make_graph(
        [node],
        "outer",
        [helper.make_tensor_value_info("yes", TensorProto.BOOL, [])],
        [helper.make_tensor_value_info("result", TensorProto.FLOAT, [4])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)

    merged = onnx.load_from_string(
        merge_weights(model.SerializeToString(), reader({"inner.bin": raw}), LIMIT)
    )

    inner = merged.graph.node[0].attribute[0].g.node[0].attribute[0].t
    assert numpy_helper.to_array(inner).tolist() == [0, 1, 2, 3]


def test_a_file_of_weights_that_is_too_short_is_refused() -> None:
    model, files = with_weights_apart()
    files["tiny.data"] = files["tiny.data"][:100]

    with pytest.raises(ValueError, match="shorter"):
        merge_weights(model, reader(files), LIMIT)


def test_weights_beyond_the_limit_are_not_brought_in() -> None:
    model, files = with_weights_apart()

    with pytest.raises(ValueError, match="too large"):
        merge_weights(model, reader(files), 100)


@given(st.binary(max_size=200))
def test_foreign_bytes_are_a_value_error_or_unchanged(noise: bytes) -> None:
    try:
        merge_weights(noise + b"location", reader({}), LIMIT)
    except (ValueError, KeyError):
        return


def test_a_file_cut_anywhere_is_refused_or_lacks_what_was_cut_off() -> None:
    model, files = with_weights_apart()
    whole = len(merge_weights(model, reader(files), LIMIT))
    refused = 0

    for length in range(0, len(model), 7):
        try:
            merged = merge_weights(model[:length], reader(files), LIMIT)
        except ValueError:
            refused += 1
        else:
            assert len(merged) < whole

    assert refused > 10
