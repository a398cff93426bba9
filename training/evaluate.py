"""Measure networks side by side on pair lists: `python -m training.evaluate --help`.

Each subject is a run folder, a model pack or SFace's ONNX file; each set is NAME=PAIRS.csv, or a
folder of sets. Prints a table and writes metrics.json and report.md where --out is given.
"""

import argparse
import hashlib
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from core.errors import PocketfaceError
from training.data.shards import save_array
from training.recipe import DataError
from training.subjects import Network, open_network
from training.verification import Pairs, Verification, embed_files, read_pairs, verify

log = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command."""
    parser = argparse.ArgumentParser(prog="training.evaluate", description=__doc__)
    parser.add_argument("subjects", type=Path, nargs="+", metavar="SUBJECT")
    parser.add_argument("--sets", nargs="+", required=True, metavar="NAME=PAIRS.csv")
    parser.add_argument("--fmr", type=float, default=1e-3)
    parser.add_argument("--cache", type=Path, help="folder where embeddings are kept")
    parser.add_argument("--out", type=Path, help="folder for metrics.json and report.md")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        sets = [_named(text) for text in options.sets]
        networks = [open_network(path) for path in options.subjects]
        results = {
            network.name: measure(network, sets, options.fmr, options.cache) for network in networks
        }
    except PocketfaceError as error:
        log.error("%s", error.sentence)  # noqa: TRY400 - the sentence is for the person
        return error.exit_code
    Console().print(table(results))
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        text = msgspec.json.format(msgspec.json.encode(results))
        (options.out / "metrics.json").write_bytes(text)
        (options.out / "report.md").write_text(markdown(results), encoding="utf-8")
    return 0


def measure(
    network: Network, sets: Sequence[Pairs], fmr: float = 1e-3, cache: Path | None = None
) -> tuple[Verification, ...]:
    """All figures of one network.

    Args:
        cache: Folder where embeddings are kept by model and pictures, so that a slow teacher is
            asked once.
    """
    return tuple(verify(pairs, embeddings(network, pairs, cache), fmr) for pairs in sets)


def embeddings(network: Network, pairs: Pairs, cache: Path | None) -> NDArray[np.float32]:
    """Unit vectors of a set's pictures, float32 (files, d)."""
    if cache is None:
        return embed_files(pairs, network.embed)
    names = "\n".join([str(pairs.folder.resolve()), *pairs.files]).encode()
    digest = hashlib.sha256(network.model + names).hexdigest()
    path = cache / f"embeddings.{pairs.name}.{digest[:16]}.npy"
    if path.is_file():
        return np.asarray(np.load(path), dtype=np.float32)
    vectors = embed_files(pairs, network.embed)
    cache.mkdir(parents=True, exist_ok=True)
    save_array(path, vectors)
    return vectors


def table(results: dict[str, tuple[Verification, ...]]) -> Table:
    """One row a network and set."""
    shown = Table("network", "set", "pairs", "accuracy", "95 %", "TAR at FMR", "95 %")
    for name, rows in results.items():
        for row in rows:
            shown.add_row(name, row.name, str(row.pairs), *_figures(row))
    return shown


def markdown(results: dict[str, tuple[Verification, ...]]) -> str:
    """The table as Markdown."""
    lines = [
        "| network | set | pairs | accuracy | 95 % | TAR at FMR | 95 % |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {' | '.join([name, row.name, str(row.pairs), *_figures(row)])} |"
        for name, rows in results.items()
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def _figures(row: Verification) -> tuple[str, str, str, str]:
    if row.tar is None:
        tar = ("too few pairs", "")
    else:
        tar = (f"{row.tar:.3f} at {row.fmr:g}", f"{row.tar_low:.3f}–{row.tar_high:.3f}")
    return f"{row.accuracy:.4f}", f"{row.accuracy_low:.4f}–{row.accuracy_high:.4f}", *tar


def _named(text: str) -> Pairs:
    name, equals, path = text.partition("=")
    if not equals:
        raise DataError(path=text, reason="a set is given as NAME=PAIRS.csv")
    return read_pairs(Path(path), name)


if __name__ == "__main__":
    sys.exit(main())
