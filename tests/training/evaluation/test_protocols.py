"""IJB and MegaFace through a network: flip-added, weighted, and honest about what is missing."""

from pathlib import Path

import numpy as np
import pytest

from core.opencv import cv2
from tests.training.runs import settled_net
from training.data.ijb_files import IjbFiles
from training.data.megaface_lists import MegafaceList
from training.errors import DataError
from training.evaluation.comparisons import unit
from training.evaluation.measure import unshown
from training.evaluation.protocols import (
    Ijb,
    IjbPictures,
    Megaface,
    measure_ijb,
    measure_megaface,
    open_ijb,
    open_megaface,
)
from training.subjects import Network, network_of
from training.synth import draw_face

POINTS = np.array([[38.3, 51.7], [73.5, 51.5], [56.0, 71.7], [41.5, 92.4], [70.7, 92.2]])


@pytest.fixture(scope="module")
def network() -> Network:
    return network_of(settled_net(), "one")


def write_crops(folder: Path, people: int, crops: int) -> tuple[str, ...]:
    names = []
    for person in range(people):
        for number in range(crops):
            name = f"{person}_{number}.png"
            cv2.imwrite(str(folder / name), draw_face(300 + person, number)[8:120, 8:120])
            names.append(name)
    return tuple(names)


def toy_ijb(folder: Path, damaged: int | None = None) -> Ijb:
    files = write_crops(folder, 6, 2)
    if damaged is not None:
        (folder / files[damaged]).write_bytes(b"no picture")
    left, right = (side.astype(np.int64) for side in np.triu_indices(6, 1))
    return Ijb(
        "toy",
        IjbFiles(
            folder=folder,
            files=files,
            templates=np.arange(12) // 2,
            media=np.arange(12),
            points=np.tile(POINTS, (12, 1, 1)),
            detector_scores=np.linspace(0.5, 1, 12, dtype=np.float32),
            left=np.concatenate([left, np.arange(6)]),
            right=np.concatenate([right, np.arange(6)]),
            mated=np.repeat([False, True], [15, 6]),
        ),
    )


def test_an_ijb_template_is_the_weighted_sum_of_flip_added_vectors(
    network: Network, tmp_path: Path
) -> None:
    ijb = toy_ijb(tmp_path)
    pictures = IjbPictures(ijb.files)
    crops = np.stack([pictures.crop(row) for row in range(12)])
    both = network.raw(crops) + network.raw(crops[:, :, ::-1])
    weighted = both * ijb.files.detector_scores[:, None]
    templates = unit(weighted[0::2] + weighted[1::2])
    scores = [float(templates[a] @ templates[b]) for a in range(6) for b in range(a)]

    found = measure_ijb(network, ijb, None, unshown)

    assert (found.mated, found.non_mated, found.left_out) == (6, 15, 0)
    # A template compared with itself scores 1; at most 20 % of the others may reach it.
    assert found.tar[0.1] is None
    assert max(scores) < 1 - 1e-4


def test_an_ijb_template_without_a_usable_picture_is_left_out(
    network: Network, tmp_path: Path
) -> None:
    ijb = toy_ijb(tmp_path, damaged=0)
    (tmp_path / ijb.files.files[1]).unlink()

    found = measure_ijb(network, ijb, None, unshown)

    assert found.left_out == 6  # five comparisons with others and one with itself
    assert found.mated == 5


def test_ijb_without_pictures_is_refused(network: Network, tmp_path: Path) -> None:
    ijb = toy_ijb(tmp_path)
    for name in ijb.files.files:
        (tmp_path / name).unlink()

    with pytest.raises(DataError, match="not one of its pictures"):
        measure_ijb(network, ijb, None, unshown)


def toy_megaface(folder: Path, *, cleaned: bool) -> Megaface:
    (folder / "probes").mkdir()
    (folder / "others").mkdir()
    probes = write_crops(folder / "probes", 4, 3)
    others = write_crops(folder / "others", 5, 1)
    noisy = np.zeros(5, dtype=bool)
    noisy[0] = True
    return Megaface(
        MegafaceList(probes, np.arange(12) // 3, np.zeros(12, dtype=bool)),
        folder / "probes",
        MegafaceList(others, np.zeros(5, dtype=np.int64), noisy),
        folder / "others",
        cleaned,
    )


def test_megaface_searches_every_mate_among_the_distractors(
    network: Network, tmp_path: Path
) -> None:
    found = measure_megaface(network, toy_megaface(tmp_path, cleaned=False), None, unshown)

    assert found.searches == 4 * 6
    assert found.non_mated == 12 * 5
    # The distractors show the probes' own first crops, so nothing is found before them.
    assert found.rank_1[5] < 0.5


def test_the_cleaned_protocol_lets_noisy_distractors_match_nothing(
    network: Network, tmp_path: Path
) -> None:
    noisy = toy_megaface(tmp_path, cleaned=False)
    clean = Megaface(
        noisy.probes, noisy.probe_folder, noisy.distractors, noisy.distractor_folder, cleaned=True
    )

    before = measure_megaface(network, noisy, None, unshown)
    after = measure_megaface(network, clean, None, unshown)

    assert after.rank_1[5] > before.rank_1[5]


def test_missing_protocol_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="face_tid_mid"):
        open_ijb(tmp_path, tmp_path)
    with pytest.raises(DataError, match="probes"):
        open_megaface([tmp_path / "probes.txt", tmp_path, tmp_path / "d.txt", tmp_path], None)
