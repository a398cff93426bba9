"""Trying a recogniser on built-in faces before it is trusted with anybody's."""

import importlib.resources
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from core.domain.face import CROP_PX
from core.domain.model_card import InputSpec
from core.errors import ModelContractError
from core.opencv import cv2
from core.vision.embed import MIN_NORM, check_shapes
from core.vision.onnx_model import Session, open_session
from core.vision.packs import ModelPack
from core.vision.tensors import to_blob

PEOPLE = ("p001", "p005", "p006", "p008")  # names of the files in resources/faces
PICTURES_EACH = 2

SAME_COSINE = 0.9999  # two vectors that differ by less were made without looking
ALIKE_COSINE = 0.99
"""Lowest cosine between different people from which vectors say nothing. Working recognisers
stay below 0.5 here; a softmax or sigmoid added at the end brings everything above 0.99."""
SUM_TOLERANCE = 1e-3  # of probabilities in half precision
TWIST_DEG, TWIST_SCALE = 25.0, 1.25  # far outside what alignment leaves


class ProbeWarning(StrEnum):
    """What is odd about a model that works."""

    CHANNEL_ORDER_IGNORED = "channel_order_ignored"  # red and blue exchanged: same vector
    ALIGNMENT_IGNORED = "alignment_ignored"  # turned and enlarged: same vector
    WEAK_SEPARATION = "weak_separation"  # one person's pictures differ more than two people's


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """What the trial showed.

    Attributes:
        lowest_mated: Lowest cosine between two pictures of one person.
        highest_non_mated: Highest cosine between pictures of two people.
        latency_ms: Median time of one picture.
    """

    embedding_size: int
    lowest_mated: float
    highest_non_mated: float
    latency_ms: float
    warnings: tuple[ProbeWarning, ...]


def check_pack(pack: ModelPack, threads: int = 1) -> ProbeReport:
    """Try the recogniser of a pack.

    Raises:
        ModelDigestError: The weights are not those of the card.
        ModelContractError: The model cannot be used; the reason says why.
    """
    if pack.card.role != "embedder":
        raise ModelContractError(name=pack.name, reason="it finds faces and compares none")
    session = open_session(pack.read_model(), pack.name, threads)
    check_shapes(session, pack.card.input, pack.card.embedding_size)
    report = probe(session, pack.card.input)
    if report.embedding_size != pack.card.embedding_size:
        raise ModelContractError(
            name=pack.name,
            reason=f"its vectors have {report.embedding_size} numbers, and the card says "
            f"{pack.card.embedding_size}",
        )
    return report


def probe(session: Session, spec: InputSpec) -> ProbeReport:
    """Embed several pictures of several people who do not exist, and judge the vectors.

    Raises:
        ModelContractError: Not one finite, non-zero vector of one length for each picture, or
            vectors that do not tell people apart, or probabilities instead of a vector.
    """
    faces = built_in_faces()
    raw, times_s = _embed_all(session, spec, faces)
    _refuse_unusable(session.name, raw)
    vectors = _unit(raw)
    cosines = vectors @ vectors.T
    person = np.repeat(np.arange(len(PEOPLE)), PICTURES_EACH)
    same_person = person[:, None] == person[None]
    mated = cosines[same_person & ~np.eye(len(person), dtype=bool)]
    non_mated = cosines[~same_person]
    if non_mated.min() > ALIKE_COSINE:
        raise ModelContractError(
            name=session.name,
            reason="it gives nearly the same vector for different people, as a graph does that "
            "ends in a softmax or gets its input on another scale",
        )
    warnings = [
        warning
        for warning, changed in (
            (ProbeWarning.CHANNEL_ORDER_IGNORED, [_swap_channels(face) for face in faces]),
            (ProbeWarning.ALIGNMENT_IGNORED, [_twist(face) for face in faces]),
        )
        if _makes_no_difference(session, spec, vectors, changed)
    ]
    if mated.mean() <= non_mated.mean():
        warnings.append(ProbeWarning.WEAK_SEPARATION)
    return ProbeReport(
        embedding_size=raw.shape[1],
        lowest_mated=float(mated.min()),
        highest_non_mated=float(non_mated.max()),
        latency_ms=float(np.median(times_s)) * 1e3,
        warnings=tuple(warnings),
    )


def built_in_faces() -> tuple[NDArray[np.uint8], ...]:
    """Aligned crops, uint8 (112, 112, 3), BGR: `PICTURES_EACH` of each of `PEOPLE`, in order."""
    folder = importlib.resources.files("resources") / "faces"
    faces = []
    for person in PEOPLE:
        for picture in range(1, PICTURES_EACH + 1):
            data = (folder / f"{person}-{picture}.webp").read_bytes()
            pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            faces.append(np.asarray(pixels, dtype=np.uint8))
    return tuple(faces)


def _embed_all(
    session: Session, spec: InputSpec, faces: Sequence[NDArray[np.uint8]]
) -> tuple[NDArray[np.float64], list[float]]:
    rows: list[NDArray[np.float64]] = []
    times_s: list[float] = []
    for face in faces:
        blob = to_blob(face[None], spec)
        started = time.perf_counter()
        answers = session.run(blob)
        times_s.append(time.perf_counter() - started)
        if len(answers) != 1 or answers[0].size != max(answers[0].shape, default=0):
            shapes = ", ".join(str(answer.shape) for answer in answers)
            raise ModelContractError(
                name=session.name, reason=f"its output {shapes} is not one vector"
            )
        rows.append(answers[0].reshape(-1).astype(np.float64))
    if len({row.size for row in rows}) != 1:
        raise ModelContractError(name=session.name, reason="its vectors differ in length")
    return np.stack(rows), times_s


def _refuse_unusable(name: str, raw: NDArray[np.float64]) -> None:
    if not np.isfinite(raw).all():
        raise ModelContractError(name=name, reason="its vectors hold numbers that are not finite")
    if raw.shape[1] < 2 or (np.linalg.norm(raw, axis=1) <= MIN_NORM).any():  # noqa: PLR2004
        raise ModelContractError(name=name, reason="its vectors are zero or a single number")
    if (raw >= 0).all() and (abs(raw.sum(axis=1) - 1) < SUM_TOLERANCE).all():
        raise ModelContractError(
            name=name,
            reason="its output adds up to 1, so it is a softmax over known people and no vector",
        )


def _makes_no_difference(
    session: Session,
    spec: InputSpec,
    vectors: NDArray[np.float64],
    changed: Sequence[NDArray[np.uint8]],
) -> bool:
    others = _unit(_embed_all(session, spec, changed)[0])
    return bool(((vectors * others).sum(axis=1) > SAME_COSINE).all())


def _swap_channels(face: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(face[..., ::-1])


def _twist(face: NDArray[np.uint8]) -> NDArray[np.uint8]:
    centre = (CROP_PX - 1) / 2
    matrix = cv2.getRotationMatrix2D((centre, centre), TWIST_DEG, TWIST_SCALE)
    twisted = cv2.warpAffine(face, matrix, (CROP_PX, CROP_PX), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(twisted, dtype=np.uint8)


def _unit(raw: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(raw, axis=1, keepdims=True)
    return np.asarray(raw / np.maximum(lengths, MIN_NORM))
