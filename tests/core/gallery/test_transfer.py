import pytest

from core.domain.event import EventKind
from core.domain.importing import OnConflict
from core.errors import ExportFailedError
from core.gallery.archive_read import open_archive
from core.gallery.audit import read_events
from core.gallery.schema import SCHEMA
from core.gallery.sqlite_gallery import SqliteGallery
from core.settings import locate_folders
from tests.fakes.captures import MODEL, make_capture
from tests.fakes.key_store import MemoryKeyStore


@pytest.fixture
def gallery(open_gallery):
    gallery = open_gallery()
    gallery.enrol("Anna", [make_capture(1), make_capture(2)], note="note")
    gallery.enrol("Bob", [make_capture(3)])
    return gallery


def newest_event(gallery):
    with gallery.store.reading() as session:
        return read_events(session)[-1]


def test_an_archive_carries_a_gallery_into_another(gallery, tmp_path) -> None:

    target = tmp_path / "out.pfgallery"
    assert gallery.transfer.export_archive(target, "1.2.3", {}, "secret words") == 2
    other = SqliteGallery.open(locate_folders(tmp_path / "other"), MemoryKeyStore())
    with open_archive(target, lambda: "secret words") as archive:
        other.transfer.import_subjects(archive.subjects(), OnConflict.KEEP)

    assert other.subjects() == gallery.subjects()
    ours, theirs = gallery.references(MODEL), other.references(MODEL)
    assert [one.template.vector.tobytes() for one in ours] == [
        one.template.vector.tobytes() for one in theirs
    ]
    other.close()


def test_the_manifest_tells_where_the_archive_comes_from(gallery, tmp_path) -> None:
    gallery.transfer.export_archive(tmp_path / "out.pfgallery", "1.2.3", {}, None)

    with open_archive(tmp_path / "out.pfgallery", None) as archive:
        manifest = archive.manifest
        events = archive.events()

    assert (manifest.program_version, manifest.schema) == ("1.2.3", SCHEMA.head)
    assert manifest.sealed is None
    assert [event.kind for event in events] == ["enrolled", "enrolled"]


@pytest.mark.parametrize(
    ("export", "detail"),
    [
        (lambda it, to: it.export_archive(to, "1", {}, None), "plain archive"),
        (lambda it, to: it.export_plain(to), "plain copy"),
        (lambda it, to: it.export_lists(to, "csv"), "csv list"),
        (lambda it, to: it.export_lists(to, "json"), "json list"),
    ],
)
def test_every_export_is_written_into_the_audit(gallery, tmp_path, export, detail: str) -> None:
    assert export(gallery.transfer, tmp_path / "out") == 2

    event = newest_event(gallery)
    assert (event.kind, event.count, event.detail) == (EventKind.EXPORTED, 2, detail)


@pytest.mark.parametrize("name", ["gallery.sqlite", "settings.toml", "out.pfgallery"])
def test_nothing_in_the_folder_of_the_gallery_is_replaced(gallery, folders, name: str) -> None:
    for export in (
        lambda to: gallery.transfer.export_archive(to, "1", {}, None),
        gallery.transfer.export_plain,
        lambda to: gallery.transfer.export_lists(to, "csv"),
    ):
        with pytest.raises(ExportFailedError, match="folder of the gallery"):
            export(folders.data / name)

    assert len(gallery.subjects()) == 2


def test_the_deleted_do_not_leave_the_gallery(gallery, tmp_path) -> None:
    gallery.delete(gallery.find("Anna").subject_id)

    assert gallery.transfer.export_plain(tmp_path / "out") == 1
    assert gallery.transfer.export_archive(tmp_path / "out2", "1", {}, None) == 1
