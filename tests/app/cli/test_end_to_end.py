"""The main job on people who do not exist, with real recognisers, through the command line."""

import importlib.util
import json
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

from app.cli.looking import look_at
from app.cli.main import run
from core.domain.operating_point import OperatingPoint
from core.errors import ModelMissingError
from core.matching.decide import choose_point
from core.matching.search import ReferenceMatrix
from core.settings import Settings, locate_folders, read_settings
from core.vision.assess import VERIFY_LIMITS
from core.vision.pack_source import BareFacts
from core.vision.packs import ModelPack, dump_card, find_pack
from core.wiring import build
from tests.app.cli.lines import HEADLESS, operating_point

PEOPLE = tuple(f"P{number:03}" for number in range(1, 11) if number != 3)
# Made by a generator from one another, it seems: SFace, which no part of this program was measured
# with, finds pairs of these four as alike (0.5 to 0.66) as two pictures of one person.
LOOK_ALIKES = frozenset({"P002", "P004", "P006", "P010"})
REFERENCES = ("studio_portrait", "studio_posture")
PROBES = ("amateur_selfie", "amateur_posture")
SFACE_THRESHOLD = 0.363  # the one its authors publish

pytestmark = [pytest.mark.model, pytest.mark.slow]


def built_in() -> str:
    try:
        return find_pack(Settings().model, None).name
    except ModelMissingError:
        pytest.skip(f"the built-in model {Settings().model} is not in this tree")


def sface(models: Path) -> str:
    shared = os.environ.get("POCKETFACE_SHARED")
    if not shared:
        pytest.skip("POCKETFACE_SHARED names no folder with the SFace model")
    import msgspec  # noqa: PLC0415

    from core.vision.pack_install import add_pack  # noqa: PLC0415

    facts = BareFacts("sface", "rgb", (0.0,) * 3, (1.0,) * 3, "Apache-2.0")
    source = Path(shared) / "models" / "face_recognition_sface_2021dec.onnx"
    pack: ModelPack = add_pack(source, models, facts).pack
    points = (operating_point(1e-3, SFACE_THRESHOLD),)
    card = msgspec.structs.replace(pack.card, operating_points=points)
    (models / "sface" / "card.toml").write_bytes(dump_card(card))
    return "sface"


@pytest.fixture(scope="module", params=["built-in", "sface"])
def stage(request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder with everybody enrolled."""
    home = tmp_path_factory.mktemp(request.param)
    name = built_in() if request.param == "built-in" else sface(home / "models")
    settings = f'model = "{name}"\nkey_store = "file"\n'
    (home / "settings.toml").write_text(settings, encoding="utf-8")
    for person in PEOPLE:
        files = [str(picture(person, kind)) for kind in REFERENCES]
        line = ["--data-dir", str(home), "enrol", person, *files]
        assert run(line, HEADLESS, {}) == 0
    return home


def picture(person: str, kind: str) -> Path:
    spec = importlib.util.find_spec("openpeople")
    if spec is None or spec.origin is None:
        pytest.skip("the extra [demo] with pictures of synthetic people is not installed")
    return Path(spec.origin).parent / "data" / "curated" / person / "assets" / f"{kind}.jpg"


@dataclass(frozen=True)
class Pairs:
    """Scores of all 162 pairs of a probe and an enrolled person."""

    model: str
    threshold: float
    points: tuple[OperatingPoint, ...]
    mated: tuple[float, ...]
    non_mated: tuple[float, ...]
    look_alikes: tuple[float, ...]

    def __str__(self) -> str:
        groups = {"mated": self.mated, "non-mated": self.non_mated, "look-alikes": self.look_alikes}
        spans = [f"{n} {min(g):.3f} to {max(g):.3f} ({len(g)})" for n, g in groups.items()]
        misses = sum(score < self.threshold for score in self.mated)
        spread = ", ".join(spans)
        return f"{self.model}: {spread}, threshold {self.threshold:.3f}, misses {misses}"


@pytest.fixture(scope="module")
def pairs(stage: Path) -> Pairs:
    folders = locate_folders(stage)
    settings = read_settings(folders.settings_file)
    groups: dict[str, list[float]] = {"mated": [], "non_mated": [], "look_alikes": []}
    services = build(settings, folders, None)
    with closing(services):
        vision = services.vision
        names = {entry.subject_id: entry.name for entry in services.gallery.subjects()}
        references = services.gallery.references(vision.embedder.model)
        matrix = ReferenceMatrix.build(references, vision.embedder.model)
        parts = vision.parts("largest", VERIFY_LIMITS)
        for person, kind in product(PEOPLE, PROBES):
            probe = look_at(picture(person, kind), parts).analysis.embedding
            assert probe is not None, f"{person} {kind} is a usable picture"
            for entry in matrix.scores(probe):
                groups[_group(person, names[entry.subject_id])].append(entry.score.value)
    scores = {name: tuple(group) for name, group in groups.items()}
    return Pairs(settings.model, vision.point.threshold, vision.points, **scores)


def _group(person: str, other: str) -> str:
    if person == other:
        return "mated"
    return "look_alikes" if {person, other} <= LOOK_ALIKES else "non_mated"


def test_every_person_resembles_itself_more_than_anybody_but_a_look_alike(
    pairs, record_testsuite_property
) -> None:
    record_testsuite_property(f"scores of {pairs.model}", str(pairs))
    assert min(pairs.mated) > max(pairs.non_mated), str(pairs)


def test_at_an_fmr_of_1e_4_nobody_passes_for_anybody_but_a_look_alike(pairs) -> None:
    # At 1e-3 one pair of 120 does (0.438 against 0.424): the built-in network is an interim one.
    if pairs.model == "sface":
        pytest.skip(f"its thresholds were not measured here: {pairs}")
    assert max(pairs.non_mated) < choose_point(pairs.points, 1e-4).threshold, str(pairs)


def test_a_person_is_verified_and_another_refused(stage, capsys) -> None:
    line = ["--data-dir", str(stage), "--json", "verify", "P005"]
    for person, expected in (("P005", 0), ("P009", 1)):
        capsys.readouterr()
        code = run([*line, str(picture(person, "amateur_posture"))], HEADLESS, {})
        data = json.loads(capsys.readouterr().out)["data"]
        assert code == expected, data["explanation"]


def test_moving_heads_are_known_again_and_told_apart(tmp_path) -> None:
    shared = os.environ.get("POCKETFACE_SHARED")
    if not shared:
        pytest.skip("POCKETFACE_SHARED names no folder with videos of moving heads")
    built_in()
    clips = {
        sex: str(Path(shared) / "data" / "videos" / f"head-pose-face-detection-{sex}.gif")
        for sex in ("female", "male")
    }
    line = ["--data-dir", str(tmp_path)]
    (tmp_path / "settings.toml").write_text('key_store = "file"\n', encoding="utf-8")
    for name, clip in clips.items():
        assert run([*line, "enrol", name, "--source", clip], HEADLESS, {}) == 0
    for claimed, seen in product(clips, clips):
        code = run([*line, "verify", claimed, "--source", clips[seen]], HEADLESS, {})
        assert (code == 0) == (claimed == seen), f"{seen} claims to be {claimed}: {code}"
