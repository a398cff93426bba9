import msgspec
import pytest

from core.domain.model_card import ModelCard

CARD = {
    "schema": 1,
    "name": "toy",
    "role": "embedder",
    "sha256": "0" * 64,
    "licence": "Apache-2.0",
    "origin": "test",
    "embedding_size": 128,
    "input": {
        "width": 112,
        "height": 112,
        "colour": "rgb",
        "mean": [127.5, 127.5, 127.5],
        "std": [127.5, 127.5, 127.5],
    },
}


def operating_point(target_fmr: float, threshold: float) -> dict[str, object]:
    return {
        "target_fmr": target_fmr,
        "threshold": threshold,
        "false_matches": 10,
        "non_mated": 1_000_000,
        "fmr_low": 0.0,
        "fmr_high": 1e-3,
        "false_non_matches": 1,
        "mated": 100,
        "measured_on": "test",
    }


def read(**changes: object) -> ModelCard:
    return msgspec.convert({**CARD, **changes}, ModelCard)


def test_a_complete_card_is_read() -> None:
    assert read().input.colour == "rgb"


@pytest.mark.parametrize(
    "changes",
    [
        {"colour_order": "rgb"},
        {"schema": 2},
        {"name": "../elsewhere"},
        {"name": "Upper"},
        {"sha256": "abc"},
        {"embedding_size": 0},
        {"role": "something"},
        {"input": {**CARD["input"], "std": [1, 0, 1]}},  # type: ignore[dict-item]
        {"input": {**CARD["input"], "width": 5000}},  # type: ignore[dict-item]
        {"operating_points": [operating_point(1e-4, 0.5), operating_point(1e-3, 0.4)]},
        {"operating_points": [operating_point(1e-3, 0.5), operating_point(1e-4, 0.4)]},
        {"operating_points": [operating_point(1e-6, 0.5)]},
    ],
)
def test_a_card_that_contradicts_itself_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        read(**changes)
