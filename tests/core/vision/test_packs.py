from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.model_card import InputSpec, Measurement, ModelCard, TrainingFacts
from core.domain.operating_point import OperatingPoint
from core.errors import (
    CardInvalidError,
    ModelDigestError,
    ModelMissingError,
    PackUnreadableError,
)
from core.vision.packs import (
    CARD_FILE,
    DETECTOR_PACK,
    MAX_CARD_BYTES,
    MODEL_FILE,
    ModelPack,
    dump_card,
    find_pack,
    list_packs,
    load_card,
    model_id,
)

MakeCard = Callable[..., ModelCard]


def full_card(make: MakeCard) -> ModelCard:
    point = OperatingPoint(
        target_fmr=1e-3,
        threshold=0.4,
        false_matches=5,
        non_mated=10_000,
        fmr_low=1e-4,
        fmr_high=1e-3,
        false_non_matches=3,
        mated=100,
        measured_on="made up for a test",
    )
    measured = Measurement(
        dataset="none", protocol="none", pairs=1, accuracy=0.5, accuracy_low=0.1, accuracy_high=0.9
    )
    return make(
        title="Größe × “quoted” [bold]",
        training=TrainingFacts(data="a\nb"),
        measured=(measured,),
        operating_points=(point,),
    )


def test_a_written_card_reads_back_equal(card: MakeCard) -> None:
    for written in (card(), full_card(card)):
        assert load_card(dump_card(written), "tiny") == written


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(b"name = ", "", id="no TOML"),
        pytest.param(b"\xff\xfe\x00", "", id="no text"),
        pytest.param(b'name = "tiny"\n', "missing required field", id="a key is missing"),
        pytest.param(b"x = " + b"[" * 5000, "nested too deeply", id="nested lists"),
        pytest.param(b"[" + b"a." * 40 + b"b]\n", "nested too deeply", id="nested tables"),
        pytest.param(b"#" * (MAX_CARD_BYTES + 1), "far too long", id="too long"),
    ],
)
def test_a_card_that_is_none_is_refused_in_one_sentence(text: bytes, words: str) -> None:
    with pytest.raises(CardInvalidError) as caught:
        load_card(text, "odd")

    assert caught.value.code == "pack.card"
    assert words in caught.value.sentence


@pytest.mark.parametrize(
    ("replace", "by", "words"),
    [
        ('name = "tiny"', 'name = "../tiny"', "name"),
        ('licence = "CC0-1.0"', "licence = 3", "licence"),
        ('licence = "CC0-1.0"', 'licence = "CC0-1.0"\nlicense = "x"', "license"),
        ("embedding_size = 32", "embedding_size = 0", "embedding_size"),
        ("width = 112", "width = 100000", "1024"),
        ('colour = "rgb"', 'colour = "rbg"', "colour"),
        ("0" * 64, "0" * 63, "sha256"),
    ],
)
def test_a_card_with_one_wrong_field_names_it(
    card: MakeCard, replace: str, by: str, words: str
) -> None:
    text = dump_card(card()).decode()
    assert replace in text

    with pytest.raises(CardInvalidError) as caught:
        load_card(text.replace(replace, by, 1).encode(), "odd")

    assert words in caught.value.sentence


@given(st.binary(max_size=400))
def test_no_bytes_whatever_make_the_reader_crash(noise: bytes) -> None:
    with pytest.raises(CardInvalidError):
        load_card(noise, "odd")


def test_the_model_id_changes_with_everything_a_vector_depends_on(card: MakeCard) -> None:
    usual = card()
    spec = usual.input

    def fed(**fields: object) -> ModelCard:
        return msgspec.structs.replace(usual, input=msgspec.structs.replace(spec, **fields))

    others = [
        card(sha256="1" * 64),
        card(embedding_size=64),
        fed(colour="bgr"),
        fed(width=96),
        fed(height=96),
        fed(mean=(0.0,) * 3),
        fed(std=(128.0,) * 3),
        fed(layout="nhwc"),
    ]

    assert len({model_id(other) for other in [usual, *others]}) == len(others) + 1


