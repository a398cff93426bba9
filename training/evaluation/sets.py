"""Sets of pairs to measure on, opened by name and path."""

from dataclasses import dataclass
from pathlib import Path

from core.errors import UsageError
from training.data.bin_sets import BinSet, read_bin
from training.data.pair_lists import PairList, read_pair_list
from training.evaluation.comparisons import Comparisons
from training.evaluation.pictures import PictureArray, PictureFiles, Pictures

BIN_SUFFIX = ".bin"


@dataclass(frozen=True, slots=True, eq=False)
class PairSet:
    """One set: what is compared, and where the pictures come from."""

    name: str
    comparisons: Comparisons
    pictures: Pictures


def open_set(text: str) -> PairSet:
    """A set from the command line.

    Args:
        text: NAME=PAIRS.csv or NAME=PAIRS.txt (as LFW writes it), with @FOLDER behind it where
            the pictures do not lie beside the list; or NAME=SET.bin.

    Raises:
        UsageError: Not of this form.
        DataError: The file cannot be used.
    """
    name, equals, place = text.partition("=")
    if not (name and equals and place):
        raise UsageError(reason=f"'{text}' is no set; write NAME=FILE or NAME=FILE@FOLDER")
    file, _, folder = place.partition("@")
    path = Path(file)
    found = read_bin(path) if path.suffix == BIN_SUFFIX else _listed(path, folder)
    trials = Comparisons(found.left, found.right, found.mated, found.fold, found.people)
    if isinstance(found, BinSet):
        return PairSet(name, trials, PictureArray(found.crops))
    return PairSet(name, trials, PictureFiles(found.folder, found.files))


def _listed(path: Path, folder: str) -> PairList:
    return read_pair_list(path, Path(folder) if folder else None)
