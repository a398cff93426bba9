"""Make a model pack from a run: `python -m training.export --help`."""

import argparse
import hashlib
import logging
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from core.errors import PocketfaceError
from core.vision.packs import CARD_FILE, MODEL_FILE, dump_card, read_pack
from training.checkpoint import read_environment
from training.data.batches import answered_shards
from training.data.manifest import is_held_out, read_manifest
from training.evaluate import embeddings, measure
from training.export.card import card_text, make_card
from training.export.centring import CROPS, centre_output
from training.export.parity import cosine_gap
from training.operating import operating_points, read_strangers, read_trained
from training.subjects import network_of, open_network, trained_net
from training.verification import EMBED_BATCH, Embed, Pairs, read_pairs

PARITY_CROPS = 64  # real faces on which torch and onnxruntime must agree

log = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command."""
    options = parse(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        export(options)
    except PocketfaceError as error:
        log.error("%s", error.sentence)  # noqa: TRY400 - the sentence is for the person
        return error.exit_code
    return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="training.export", description=__doc__)
    parser.add_argument(
        "run", type=Path, help="run folder; an annealed one: its last weights are exported"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the pack, named like it")
    parser.add_argument("--data", type=Path, required=True, help="folder of shards")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, required=True, help="measured side by side")
    parser.add_argument("--sets", nargs="+", required=True, metavar="NAME=PAIRS.csv")
    parser.add_argument("--note", default="", help="a sentence for the card's history")
    parser.add_argument("--mated", nargs="+", required=True, help="sets that give mated pairs")
    return parser.parse_args(arguments)


def export(options: argparse.Namespace) -> None:
    """Graph, parity, measurements, card.

    Raises:
        PocketfaceError: Anything that keeps the pack from being true; nothing is written then.
    """
    net, progress = trained_net(options.run)
    share = progress.recipe.data.held_out_share
    facts = read_environment(options.run)
    shards = answered_shards(options.data, options.cache, facts.teacher_sha256[:12])
    centre_output(net, read_trained(options.data, options.cache, shards, share, CROPS))
    network = network_of(net, options.out.name)
    strangers = read_strangers(options.data, options.cache, share)
    log.info(
        "parity: 1 − cos at most %.1e", cosine_gap(net, network, strangers.crops[:PARITY_CROPS])
    )
    sets = [
        read_pairs(Path(path), name) for name, _, path in (s.partition("=") for s in options.sets)
    ]
    cache = options.cache
    student = measure(network, sets, cache=cache)
    teacher = measure(open_network(options.teacher), sets, cache=cache)
    mated = [
        mated_scores(pairs, embeddings(network, pairs, cache))
        for pairs in sets
        if pairs.name in options.mated
    ]
    points = operating_points(
        embed_all(strangers.crops, network.embed),
        np.concatenate(mated),
        f"{len(strangers.crops)} held-out people of the training collections; mated pairs of "
        + " and ".join(options.mated),
    )
    crops = trained_crops(options.data, shards, share)
    card = make_card(
        name=options.out.name,
        sha256=hashlib.sha256(network.model).hexdigest(),
        progress=progress,
        crops=crops,
        measured=student,
        points=points,
        embedding=net.shape.embedding,
        today=datetime.now(UTC).date(),
    )
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / MODEL_FILE).write_bytes(network.model)
    text = card_text(card, options.note, progress, crops, teacher, student)
    (options.out / "MODEL_CARD.md").write_text(text, encoding="utf-8")
    (options.out / CARD_FILE).write_bytes(dump_card(card))
    read_pack(options.out, built_in=False).read_model()
    log.info("%s", "\n".join(f"{row.name}: {row.accuracy:.4f} / {row.tar}" for row in student))


def mated_scores(
    pairs: Pairs, vectors: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Cosines of a set's mated pairs, from the vectors of its pictures."""
    one, other = pairs.left[pairs.mated], pairs.right[pairs.mated]
    scores: np.ndarray[tuple[int], np.dtype[np.float32]] = np.einsum(
        "nd,nd->n", vectors[one], vectors[other]
    )
    return scores


def embed_all(
    crops: np.ndarray[tuple[int, int, int, int], np.dtype[np.uint8]], embed: Embed
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Unit vectors of many crops."""
    starts = range(0, len(crops), EMBED_BATCH)
    return np.concatenate([embed(crops[start : start + EMBED_BATCH]) for start in starts])


def trained_crops(data: Path, shards: Sequence[str], share: float) -> Counter[str]:
    """How many crops of each source are trained on."""
    rows = (row for name in shards for row in read_manifest(data / f"{name}.csv.gz"))
    return Counter(row.source for row in rows if not is_held_out(row, share))


if __name__ == "__main__":
    sys.exit(main())
