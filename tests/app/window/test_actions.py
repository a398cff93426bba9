import dataclasses

import pytest

from app.window.actions import Actions, Desk, ModelEntry
from tests.app.window.staging import model_card


def test_what_the_pages_are_given_cannot_be_changed_by_them() -> None:
    entry = ModelEntry("a", model_card(), built_in=True, in_use=True, problem="", text="")

    with pytest.raises(dataclasses.FrozenInstanceError):
        entry.in_use = False  # type: ignore[misc]


@pytest.mark.parametrize("bundle", [Actions, Desk])
def test_no_bundle_carries_the_services(bundle: type) -> None:
    types = {str(field.type) for field in dataclasses.fields(bundle)}

    assert not any("Services" in name or "Gallery" in name for name in types)
