from collections.abc import Callable

import numpy as np
import pytest

from core.domain.model_card import InputSpec, ModelCard
from core.errors import ModelContractError
from core.vision.onnx_model import open_session
from core.vision.packs import ModelPack
from core.vision.probe import PEOPLE, PICTURES_EACH, ProbeWarning, built_in_faces, check_pack, probe
from tests.core.vision.tiny_models import Tail, tiny_embedder

SPEC = InputSpec(width=112, height=112, colour="rgb", mean=(127.5,) * 3, std=(127.5,) * 3)


def test_the_built_in_faces_are_aligned_crops_of_several_people() -> None:
    faces = built_in_faces()

    assert len(faces) == len(PEOPLE) * PICTURES_EACH >= 6
    assert all(face.shape == (112, 112, 3) and face.dtype == np.uint8 for face in faces)
    assert len({face.tobytes() for face in faces}) == len(faces)


def test_a_working_model_is_reported_without_warnings(tiny_pack: ModelPack) -> None:
    report = check_pack(tiny_pack)

    assert report.embedding_size == 32
    assert report.latency_ms > 0
    assert -1 <= report.lowest_mated <= 1
    assert report.highest_non_mated < 1
    assert ProbeWarning.CHANNEL_ORDER_IGNORED not in report.warnings
    assert ProbeWarning.ALIGNMENT_IGNORED not in report.warnings


@pytest.mark.parametrize(
    ("tail", "words"),
    [
        ("softmax", "softmax"),
        ("nan", "not finite"),
        ("zero", "zero"),
        ("constant", "nearly the same vector"),
        ("sigmoid", "nearly the same vector"),
        ("two outputs", "not one vector"),
        ("map", "not one vector"),
    ],
)
def test_outputs_that_tell_nobody_apart_are_refused_with_the_reason(tail: Tail, words: str) -> None:
    session = open_session(tiny_embedder(tail=tail), "odd")

    with pytest.raises(ModelContractError) as caught:
        probe(session, SPEC)

    assert words in caught.value.sentence


def test_a_single_number_is_no_vector() -> None:
    session = open_session(tiny_embedder(dim=1), "odd")

    with pytest.raises(ModelContractError) as caught:
        probe(session, SPEC)

    assert "single number" in caught.value.sentence


def test_a_model_that_sees_no_colour_is_warned_about() -> None:
    report = probe(open_session(tiny_embedder(grey=True), "grey"), SPEC)

    assert ProbeWarning.CHANNEL_ORDER_IGNORED in report.warnings


def test_a_card_that_states_another_size_is_refused(
    tiny_pack: ModelPack, card: Callable[..., ModelCard]
) -> None:
    wrong = ModelPack(
        card=card(sha256=tiny_pack.card.sha256, embedding_size=31),
        folder=tiny_pack.folder,
        built_in=False,
    )

    with pytest.raises(ModelContractError) as caught:
        check_pack(wrong)

    assert "31" in caught.value.sentence


@pytest.mark.model
@pytest.mark.parametrize("which", ["sface", "mobilefacenet"])
def test_public_recognisers_pass_without_a_warning(
    request: pytest.FixtureRequest, which: str
) -> None:
    report = check_pack(request.getfixturevalue(which))

    assert report.warnings == ()
    assert report.embedding_size == 128
    assert report.lowest_mated > report.highest_non_mated + 0.2
