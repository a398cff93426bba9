"""IJB's template verification and MegaFace's identification, for one network."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data.ijb_files import IjbFiles, read_ijb
from training.data.megaface_lists import MegafaceList, read_distractors, read_probes
from training.errors import DataError
from training.evaluation.embeddings import BOTH, MIRROR, PLAIN, Shown, embed_views
from training.evaluation.pictures import UNREADABLE, PictureFiles
from training.protocols.ijb import TemplateRates, make_templates, template_rates, template_scores
from training.protocols.megaface import MegafaceRates, cleaned_probes, search
from training.subjects import Network


@dataclass(frozen=True, slots=True, eq=False)
class IjbPictures:
    """IJB's pictures, each aligned by the points that the protocol states for it."""

    files: IjbFiles

    def __len__(self) -> int:
        """How many rows the protocol has."""
        return len(self.files.files)

    def crop(self, index: int) -> NDArray[np.uint8] | str:
        """The crop of one row."""
        found = self.files.crop(index)
        return UNREADABLE if found is None else found

    def digest(self) -> str:
        """Of names, points and the time of change of the folder."""
        digest = hashlib.sha256("\0".join(self.files.files).encode())
        digest.update(np.ascontiguousarray(self.files.points).data)
        digest.update(str(self.files.folder.resolve()).encode())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Ijb:
    """An opened IJB-B or IJB-C."""

    name: str
    files: IjbFiles


@dataclass(frozen=True, slots=True)
class Megaface:
    """An opened MegaFace: probes, and distractors to find them among.

    Attributes:
        cleaned: Whether the lists of noise are used.
    """

    probes: MegafaceList
    probe_folder: Path
    distractors: MegafaceList
    distractor_folder: Path
    cleaned: bool


def open_ijb(meta: Path, pictures: Path) -> Ijb:
    """IJB-B or IJB-C, named after its folder.

    Raises:
        DataError: A text of the protocol is missing or wrong.
    """
    return Ijb(meta.resolve().name, read_ijb(meta, pictures))


def open_megaface(places: Sequence[Path], noise: Sequence[Path] | None) -> Megaface:
    """MegaFace with FaceScrub's probes.

    Args:
        places: List and folder of the probes, list and folder of the distractors.
        noise: Lists of noisy probes and distractors, for the cleaned protocol; or None.

    Raises:
        DataError: A list is missing or wrong.
    """
    probe_list, probe_folder, distractor_list, distractor_folder = places
    probe_noise, distractor_noise = noise or (None, None)
    return Megaface(
        read_probes(probe_list, probe_noise),
        probe_folder,
        read_distractors(distractor_list, distractor_noise),
        distractor_folder,
        cleaned=noise is not None,
    )


def measure_ijb(network: Network, ijb: Ijb, cache: Path | None, shown: Shown) -> TemplateRates:
    """TAR by FMR: crop and mirror image added, times detector score, by medium and template.

    Raises:
        DataError: No picture can be used.
    """
    files = ijb.files
    vectors = embed_views(network, IjbPictures(files), BOTH, cache, shown)
    usable = vectors.usable
    if not usable.any():
        raise DataError(path=files.folder, reason="not one of its pictures can be used")
    both = vectors.by_view[PLAIN] + vectors.by_view[MIRROR]
    templates = make_templates(
        both[usable], files.detector_scores[usable], files.templates[usable], files.media[usable]
    )
    return template_rates(template_scores(templates, files.left, files.right), files.mated)


def measure_megaface(
    network: Network, megaface: Megaface, cache: Path | None, shown: Shown
) -> MegafaceRates:
    """Rank 1 by number of distractors, and TAR at an FMR of 1e-6; mirror image added.

    Raises:
        DataError: No probe, or no distractor, can be used.
    """
    probes, distractors = megaface.probes, megaface.distractors
    looked_for = PictureFiles(megaface.probe_folder, probes.files)
    among = PictureFiles(megaface.distractor_folder, distractors.files)
    found = embed_views(network, looked_for, BOTH, cache, shown)
    others = embed_views(network, among, BOTH, cache, shown)
    kept, rest = found.usable, others.usable
    for usable, folder in ((kept, looked_for.folder), (rest, among.folder)):
        if not usable.any():
            raise DataError(path=folder, reason="not one of its pictures can be used")
    vectors, people = found.flipped()[kept], probes.people[kept]
    if megaface.cleaned:
        vectors, people = cleaned_probes(vectors, people, probes.noisy[kept])
    noisy = distractors.noisy[rest] if megaface.cleaned else None
    return search(vectors, people, others.flipped()[rest], noisy)
