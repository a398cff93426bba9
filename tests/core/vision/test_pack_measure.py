import errno
import os
from pathlib import Path

import pytest

from core.domain.operating_point import OperatingPoint
from core.errors import ModelMissingError, PackUnwritableError, UsageError
from core.vision.pack_install import add_pack
from core.vision.pack_measure import find_measurable, write_points
from core.vision.pack_source import BareFacts
from core.vision.packs import CARD_FILE, DETECTOR_PACK, find_pack
from tests.core.vision.tiny_models import tiny_embedder


def point(target_fmr: float, threshold: float) -> OperatingPoint:
    return OperatingPoint(
        target_fmr=target_fmr,
        threshold=threshold,
        false_matches=3,
        non_mated=3000,
        fmr_low=0.0,
        fmr_high=0.1,
        false_non_matches=1,
        mated=10,
        measured_on="test",
    )


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """The user's models: 'mine', which nobody has measured."""
    file = tmp_path / "bare.onnx"
    file.write_bytes(tiny_embedder())
    folder = tmp_path / "models"
    add_pack(file, folder, BareFacts("mine", "rgb", (127.5,) * 3, (127.5,) * 3, "MIT"))
    return folder


def test_points_are_written_and_everything_else_stays(models: Path) -> None:
    before = find_pack("mine", models)

    now = write_points("mine", models, [point(1e-2, 0.3), point(1e-3, 0.4)])

    assert now.card == find_pack("mine", models).card
    assert [entry.threshold for entry in now.card.operating_points] == [0.3, 0.4]
    assert now.model_id == before.model_id
    assert now.card.licence == "MIT"
    assert sorted(path.name for path in (models / "mine").iterdir()) == [CARD_FILE, "model.onnx"]


def test_measuring_again_replaces_the_points(models: Path) -> None:
    write_points("mine", models, [point(1e-2, 0.3), point(1e-3, 0.4)])

    write_points("mine", models, [point(1e-2, 0.25)])

    assert [entry.threshold for entry in find_pack("mine", models).card.operating_points] == [0.25]


@pytest.mark.parametrize("name", ["pocketnet-s-128", DETECTOR_PACK])
def test_what_came_with_the_program_is_left_alone(models: Path, name: str) -> None:
    if not (Path(str(find_pack(DETECTOR_PACK, None).folder)).parent / name).is_dir():
        pytest.skip(f"the model {name} is not in this checkout")
    with pytest.raises(UsageError, match="measured already"):
        find_measurable(name, models)
    with pytest.raises(UsageError, match="measured already"):
        write_points(name, models, [point(1e-2, 0.3)])


def test_a_model_nobody_has_is_named(models: Path) -> None:
    with pytest.raises(ModelMissingError, match="other"):
        find_measurable("other", models)


def test_a_full_disk_leaves_the_former_card(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = (models / "mine" / CARD_FILE).read_bytes()
    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(PackUnwritableError, match="No space left"):
        write_points("mine", models, [point(1e-2, 0.3)])

    assert (models / "mine" / CARD_FILE).read_bytes() == before
    assert len(list((models / "mine").iterdir())) == 2
