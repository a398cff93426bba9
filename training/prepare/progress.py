"""What a preparation has done so far, kept beside its shards so that it can go on."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from training.data.shards import save_array, save_bytes
from training.errors import DataError
from training.prepare.duplicates import KnownCrops, restored

STATE_FOLDER = "prepare"
STATE_FILE, VECTORS_FILE = "state.json", "known.npy"
FORMAT = 1


class Choices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was asked for; another preparation needs another folder."""

    source: str
    labelled: bool
    smallest_px: float
    every_s: float


class LeftOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file, or `count` frames of one, that gave no crop for one reason.

    What stands behind a colon in the reason belongs to this file alone.
    """

    name: str
    person: str
    reason: str
    count: int = 1


class _State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    choices: Choices
    shards: int
    done: tuple[str, ...]
    digests: dict[str, str]
    kept: dict[str, int]
    left_out: tuple[LeftOut, ...]
    known: tuple[str, ...]
    moving: int


@dataclass(slots=True)
class Progress:
    """Counts and memories of a preparation.

    Attributes:
        shards: How many were written.
        done: Keys of the files that were dealt with.
        digests: SHA-256 of each of them → its person.
        kept: Crops by person.
        left_out: What gave no crop.
        known: The crops that were kept.
        moving: How many files were videos or animations.
    """

    choices: Choices
    shards: int = 0
    done: set[str] = field(default_factory=set)
    digests: dict[str, str] = field(default_factory=dict)
    kept: Counter[str] = field(default_factory=Counter)
    left_out: list[LeftOut] = field(default_factory=list)
    known: KnownCrops = field(default_factory=KnownCrops)
    moving: int = 0

    def reasons(self) -> Counter[str]:
        """How much was left out, by the reason before its colon."""
        counts: Counter[str] = Counter()
        for item in self.left_out:
            counts[item.reason.partition(":")[0]] += item.count
        return counts


def load_progress(out: Path, choices: Choices) -> Progress:
    """What was done in a folder before; nothing in a new one.

    Raises:
        DataError: It was prepared with other choices, by a newer version, or is damaged.
    """
    path = out / STATE_FOLDER / STATE_FILE
    if not path.exists():
        if out.is_dir() and any(out.glob("*.tar")):
            reason = "it holds shards that another program made; choose an empty folder"
            raise DataError(path=out, reason=reason)
        return Progress(choices)
    try:
        state = msgspec.json.decode(path.read_bytes(), type=_State)
        vectors = np.load(path.with_name(VECTORS_FILE), allow_pickle=False)
    except (msgspec.DecodeError, OSError, ValueError, EOFError) as error:
        raise DataError(path=path, reason=f"it is no state of a preparation ({error})") from error
    if state.format != FORMAT or len(vectors) < len(state.known):
        raise DataError(path=path, reason="it was written by another version")
    if state.choices != choices:
        reason = f"it was begun with {_said(state.choices)}; choose these or another folder"
        raise DataError(path=out, reason=reason)
    # A kill between the two files leaves more vectors than the state knows; those are done again.
    known = restored(vectors[: len(state.known)], state.known)
    return Progress(
        choices=choices,
        shards=state.shards,
        done=set(state.done),
        digests=dict(state.digests),
        kept=Counter(state.kept),
        left_out=list(state.left_out),
        known=known,
        moving=state.moving,
    )


def save_progress(out: Path, progress: Progress) -> None:
    """Write what `load_progress` reads; the old state stays until the new one is complete."""
    folder = out / STATE_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    vectors, people = progress.known.stored()
    save_array(folder / VECTORS_FILE, vectors)
    state = _State(
        format=FORMAT,
        choices=progress.choices,
        shards=progress.shards,
        done=tuple(sorted(progress.done)),
        digests=progress.digests,
        kept=dict(progress.kept),
        left_out=tuple(progress.left_out),
        known=people,
        moving=progress.moving,
    )
    save_bytes(folder / STATE_FILE, msgspec.json.encode(state))


def _said(choices: Choices) -> str:
    who = "labelled" if choices.labelled else "unlabelled"
    return (
        f"--source {choices.source}, {who}, --smallest-px {choices.smallest_px:g}, "
        f"--every-s {choices.every_s:g}"
    )
