import errno
import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.domain.model_card import ModelCard
from core.errors import (
    ModelContractError,
    ModelMissingError,
    PackExistsError,
    PackInUseError,
    PackUnwritableError,
    UsageError,
)
from core.vision.pack_install import STAGING_PREFIX, add_pack, remove_pack
from core.vision.pack_source import BareFacts
from core.vision.packs import CARD_FILE, MODEL_FILE, ModelPack, dump_card, find_pack, list_packs
from tests.core.vision.tiny_models import Tail, tiny_embedder


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    file = tmp_path / "bare.onnx"
    file.write_bytes(tiny_embedder())
    return file


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def own_packs(models: Path) -> list[str]:
    return [pack.name for pack in list_packs(models).packs if not pack.built_in]


def test_a_bare_file_gets_a_card_from_its_graph_and_the_stated_facts(
    bare: Path, models: Path
) -> None:
    facts = BareFacts("mine", "bgr", (1.0, 2.0, 3.0), (4.0, 5.0, 6.0), "MIT", non_commercial=True)

    added = add_pack(bare, models, facts)

    card = find_pack("mine", models).card
    assert card == added.pack.card
    assert (card.input.width, card.input.height, card.input.layout) == (112, 112, "nchw")
    assert (card.input.colour, card.input.mean, card.input.std) == ("bgr", facts.mean, facts.std)
    assert card.embedding_size == added.report.embedding_size == 32
    assert card.sha256 == hashlib.sha256(bare.read_bytes()).hexdigest()
    assert (card.licence, card.non_commercial) == ("MIT", True)
    assert "bare.onnx" in card.origin


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"size": 56}, (56, "nchw")),
        ({"layout": "nhwc"}, (112, "nhwc")),
        ({"size": "side", "batch": "n"}, (112, "nchw")),
        ({"kind": 10}, (112, "nchw")),
    ],
    ids=["other size", "channels last", "open size", "half precision"],
)
def test_size_and_layout_are_read_from_the_graph(
    tmp_path: Path, models: Path, tiny_facts: BareFacts, options: dict, expected: tuple
) -> None:
    file = tmp_path / "other.onnx"
    file.write_bytes(tiny_embedder(**options))

    spec = add_pack(file, models, tiny_facts).pack.card.input

    assert (spec.width, spec.layout) == expected


def test_a_folder_is_installed_with_its_texts(
    tmp_path: Path, models: Path, card: Callable[..., ModelCard]
) -> None:
    model = tiny_embedder()
    source = tmp_path / "brought"
    source.mkdir()
    (source / MODEL_FILE).write_bytes(model)
    (source / CARD_FILE).write_bytes(dump_card(card(sha256=hashlib.sha256(model).hexdigest())))
    (source / "MODEL_CARD.md").write_text("# Tiny")
    (source / "LICENSE").write_text("Do what you like")
    (source / "unrelated.exe").write_bytes(b"MZ")

    pack = add_pack(source, models).pack

    assert pack.read_text("LICENSE") == "Do what you like"
    assert sorted(file.name for file in (models / "tiny").iterdir()) == [
        "LICENSE",
        "MODEL_CARD.md",
        CARD_FILE,
        MODEL_FILE,
    ]


@pytest.mark.parametrize("tail", ["softmax", "nan", "constant", "two outputs"])
def test_a_model_that_fails_its_trial_leaves_nothing_behind(
    tmp_path: Path, models: Path, tiny_facts: BareFacts, tail: Tail
) -> None:
    file = tmp_path / "bad.onnx"
    file.write_bytes(tiny_embedder(tail=tail))

    with pytest.raises(ModelContractError):
        add_pack(file, models, tiny_facts)

    assert not models.exists() or list(models.iterdir()) == []


def test_a_size_nobody_uses_is_refused(tmp_path: Path, models: Path, tiny_facts: BareFacts) -> None:
    file = tmp_path / "huge.onnx"
    file.write_bytes(tiny_embedder(size=4480))

    with pytest.raises(ModelContractError) as caught:
        add_pack(file, models, tiny_facts)

    assert "1024" in caught.value.sentence


def test_a_bare_file_without_facts_asks_for_them(bare: Path, models: Path) -> None:
    with pytest.raises(UsageError) as caught:
        add_pack(bare, models)

    assert "--mean" in caught.value.sentence


@pytest.mark.parametrize("name", ["tiny", "yunet"])
def test_a_name_that_is_taken_is_refused_and_the_old_pack_stays(
    tiny_pack: ModelPack, bare: Path, models: Path, name: str
) -> None:
    with pytest.raises(PackExistsError) as caught:
        add_pack(bare, models, BareFacts(name, "rgb", (0.0,) * 3, (1.0,) * 3))

    assert caught.value.code == "pack.exists"
    assert find_pack("tiny", models).model_id == tiny_pack.model_id


def test_a_folder_that_cannot_be_written_is_named(
    bare: Path, tmp_path: Path, tiny_facts: BareFacts
) -> None:
    blocked = tmp_path / "models"
    blocked.write_text("a file stands where the folder should be")

    with pytest.raises(PackUnwritableError) as caught:
        add_pack(bare, blocked, tiny_facts)

    assert caught.value.exit_code == 4
    assert str(blocked) in caught.value.sentence


def test_a_full_disk_leaves_no_half_pack(
    bare: Path, models: Path, tiny_facts: BareFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(PackUnwritableError) as caught:
        add_pack(bare, models, tiny_facts)

    assert "No space left" in caught.value.sentence
    assert list(models.iterdir()) == []


def test_what_a_killed_installation_left_is_invisible_and_cleared_away_later(
    bare: Path, models: Path, tiny_facts: BareFacts
) -> None:
    fresh, stale = models / f"{STAGING_PREFIX}a", models / f"{STAGING_PREFIX}b"
    for folder in (fresh, stale):
        folder.mkdir(parents=True)
        (folder / CARD_FILE).write_text("half a ca")
    long_ago = time.time() - 86_400
    os.utime(stale, (long_ago, long_ago))
    assert list_packs(models).broken == ()

    add_pack(bare, models, tiny_facts)

    assert fresh.exists()
    assert not stale.exists()
    assert own_packs(models) == ["tiny"]


def test_a_removed_pack_is_gone_and_can_be_added_again(
    tiny_pack: ModelPack, bare: Path, models: Path, tiny_facts: BareFacts
) -> None:
    remove_pack("tiny", models)

    assert list(models.iterdir()) == []
    assert add_pack(bare, models, tiny_facts).pack.model_id == tiny_pack.model_id


def test_a_broken_pack_can_be_removed(tiny_pack: ModelPack, models: Path) -> None:
    (models / "tiny" / CARD_FILE).write_text("= =")

    remove_pack("tiny", models)

    assert own_packs(models) == []


def test_the_pack_in_use_and_the_built_in_ones_stay(tiny_pack: ModelPack, models: Path) -> None:
    for name in ("tiny", "yunet"):
        with pytest.raises(PackInUseError):
            remove_pack(name, models, in_use="tiny")

    assert own_packs(models) == ["tiny"]


@pytest.mark.parametrize("name", ["absent", "..", "", "tiny/../tiny"])
def test_removing_what_is_not_there_is_an_unknown_model(
    tiny_pack: ModelPack, models: Path, name: str
) -> None:
    with pytest.raises(ModelMissingError):
        remove_pack(name, models)

    assert own_packs(models) == ["tiny"]
