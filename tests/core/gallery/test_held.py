from sqlalchemy import text

from core.gallery.held import held_subjects
from tests.fakes.captures import make_capture


def read(gallery):
    with gallery.store.reading() as session:
        return list(held_subjects(session, gallery.store.secrets.data_key))


def test_everybody_comes_oldest_first_without_the_deleted(open_gallery) -> None:
    gallery = open_gallery()
    for name in ("Zoe", "Anna", "Bob"):
        gallery.enrol(name, [make_capture(1)])
    gallery.delete(gallery.find("Bob").subject_id)

    assert [one.name for one in read(gallery)] == ["Zoe", "Anna"]


def test_what_was_captured_is_held(open_gallery) -> None:
    gallery = open_gallery()
    capture = make_capture(4, quality=71, source="camera")
    gallery.enrol("Anna", [capture], note="note")

    [anna] = read(gallery)

    [reference] = anna.references
    assert (anna.note, reference.quality, reference.source) == ("note", 71, "camera")
    assert reference.templates[0].vector.tobytes() == capture.embedding.vector.tobytes()
    assert reference.crop.pixels.tobytes() == capture.aligned.pixels.tobytes()


def test_damaged_entries_are_left_out_and_the_rest_is_there(open_gallery) -> None:
    gallery = open_gallery()
    anna = gallery.enrol("Anna", [make_capture(1), make_capture(2)])
    bob = gallery.enrol("Bob", [make_capture(3)])
    with gallery.store.writing() as session:
        session.execute(
            text("UPDATE subjects SET sealed_profile = x'00' WHERE id = :id"),
            {"id": bob.subject_id},
        )
        session.execute(
            text(
                "UPDATE templates SET sealed_template = x'00' WHERE reference_id = "
                '(SELECT id FROM "references" WHERE subject_id = :id ORDER BY enrolled_at LIMIT 1)'
            ),
            {"id": anna.subject_id},
        )

    [left] = read(gallery)

    assert (left.name, len(left.references)) == ("Anna", 1)
