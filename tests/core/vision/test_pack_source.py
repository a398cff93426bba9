import hashlib
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.domain.model_card import ModelCard
from core.errors import (
    CardInvalidError,
    ModelContractError,
    ModelDigestError,
    PackUnreadableError,
    UsageError,
)
from core.vision.pack_source import MAX_MEMBERS, BareFacts, check_facts, read_source
from core.vision.packs import CARD_FILE, MODEL_FILE, dump_card
from tests.core.vision.tiny_models import tiny_embedder, with_weights_apart

MakeCard = Callable[..., ModelCard]


@pytest.fixture
def members(card: MakeCard) -> dict[str, bytes]:
    """The files of a good pack."""
    model = tiny_embedder()
    return {
        MODEL_FILE: model,
        CARD_FILE: dump_card(card(sha256=hashlib.sha256(model).hexdigest())),
        "MODEL_CARD.md": b"# Tiny",
    }


def folder_of(members: dict[str, bytes], folder: Path) -> Path:
    for name, data in members.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def zip_of(members: dict[str, bytes], path: Path, inside: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(inside + name, data)
    return path


def test_a_folder_and_a_zip_hold_the_same_pack(members: dict[str, bytes], tmp_path: Path) -> None:
    from_folder = read_source(folder_of(members, tmp_path / "pack"))
    from_zip = read_source(zip_of(members, tmp_path / "pack.zip"))
    from_inner = read_source(zip_of(members, tmp_path / "inner.zip", inside="tiny-1.0/"))

    assert from_folder == from_zip == from_inner
    assert from_folder.model == members[MODEL_FILE]
    assert from_folder.texts == {"MODEL_CARD.md": b"# Tiny"}


def test_a_zip_is_known_by_its_bytes_and_not_by_its_name(
    members: dict[str, bytes], tmp_path: Path
) -> None:
    assert read_source(zip_of(members, tmp_path / "-pack [x] ü.bin")).card is not None


def test_a_bare_file_has_no_card(tmp_path: Path) -> None:
    file = tmp_path / "bare.onnx"
    file.write_bytes(tiny_embedder())

    assert read_source(file).card is None


def test_weights_apart_become_part_of_the_model_and_of_its_hash(
    card: MakeCard, tmp_path: Path
) -> None:
    graph, files = with_weights_apart("weights/tiny.data")
    digest = hashlib.sha256(graph).hexdigest()
    source = folder_of(
        {MODEL_FILE: graph, CARD_FILE: dump_card(card(sha256=digest)), **files}, tmp_path / "pack"
    )

    pack = read_source(source)

    assert len(pack.model) > len(graph)
    assert pack.card.sha256 == hashlib.sha256(pack.model).hexdigest() != digest
    assert read_source(zip_of({**_files(source)}, tmp_path / "pack.zip")).model == pack.model


def _files(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.mark.parametrize("location", ["../secret", "/etc/hostname", "a/../../secret", "", "a\\b"])
def test_weights_outside_of_the_pack_are_not_read(
    card: MakeCard, tmp_path: Path, location: str
) -> None:
    graph, _ = with_weights_apart(location)
    (tmp_path / "secret").write_bytes(bytes(100_000))
    source = folder_of({MODEL_FILE: graph, CARD_FILE: dump_card(card())}, tmp_path / "pack")

    with pytest.raises(PackUnreadableError) as caught:
        read_source(source)

    assert "outside of the pack" in caught.value.sentence


def test_weights_behind_a_link_that_leaves_the_pack_are_not_read(
    card: MakeCard, tmp_path: Path
) -> None:
    graph, files = with_weights_apart("tiny.data")
    (tmp_path / "elsewhere").write_bytes(files["tiny.data"])
    source = folder_of({MODEL_FILE: graph, CARD_FILE: dump_card(card())}, tmp_path / "pack")
    (source / "tiny.data").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(PackUnreadableError):
        read_source(source)


def test_weights_that_are_missing_are_named(card: MakeCard, tmp_path: Path) -> None:
    graph, _ = with_weights_apart("tiny.data")
    source = folder_of({MODEL_FILE: graph, CARD_FILE: dump_card(card())}, tmp_path / "pack")

    with pytest.raises(PackUnreadableError) as caught:
        read_source(source)

    assert "tiny.data" in caught.value.sentence


def test_one_flipped_byte_in_the_weights_is_noticed(
    members: dict[str, bytes], tmp_path: Path
) -> None:
    model = bytearray(members[MODEL_FILE])
    model[len(model) // 2] ^= 1

    with pytest.raises(ModelDigestError):
        read_source(folder_of({**members, MODEL_FILE: bytes(model)}, tmp_path / "pack"))


def test_a_folder_without_a_card_is_told_so(members: dict[str, bytes], tmp_path: Path) -> None:
    del members[CARD_FILE]

    with pytest.raises(CardInvalidError) as caught:
        read_source(folder_of(members, tmp_path / "pack"))

    assert CARD_FILE in caught.value.sentence


def test_a_detector_is_no_recogniser(
    members: dict[str, bytes], card: MakeCard, tmp_path: Path
) -> None:
    members[CARD_FILE] = dump_card(card(role="detector"))

    with pytest.raises(ModelContractError):
        read_source(folder_of(members, tmp_path / "pack"))


def test_a_path_to_nothing_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(PackUnreadableError) as caught:
        read_source(tmp_path / "absent.zip")

    assert caught.value.code == "pack.unreadable"


def test_a_zip_that_unpacks_without_end_is_refused(
    members: dict[str, bytes], tmp_path: Path
) -> None:
    members[MODEL_FILE] = bytes(8 * 1024**2)

    with pytest.raises(PackUnreadableError) as caught:
        read_source(zip_of(members, tmp_path / "bomb.zip"))

    assert "times its size" in caught.value.sentence


def test_a_zip_that_states_more_than_a_model_can_have_is_refused_unread(
    members: dict[str, bytes], tmp_path: Path
) -> None:
    path = zip_of(members, tmp_path / "huge.zip")
    data = bytearray(path.read_bytes())
    directory = data.find(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = struct.pack("<I", 0x7FFFFFFF)
    path.write_bytes(data)

    with pytest.raises(PackUnreadableError) as caught:
        read_source(path)

    assert "unpacks to more than" in caught.value.sentence


def test_a_zip_of_thousands_of_files_is_refused(members: dict[str, bytes], tmp_path: Path) -> None:
    many = {f"{index}.txt": b"" for index in range(MAX_MEMBERS)}

    with pytest.raises(PackUnreadableError):
        read_source(zip_of({**members, **many}, tmp_path / "many.zip"))


def test_a_zip_with_a_damaged_member_is_refused(members: dict[str, bytes], tmp_path: Path) -> None:
    path = zip_of(members, tmp_path / "damaged.zip")
    data = bytearray(path.read_bytes())
    data[200:260] = bytes(60)
    path.write_bytes(data)

    with pytest.raises(PackUnreadableError):
        read_source(path)


def test_members_that_climb_out_are_never_written(
    members: dict[str, bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "in" / "here"
    folder.mkdir(parents=True)
    path = zip_of({**members, "../../climbed": b"x", "/climbed": b"x"}, folder / "pack.zip")

    assert read_source(path).card is not None
    assert sorted(file.name for file in tmp_path.rglob("*") if file.is_file()) == ["pack.zip"]


def test_an_encrypted_zip_is_refused(members: dict[str, bytes], tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    data = bytearray(buffer.getvalue())
    position = -1
    while (position := data.find(b"PK\x01\x02", position + 1)) >= 0:
        data[position + 8] |= 1  # the flag that says "encrypted"
    path = tmp_path / "locked.zip"
    path.write_bytes(data)

    with pytest.raises(PackUnreadableError) as caught:
        read_source(path)

    assert "encrypted" in caught.value.sentence


def test_a_bare_file_needs_its_facts(tiny_facts: BareFacts) -> None:
    assert check_facts(tiny_facts) is tiny_facts
    with pytest.raises(UsageError) as caught:
        check_facts(None)
    assert "--colour" in caught.value.sentence


@pytest.mark.parametrize("name", ["", "Big", "../x", "a b"])
def test_a_bare_file_needs_a_name_that_can_be_a_folder(name: str) -> None:
    with pytest.raises(UsageError):
        check_facts(BareFacts(name, "rgb", (0.0,) * 3, (1.0,) * 3))


def test_a_deviation_of_zero_is_refused() -> None:
    with pytest.raises(UsageError):
        check_facts(BareFacts("tiny", "rgb", (0.0,) * 3, (1.0, 0.0, 1.0)))
