"""A gallery of painted people under two models: one sees colours, the other also their order."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from core.domain.face import AlignedFace
from core.domain.template import Embedding, ModelId
from core.domain.watch import Watch
from core.errors import Cancelled, PackInUseError, SettingsError
from core.gallery.sqlite_gallery import SqliteGallery
from core.matching.recognise import check_references
from core.model_swap import (
    BATCH,
    Judge,
    Retemplating,
    judge_in_use,
    let_go,
    preview_swap,
    recapture_queue,
    refuse_if_kept,
    switch_model,
)
from core.settings import Settings, locate_folders, read_settings, write_settings
from tests.fakes.analyses import POINT
from tests.fakes.captures import MODEL, make_capture
from tests.fakes.key_store import MemoryKeyStore

SECOND = ModelId("model-2")
STRICT = msgspec.structs.replace(POINT, threshold=0.9999)


class OrderEmbedder:
    """Sees the mean colour of the upper and of the lower half."""

    model = SECOND

    def __init__(self, blind_to: int | None = None) -> None:
        self._blind_to = blind_to  # a blue that it makes nothing of

    def embed(self, face: AlignedFace) -> Embedding | None:
        if self._blind_to is not None and face.pixels[0, 0, 0] == self._blind_to:
            return None
        halves = face.pixels.reshape(2, -1, 3).mean(axis=1).ravel().astype(np.float32) + 1
        return Embedding(halves / np.linalg.norm(halves), self.model)


def capture(blue: int, red: int, shade: int = 0):
    """Somebody of one colour; `shade` tells their pictures apart."""
    pixels = np.full((112, 112, 3), (blue, 40 + shade, red), np.uint8)
    mean = np.array([blue, 40 + shade, red], np.float32)
    made = make_capture(1)
    return replace(
        made,
        embedding=Embedding(mean / np.linalg.norm(mean), MODEL),
        aligned=AlignedFace(pixels, made.aligned.transform.copy()),
        source=f"{blue}-{shade}.jpg",
    )


@pytest.fixture
def keys() -> MemoryKeyStore:
    return MemoryKeyStore()


@pytest.fixture
def gallery(tmp_path: Path, keys: MemoryKeyStore):
    gallery = SqliteGallery.open(locate_folders(tmp_path / "data"), keys)
    gallery.enrol("Anna", [capture(200, 10), capture(200, 10, shade=3)])
    gallery.enrol("Bob", [capture(20, 190), capture(20, 190, shade=2)])
    yield gallery
    gallery.close()


def vectors(gallery: SqliteGallery, model: ModelId) -> list[bytes]:
    return [one.template.vector.tobytes() for one in gallery.references(model)]


def test_a_preview_says_what_a_change_would_do_and_does_nothing(gallery) -> None:
    before = gallery.templates.counts()

    preview = preview_swap(gallery, Judge(MODEL, POINT), OrderEmbedder(), POINT)

    assert (preview.references, preview.present, preview.to_embed) == (4, 0, 4)
    assert (preview.compared, preview.recapture) == (4, ())
    assert (preview.former_point, preview.point) == (POINT, POINT)
    assert gallery.templates.counts() == before


def test_decisions_that_would_be_others_are_listed(gallery) -> None:
    """At the strict point, two shades of one person no longer match each other."""
    preview = preview_swap(gallery, Judge(MODEL, POINT), OrderEmbedder(), STRICT)

    assert (preview.right_before, preview.right_after) == (4, 2)
    assert [(it.name, it.source) for it in preview.changes] == [
        ("Anna", "200-0.jpg"),
        ("Anna", "200-3.jpg"),
    ]
    assert (preview.changes[0].before.own, preview.changes[0].after.own) == (True, False)


def test_after_the_change_everybody_is_known_to_both_models(gallery) -> None:
    former = vectors(gallery, MODEL)
    work = Retemplating(gallery.templates, OrderEmbedder())
    work.run()

    assert (work.made, work.total) == (4, 4)
    assert [one.subject_id for one in gallery.references(SECOND)] == [
        one.subject_id for one in gallery.references(MODEL)
    ]
    assert vectors(gallery, MODEL) == former
    assert [(one.name, one.references) for one in gallery.subjects()] == [("Anna", 2), ("Bob", 2)]
    assert gallery.damaged() == ()


def test_there_and_back_again_the_decisions_are_the_same(gallery, tmp_path) -> None:
    settings = tmp_path / "settings.toml"
    write_settings(settings, Settings(model="first"))
    before = check_references(gallery.references(MODEL), MODEL, POINT.threshold)

    Retemplating(gallery.templates, OrderEmbedder()).run()
    assert switch_model(settings, "second").former_model == "first"
    assert switch_model(settings, "first").former_model == "second"

    after = check_references(gallery.references(MODEL), MODEL, POINT.threshold)
    assert after == before
    assert read_settings(settings).model == "first"


def test_cut_off_work_goes_on_where_it_was(gallery) -> None:
    gallery.enrol("Many", [capture(99, 100 + number) for number in range(BATCH + 4)])
    asked: list[int] = []
    watch = Watch(report=lambda done, _: asked.append(done), cancelled=lambda: bool(asked))
    with pytest.raises(Cancelled):
        Retemplating(gallery.templates, OrderEmbedder()).run(watch)
    assert gallery.templates.counts()[SECOND] == BATCH

    rest = Retemplating(gallery.templates, OrderEmbedder())
    rest.run()

    assert (rest.total, rest.made) == (8, 8)
    assert gallery.templates.awaiting(SECOND) == ()


def test_killed_half_way_nothing_is_lost_and_the_work_goes_on(gallery, keys, tmp_path) -> None:
    """The other process ends like by kill -9 in the middle of its second batch."""
    gallery.enrol("Many", [capture(99, 100 + number) for number in range(2 * BATCH)])
    before = vectors(gallery, MODEL)
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from core.gallery.sqlite_gallery import SqliteGallery\n"
        "from core.model_swap import Retemplating\n"
        "from core.settings import locate_folders\n"
        "from tests.core.test_model_swap import OrderEmbedder\n"
        "from tests.fakes.key_store import MemoryKeyStore\n"
        "class Killed(OrderEmbedder):\n"
        "    seen = 0\n"
        "    def embed(self, face):\n"
        "        Killed.seen += 1\n"
        f"        if Killed.seen == {BATCH + 5}:\n"
        "            os._exit(9)\n"
        "        return super().embed(face)\n"
        "store = MemoryKeyStore(bytes.fromhex(sys.argv[2]))\n"
        "gallery = SqliteGallery.open(locate_folders(Path(sys.argv[1])), store)\n"
        "Retemplating(gallery.templates, Killed()).run()\n"
    )
    gallery.close()
    line = [sys.executable, "-c", code, str(tmp_path / "data"), keys.key.hex()]
    assert subprocess.run(line, check=False).returncode == 9

    again = SqliteGallery.open(locate_folders(tmp_path / "data"), keys)
    assert again.templates.counts()[SECOND] == BATCH
    Retemplating(again.templates, OrderEmbedder()).run()
    assert again.templates.awaiting(SECOND) == ()
    assert vectors(again, MODEL) == before
    assert again.damaged() == ()
    again.close()


def test_without_pictures_people_wait_to_be_captured_again(tmp_path) -> None:
    folders = locate_folders(tmp_path / "data")
    gallery = SqliteGallery.open(folders, MemoryKeyStore(), keep_crops=False)
    gallery.enrol("Anna", [capture(200, 10)])

    preview = preview_swap(gallery, Judge(MODEL, POINT), OrderEmbedder(), POINT)
    Retemplating(gallery.templates, OrderEmbedder()).run()

    assert [(it.name, it.usable, it.references) for it in preview.recapture] == [("Anna", 0, 1)]
    assert recapture_queue(gallery, SECOND) == preview.recapture
    assert recapture_queue(gallery, MODEL) == ()
    assert [one.name for one in gallery.subjects()] == ["Anna"]
    gallery.close()


def test_a_picture_that_the_model_makes_nothing_of_is_told(gallery) -> None:
    blind = OrderEmbedder(blind_to=200)

    preview = preview_swap(gallery, Judge(MODEL, POINT), blind, POINT)
    work = Retemplating(gallery.templates, blind)
    work.run()

    assert [(it.name, it.usable, it.references) for it in preview.recapture] == [("Anna", 0, 2)]
    assert (work.total, work.made) == (4, 2)


def test_the_model_in_use_is_judged_by_its_card(tmp_path) -> None:
    judge = judge_in_use(Settings(), tmp_path)

    assert judge.point is not None
    assert judge.point.target_fmr == 1e-3
    assert judge_in_use(Settings(target_fmr=1e-12), tmp_path).point is None
    assert judge_in_use(Settings(model="gone"), tmp_path).point is None


def test_the_way_back_stands_open_until_it_is_let_go(tmp_path) -> None:
    file = tmp_path / "settings.toml"
    write_settings(file, Settings(model="first", theme="dark"))

    changed = switch_model(file, "second")
    with pytest.raises(PackInUseError, match="forget-former"):
        refuse_if_kept("first", changed)

    refuse_if_kept("first", let_go(file))
    assert read_settings(file) == Settings(model="second", theme="dark")


def test_changing_to_the_model_in_use_keeps_the_way_back(tmp_path) -> None:
    file = tmp_path / "settings.toml"
    write_settings(file, Settings(model="second", former_model="first"))

    assert switch_model(file, "second").former_model == "first"


def test_where_the_settings_cannot_be_written_the_former_model_stays(tmp_path, monkeypatch) -> None:
    file = tmp_path / "settings.toml"
    write_settings(file, Settings(model="first"))

    def refuse(_self: Path, _target: Path) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(SettingsError):
        switch_model(file, "second")

    assert read_settings(file).model == "first"
