import numpy as np
import pytest

from core.domain.face import Box, Face
from core.domain.frame import Frame
from core.domain.quality import QualityIssue
from core.pipeline import Parts, analyse, analyse_every_face
from core.settings import FacePolicy
from core.vision.assess import VERIFY_LIMITS
from core.vision.track import Tracker
from tests.fakes.analyses import make_face
from tests.fakes.vision import ColourEmbedder, ScriptedDetector

SMALL, LARGE = make_face(x=20, y=20, side=100), make_face(x=250, y=150, side=200)


def noisy_frame(spread: int = 60) -> Frame:
    """Grey noise: sharp and well lit wherever a face is said to be."""
    rng = np.random.default_rng(1)
    return Frame(rng.integers(128 - spread, 128 + spread, (480, 640, 3)).astype(np.uint8))


def parts(
    *faces: Face, policy: FacePolicy = "largest", embedder: ColourEmbedder | None = None
) -> Parts:
    return Parts(
        ScriptedDetector(faces),
        embedder or ColourEmbedder(),
        Tracker(),
        policy,
        VERIFY_LIMITS,
    )


def test_a_good_face_gets_a_vector_and_every_stage_its_time() -> None:
    analysis = analyse(noisy_frame(), parts(LARGE))

    assert analysis.embedding is not None
    assert analysis.issues == frozenset()
    assert set(analysis.stage_ms) == {"detect", "align", "assess", "embed"}


def test_an_empty_frame_has_no_face() -> None:
    analysis = analyse(noisy_frame(), parts())

    assert analysis.issues == {QualityIssue.NO_FACE}
    assert analysis.face is None


def test_the_largest_of_several_faces_is_marked_and_all_are_kept() -> None:
    analysis = analyse(noisy_frame(), parts(SMALL, LARGE))

    assert len(analysis.faces) == 2
    assert analysis.face is LARGE


def test_several_faces_are_refused_where_exactly_one_is_wanted() -> None:
    analysis = analyse(noisy_frame(), parts(SMALL, LARGE, policy="exactly-one"))

    assert analysis.issues == {QualityIssue.SEVERAL_FACES}
    assert analysis.embedding is None


def test_a_refused_face_costs_no_embedding() -> None:
    embedder = ColourEmbedder()

    analysis = analyse(noisy_frame(spread=1), parts(LARGE, embedder=embedder))

    assert QualityIssue.BLURRED in analysis.issues
    assert embedder.embedded == 0


def test_points_that_form_no_face_are_never_compared() -> None:
    upside_down = Face(LARGE.box, LARGE.landmarks[::-1].copy(), LARGE.detector_score)

    analysis = analyse(noisy_frame(), parts(upside_down))

    assert analysis.issues == {QualityIssue.IMPLAUSIBLE_FACE}


def test_points_on_one_spot_are_never_compared() -> None:
    spot = np.full((5, 2), 300, dtype=np.float32)

    analysis = analyse(noisy_frame(), parts(Face(Box(250, 150, 200, 200), spot, 0.99)))

    assert analysis.issues == {QualityIssue.IMPLAUSIBLE_FACE}


def test_a_vector_that_is_no_vector_leads_to_no_comparison() -> None:
    analysis = analyse(noisy_frame(), parts(LARGE, embedder=ColourEmbedder(spoil=lambda _: True)))

    assert analysis.issues == {QualityIssue.UNUSABLE_EMBEDDING}
    assert analysis.embedding is None


def test_the_chosen_face_keeps_its_label_while_it_moves() -> None:
    moved = make_face(x=255, y=152, side=200)
    flow = Parts(
        ScriptedDetector([LARGE], [moved]), ColourEmbedder(), Tracker(), "largest", VERIFY_LIMITS
    )

    first, second = analyse(noisy_frame(), flow), analyse(noisy_frame(), flow)

    assert first.track is not None
    assert first.track == second.track


@pytest.mark.parametrize("faces", [(), (SMALL, LARGE)])
def test_every_face_of_a_still_picture_is_analysed(faces: tuple[Face, ...]) -> None:
    analyses = analyse_every_face(noisy_frame(), parts(*faces))

    assert [a.face for a in analyses] == sorted(faces, key=lambda face: -face.box.area)
    assert all(a.embedding is not None for a in analyses)
