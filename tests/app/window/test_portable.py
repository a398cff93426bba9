"""The window's exports, imports and changes of model over a real gallery and tiny packs."""

import shutil

import msgspec
import pytest

from app.runtime.threads import Control
from app.window.actions import ExportWish
from app.window.program import Program
from core.domain.importing import OnConflict, Verdict
from core.errors import Cancelled, KeysDeniedError, PackInUseError
from core.vision.packs import dump_card, load_card
from core.wiring import build
from tests.app.window.packs import tiny_home
from tests.fakes.captures import make_capture

IDLE = Control(cancelled=lambda: False, report=lambda _: None)


@pytest.fixture
def services(tmp_path):
    pytest.importorskip("onnx", reason="the extra [training] makes the tiny recogniser")
    settings, folders = tiny_home(tmp_path / "home")
    services = build(settings, folders, None)
    services.gallery.enrol("Anna", [make_capture(1, model=services.vision.embedder.model)])
    yield services
    services.close()


@pytest.fixture
def actions(services):
    return Program(services, "", None).actions()


def test_a_sealed_archive_goes_out_and_comes_back(services, actions, tmp_path) -> None:
    target = tmp_path / "out.pfgallery"
    assert actions.transfer.export(ExportWish(target, "pfgallery", "words"), IDLE) == 1
    services.gallery.erase(services.gallery.find("Anna").subject_id)

    with pytest.raises(KeysDeniedError, match="type its passphrase"):
        actions.transfer.read(target, "", IDLE)
    incoming = actions.transfer.read(target, "words", IDLE)
    assert actions.transfer.review(incoming, OnConflict.KEEP, IDLE).count(Verdict.NEW) == 1
    assert services.gallery.subjects() == ()
    arrived = actions.transfer.bring_in(incoming, OnConflict.KEEP, IDLE)

    assert (arrived.made, arrived.missing) == (0, 0)
    assert [one.name for one in services.gallery.subjects()] == ["Anna"]


@pytest.mark.parametrize("form", ["sqlite", "csv", "json"])
def test_other_forms_go_out(actions, tmp_path, form) -> None:
    assert actions.transfer.export(ExportWish(tmp_path / "out", form, None), IDLE) == 1
    assert (tmp_path / "out").stat().st_size > 0


def test_a_cancelled_export_leaves_nothing(actions, tmp_path) -> None:
    stopped = Control(cancelled=lambda: True, report=lambda _: None)

    with pytest.raises(Cancelled):
        actions.transfer.export(ExportWish(tmp_path / "out", "sqlite", None), stopped)

    assert not (tmp_path / "out").exists()


def test_a_change_of_model_is_made_noted_and_let_go(services, actions) -> None:
    packs = services.folders.models
    shutil.copytree(packs / "tiny", packs / "other")
    card = load_card((packs / "tiny" / "card.toml").read_bytes(), "tiny")
    spec = msgspec.structs.replace(card.input, mean=(1, 1, 1))
    other = msgspec.structs.replace(card, name="other", input=spec)
    (packs / "other" / "card.toml").write_bytes(dump_card(other))

    preview = actions.swap.preview("other", IDLE)
    assert (preview.references, preview.to_embed) == (1, 1)
    work = actions.swap.begin("other")
    while work.step():
        pass
    actions.swap.finish("other")

    assert actions.live.settings().former_model == "tiny"
    assert services.store.ledger.events()[-1].detail == "tiny to other"
    assert actions.swap.recapture() == ()
    with pytest.raises(PackInUseError):
        actions.background.remove_model("tiny")
    assert actions.swap.forget() == 1
    actions.background.remove_model("tiny")
