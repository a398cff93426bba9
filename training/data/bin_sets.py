"""Verification packages (.bin): pictures of pairs and whether each pair is mated.

LFW, CFP-FP, AgeDB-30 and others are passed on like this: a pickle of a list of encoded 112-px
crops, two a pair, and a list of booleans.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.capture.regular import read_regular, why
from core.domain.face import CROP_PX
from training.data.decoding import decode_whole
from training.data.pair_lists import joined_by
from training.data.pickled import Made, PickleRefusedError, read_pickle
from training.errors import DataError

MAX_BIN_BYTES = 4 * 1024**3  # the largest in use, CFP-FP, has 100 MB
FOLDS = 10  # contiguous parts of equal size, as these sets are always judged


@dataclass(frozen=True, slots=True, eq=False)
class BinSet:
    """The pictures and comparisons of one package.

    Attributes:
        crops: uint8 (N, 112, 112, 3), BGR, each different picture once; all black where it is
            damaged.
        left: int64 (P,), index of each pair's first picture.
        right: int64 (P,), index of its second.
        mated: bool (P,).
        fold: int64 (P,).
        people: int64 (N,): pictures that mated pairs join have one number. A person of several
            pairs that share no picture has several, because the package names nobody.
        left_out: How many pictures are damaged, by reason.
    """

    crops: NDArray[np.uint8]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    mated: NDArray[np.bool_]
    fold: NDArray[np.int64]
    people: NDArray[np.int64]
    left_out: dict[str, int]


def read_bin(path: Path) -> BinSet:
    """The pictures and pairs of a package. Nothing of it is executed.

    Raises:
        DataError: Unreadable, no such package, two pictures a pair are not there, fewer pairs
            than folds, pairs of one kind only, or not one picture that can be decoded.
    """
    pictures, mated = _read(path)
    if len(pictures) != 2 * len(mated):
        reason = f"{len(mated)} pairs need {2 * len(mated)} pictures; it holds {len(pictures)}"
        raise DataError(path=path, reason=reason)
    if len(mated) < FOLDS or not 0 < sum(mated) < len(mated):
        reason = f"it needs mated and non-mated pairs, and at least {FOLDS} of them"
        raise DataError(path=path, reason=reason)
    numbers: dict[bytes, int] = {}
    places = np.array([numbers.setdefault(data, len(numbers)) for data in pictures])
    crops = np.zeros((len(numbers), CROP_PX, CROP_PX, 3), dtype=np.uint8)
    left_out: Counter[str] = Counter()
    for data, number in numbers.items():
        crop = decode_whole(data)
        if crop is None:
            left_out["damaged picture"] += 1
        elif crop.shape != crops.shape[1:]:
            left_out["picture of another size"] += 1
        else:
            crops[number] = crop
    if left_out.total() == len(numbers):
        raise DataError(path=path, reason="not one of its pictures is a 112-px crop")
    left, right = places[0::2], places[1::2]
    is_mated = np.array(mated, dtype=np.bool_)
    fold = np.arange(len(mated)) * FOLDS // len(mated)
    people = joined_by(len(numbers), left[is_mated], right[is_mated])
    return BinSet(crops, left, right, is_mated, fold, people, dict(left_out))


def _read(path: Path) -> tuple[list[bytes], list[bool]]:
    try:
        data = read_regular(path, MAX_BIN_BYTES + 1)
    except OSError as error:
        raise DataError(path=path, reason=why(error)) from error
    if len(data) > MAX_BIN_BYTES:
        raise DataError(path=path, reason="it is larger than any verification package")
    try:
        return _taken_apart(read_pickle(data))
    except PickleRefusedError as error:
        raise DataError(path=path, reason=str(error)) from error


def _taken_apart(content: object) -> tuple[list[bytes], list[bool]]:
    match content:
        case [list(pictures), list(mated)]:
            return [_as_bytes(item) for item in pictures], [_as_bool(item) for item in mated]
    raise PickleRefusedError("it is no pair of lists, pictures and answers")


def _as_bytes(item: object) -> bytes:
    match item:
        case bytes() | bytearray():
            return bytes(item)
        case Made("encode", (str(text), "latin1" | b"latin1")):
            return text.encode("latin-1")
        case Made("array", _, (_, _, Made("type", (kind, *_)), _, raw)) if _name(kind) == "u1":
            return _as_bytes(raw)
        case Made("buffer", (raw, Made("type", (kind, *_)), *_)) if _name(kind) == "u1":
            return _as_bytes(raw)
    raise PickleRefusedError("a picture is no bytes and no array of bytes")


def _as_bool(item: object) -> bool:
    match item:
        case bool():
            return item
        case 0 | 1:
            return bool(item)
        case Made("scalar", (Made("type", (kind, *_)), raw)) if _name(kind) == "b1":
            return _as_bytes(raw) != b"\0"
    raise PickleRefusedError("an answer is neither true nor false")


def _name(kind: object) -> object:
    return kind.decode("latin-1") if isinstance(kind, bytes) else kind
