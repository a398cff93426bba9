import stat

import pytest

from core.errors import ExportFailedError
from core.gallery.draft import replacing


def test_the_new_file_takes_the_place_of_the_former(tmp_path) -> None:
    target = tmp_path / "out"
    target.write_text("former", encoding="utf-8")

    with replacing(target) as draft:
        draft.write_text("new", encoding="utf-8")
        assert target.read_text(encoding="utf-8") == "former"

    assert target.read_text(encoding="utf-8") == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_where_something_goes_wrong_nothing_is_left_of_it(tmp_path) -> None:
    target = tmp_path / "out"
    target.write_text("former", encoding="utf-8")

    def fail() -> None:
        with replacing(target, ["-wal"]) as draft:
            draft.with_name(draft.name + "-wal").write_text("side", encoding="utf-8")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert target.read_text(encoding="utf-8") == "former"
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_disk_is_told_in_words(tmp_path, full_disk) -> None:
    with (
        full_disk(),
        pytest.raises(ExportFailedError, match="out"),
        replacing(tmp_path / "out") as draft,
    ):
        draft.write_bytes(bytes(10_000))

    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_its_place_stays(tmp_path) -> None:
    (tmp_path / "out").mkdir()

    with pytest.raises(ExportFailedError), replacing(tmp_path / "out"):
        pass

    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]