def test_the_model_id_ignores_what_a_vector_does_not_depend_on(card: MakeCard) -> None:
    spec = InputSpec(width=112, height=112, colour="rgb", mean=(0, 0, 0), std=(1, 1, 1))
    usual = card(input=spec)

    renamed = card(input=spec, name="other", title="x", licence="MIT", origin="y")

    assert model_id(renamed) == model_id(usual) == model_id(load_card(dump_card(usual), "tiny"))


def test_the_detector_comes_with_the_program_and_its_weights_are_sound() -> None:
    pack = find_pack(DETECTOR_PACK, None)

    assert pack.built_in
    assert pack.card.role == "detector"
    assert pack.card.licence == "MIT"
    assert len(pack.read_model()) > 100_000
    assert "Shiqi Yu" in pack.read_text("LICENSE")
    assert "opencv_zoo" in pack.read_text("MODEL_CARD.md")


def test_every_built_in_pack_has_the_weights_its_card_names() -> None:
    packs = list_packs(None).packs

    assert DETECTOR_PACK in {pack.name for pack in packs}
    for pack in packs:
        assert pack.read_model()


def test_the_users_packs_follow_the_built_in_ones(tiny_pack: ModelPack, tmp_path: Path) -> None:
    packs = list_packs(tmp_path / "models").packs

    assert [pack.built_in for pack in packs] == sorted((p.built_in for p in packs), reverse=True)
    assert packs[-1].name == "tiny"
    assert find_pack("tiny", tmp_path / "models").model_id == tiny_pack.model_id


@pytest.mark.parametrize("name", ["absent", "", "../models/tiny", "yunet/", "UPPER", "a" * 300])
def test_a_name_without_a_pack_is_an_unknown_model(
    tiny_pack: ModelPack, tmp_path: Path, name: str
) -> None:
    with pytest.raises(ModelMissingError) as caught:
        find_pack(name, tmp_path / "models")

    assert caught.value.exit_code == 2


def test_a_broken_pack_does_not_hide_the_others(tiny_pack: ModelPack, tmp_path: Path) -> None:
    models = tmp_path / "models"
    for name, text in (
        ("empty", None),
        ("garbled", b"= ="),
        ("renamed", dump_card(tiny_pack.card)),
    ):
        (models / name).mkdir()
        if text is not None:
            (models / name / CARD_FILE).write_bytes(text)
    (models / "a-file").write_text("no pack")

    found = list_packs(models)

    assert [pack.name for pack in found.packs if not pack.built_in] == ["tiny"]
    assert [broken.name for broken in found.broken] == ["empty", "garbled", "renamed"]
    assert {broken.error.code for broken in found.broken} == {"pack.card", "pack.unreadable"}


def test_weights_with_one_flipped_byte_are_refused(tiny_pack: ModelPack) -> None:
    file = tiny_pack.folder / MODEL_FILE
    data = bytearray(file.read_bytes())
    data[10] ^= 0xFF
    file.write_bytes(data)

    with pytest.raises(ModelDigestError) as caught:
        tiny_pack.read_model()

    assert caught.value.code == "model.digest"
    assert "tiny" in caught.value.sentence


def test_weights_that_are_gone_are_named(tiny_pack: ModelPack) -> None:
    (tiny_pack.folder / MODEL_FILE).unlink()

    with pytest.raises(PackUnreadableError) as caught:
        tiny_pack.read_model()

    assert MODEL_FILE in caught.value.sentence


def test_a_text_that_is_absent_or_none_of_a_packs_texts_is_empty(tiny_pack: ModelPack) -> None:
    assert tiny_pack.read_text("LICENSE") == ""
    assert tiny_pack.read_text(CARD_FILE) == ""
    assert tiny_pack.read_text("../../secret") == ""
