"""What a pack is judged on: people held out, crops counted by source."""

from pathlib import Path

from tests.training.export.made import HISTORY
from training.export.material import gather, trained_crops


def test_trained_and_held_out_people_are_kept_apart(world, tmp_path: Path) -> None:
    found = gather(world.data, tmp_path, HISTORY, 16, (), (), note="", licence="")

    seen = {crop.tobytes() for crop in found.trained}
    assert len(found.trained) == found.crops["synth"] == 48 - 3 * len(found.strangers)
    assert not any(crop.tobytes() in seen for crop in found.strangers)
    assert not found.stated.members


def test_everything_is_trained_on_where_nobody_is_held_out(world) -> None:
    assert trained_crops(world.data, 0.0) == {"synth": 48}
    assert trained_crops(world.data, 0.5)["synth"] < 48
