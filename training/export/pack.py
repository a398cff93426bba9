"""From a network to a pack: measured on sets, strangers and groups, then written."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.domain.operating_point import OperatingPoint
from core.vision.packs import CARD_FILE, MODEL_FILE, dump_card, read_pack
from training.data.shards import save_bytes
from training.evaluation.curves import draw_scores
from training.evaluation.embeddings import Shown, embed_all
from training.evaluation.groups import GroupRate, group_rates
from training.evaluation.measure import Measured, measure
from training.export.card import CARD_FMR, make_card
from training.export.card_text import SCORES_FILE, card_text
from training.export.material import Material
from training.operating import all_scores, operating_points
from training.plot_axis import in_short
from training.subjects import Network

TEXT_FILE = "MODEL_CARD.md"
NO_VECTORS = np.empty((0, 1), dtype=np.float32)
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One network and everything that was measured on it.

    Attributes:
        mated: Scores of the mated pairs that the operating points count misses on.
        non_mated: Scores of all pairs of strangers.
    """

    network: Network
    measured: tuple[Measured, ...]
    points: tuple[OperatingPoint, ...]
    groups: tuple[GroupRate, ...]
    mated: Floats
    non_mated: Floats


def judge(network: Network, material: Material, shown: Shown) -> Judged:
    """Measure a network on everything there is.

    Raises:
        DataError: A set of which too little is usable.
        TimeOverError: See `shown`.
    """
    measured = tuple(
        measure(network, each, CARD_FMR, material.cache, shown) for each in material.sets
    )
    chosen = [found for found in measured if found.set in material.mated]
    mated = np.concatenate([found.curve.mated for found in chosen])
    strangers = embed_all(network, material.strangers, shown)
    stated = material.stated
    faces = embed_all(network, stated.crops, shown) if stated.members else NO_VECTORS
    points = operating_points(
        strangers,
        mated,
        f"{len(strangers):,} people who were held out from training, one crop each; mated pairs "
        f"of {' and '.join(material.mated)}",
    )
    return Judged(
        network,
        measured,
        points,
        group_rates(faces, stated.members, points),
        mated,
        all_scores(strangers),
    )


def write_pack(
    out: Path, judged: Judged, material: Material, teacher: Sequence[Measured], notes: Sequence[str]
) -> None:
    """Write model, card and texts; the card last, so that half a pack is no pack.

    Args:
        out: Its name is the pack's; made where it is absent.
        teacher: The teacher on the same sets; may be empty.
        notes: Sentences for MODEL_CARD.md, such as how fast it is.

    Raises:
        PackUnreadableError, ModelDigestError: What was written does not read back.
    """
    today = datetime.now(UTC).date()
    card = make_card(
        name=out.name,
        sha256=hashlib.sha256(judged.network.model).hexdigest(),
        spec=judged.network.spec,
        embedding=material.embedding,
        material=material,
        measured=judged.measured,
        points=judged.points,
        groups=judged.groups,
        today=today,
    )
    out.mkdir(parents=True, exist_ok=True)
    save_bytes(out / MODEL_FILE, judged.network.model)
    marks = tuple((point.threshold, in_short(point.target_fmr)) for point in judged.points)
    title = f"{out.name}: scores, and thresholds by FMR"
    draw_scores(out / SCORES_FILE, title, judged.mated, judged.non_mated, marks)
    text = card_text(card, material, judged.measured, teacher, judged.groups, notes)
    save_bytes(out / TEXT_FILE, text.encode())
    save_bytes(out / CARD_FILE, dump_card(card))
    read_pack(out, built_in=False).read_model()
