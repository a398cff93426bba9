from pathlib import Path

import pytest

from core.errors import ModelContractError, ModelMissingError, UsageError
from core.settings import Folders, Settings, locate_folders
from core.vision.assess import VERIFY_LIMITS
from core.wiring import build, build_gallery, build_vision

pytestmark = pytest.mark.model


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return locate_folders(tmp_path / "home")


def test_the_defaults_give_a_working_program(folders: Folders) -> None:
    services = build(Settings(key_store="file"), folders, ask_passphrase=None)

    try:
        assert services.gallery.subjects() == ()
        assert services.vision.point.target_fmr <= services.settings.target_fmr
        assert services.store.notice is not None  # the key lies in a file, which is always said
    finally:
        services.close()


def test_each_source_gets_a_tracker_of_its_own(folders: Folders) -> None:
    vision = build_vision(Settings(), folders)

    one = vision.parts("largest", VERIFY_LIMITS)
    other = vision.parts("largest", VERIFY_LIMITS)

    assert one.tracker is not other.tracker
    assert one.detector is other.detector


def test_captures_of_one_enrolment_may_differ_more_than_a_match_may(folders: Folders) -> None:
    vision = build_vision(Settings(), folders)

    assert vision.same_person_threshold <= vision.point.threshold


def test_a_model_nobody_has_is_named(folders: Folders) -> None:
    with pytest.raises(ModelMissingError, match="no-such-model"):
        build_vision(Settings(model="no-such-model"), folders)


def test_the_detector_cannot_decide(folders: Folders) -> None:
    with pytest.raises(ModelContractError, match="cannot compare"):
        build_vision(Settings(model="yunet"), folders)


def test_a_rate_the_model_was_never_measured_at_is_refused(folders: Folders) -> None:
    with pytest.raises(UsageError, match="is measured down to"):
        build_vision(Settings(target_fmr=1e-9), folders)


def test_people_are_reached_without_loading_a_model(folders: Folders) -> None:
    settings = Settings(model="no-such-model", key_store="file")

    store = build_gallery(settings, folders, ask_passphrase=None)

    try:
        assert store.gallery.subjects() == ()
    finally:
        store.gallery.close()
