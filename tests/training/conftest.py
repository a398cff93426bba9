"""A small world for the training tests: synthetic shards, a tiny teacher, pairs."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from core.opencv import cv2
from training.synth import draw_face, write_shard


def tiny_teacher() -> onnx.ModelProto:
    """Fixed batch of one, constants among its inputs, PRelu: as published teachers are."""
    random = np.random.default_rng(0)
    constants = {
        "weight": random.normal(0, 0.02, (8, 3, 16, 16)),
        "slope": random.uniform(-0.5, 0.8, (8, 1, 1)),
        "matrix": random.normal(0, 1, (8 * 49, 128)),
    }
    tensors = [
        numpy_helper.from_array(values.astype(np.float32), name)
        for name, values in constants.items()
    ]
    nodes = [
        helper.make_node("Conv", ["data", "weight"], ["conv"], strides=[16, 16]),
        helper.make_node("PRelu", ["conv", "slope"], ["active"]),
        helper.make_node("Flatten", ["active"], ["flat"]),
        helper.make_node("MatMul", ["flat", "matrix"], ["fc1"]),
    ]
    inputs = [helper.make_tensor_value_info("data", TensorProto.FLOAT, [1, 3, 112, 112])]
    inputs += [
        helper.make_tensor_value_info(t.name, TensorProto.FLOAT, list(t.dims)) for t in tensors
    ]
    outputs = [helper.make_tensor_value_info("fc1", TensorProto.FLOAT, [1, 128])]
    graph = helper.make_graph(nodes, "teacher", inputs, outputs, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)])
    model.ir_version = 6
    return model


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Networks here are tiny; torch's spinning threads would only slow a busy machine."""
    torch.set_num_threads(1)


@dataclass(frozen=True)
class World:
    """Folders and files of the small world.

    Attributes:
        data: Two shards of sixteen people with three crops each.
        pairs: A pair file with two folds.
    """

    data: Path
    teacher: Path
    pairs: Path


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    root = tmp_path_factory.mktemp("world")
    write_shard(root / "data", "synth-00", range(8), 3)
    write_shard(root / "data", "synth-01", range(8, 16), 3)
    teacher = root / "teacher.onnx"
    teacher.write_bytes(tiny_teacher().SerializeToString())
    sets = root / "sets"
    lines = ["a,b,same,fold"]
    for person in range(100, 112):
        (sets / str(person)).mkdir(parents=True)
        for crop in range(2):
            inner = draw_face(person, crop)[8:120, 8:120]
            cv2.imwrite(str(sets / f"{person}/{crop}.png"), inner)
        fold = person % 2
        lines.append(f"{person}/0.png,{person}/1.png,1,{fold}")
        lines.append(f"{person}/0.png,{100 + (person - 98) % 12}/1.png,0,{fold}")
    (sets / "pairs.csv").write_text("\n".join(lines) + "\n")
    return World(root / "data", teacher, sets / "pairs.csv")


@pytest.fixture(scope="session")
def cache(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Decoded shards with the tiny teacher's answers to both views."""
    from training.answers import main  # noqa: PLC0415 - only these tests need it

    folder = tmp_path_factory.mktemp("cache")
    main(
        [
            "--data", str(world.data), "--teacher", str(world.teacher),
            "--cache", str(folder), "--views", "clean", "mirror",
        ]
    )  # fmt: skip
    return folder


@pytest.fixture(scope="session")
def engine_refusal() -> str | None:
    """None where the fused engine works here, else why not.

    One library for all tests, kept between runs: it is named after its contents.
    """
    from training.engine_cpu import native  # noqa: PLC0415 - only these tests need it

    home = Path(tempfile.gettempdir()) / "pocketface-tests-engine"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POCKETFACE_HOME", str(home))
        return native.available()
