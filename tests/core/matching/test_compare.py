import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.template import Embedding, ModelId, Template
from core.errors import ModelMismatchError
from core.matching.compare import compare, similarity

MODEL = ModelId("model-a")


def unit(*values: float) -> np.ndarray:
    vector = np.array(values, dtype=np.float32)
    return vector / np.linalg.norm(vector)


def test_the_score_is_the_cosine_of_the_angle_between_the_vectors() -> None:
    score = compare(Embedding(unit(1, 0), MODEL), Template(unit(1, 1), MODEL))

    assert score.value == pytest.approx(np.cos(np.pi / 4), abs=1e-6)


def test_vectors_of_two_models_are_never_compared() -> None:
    with pytest.raises(ModelMismatchError):
        compare(Embedding(unit(1, 0), MODEL), Template(unit(1, 0), ModelId("model-b")))


@given(
    st.lists(st.floats(-1, 1, width=32), min_size=3, max_size=3).filter(
        lambda v: any(abs(x) > 0.01 for x in v)
    )
)
def test_a_vector_scores_one_against_itself(values: tuple[float, float, float]) -> None:
    probe = Embedding(unit(*values), MODEL)

    assert similarity(probe, probe).value == pytest.approx(1.0, abs=1e-5)
