from datetime import UTC, datetime

import pytest

from core.errors import GalleryTamperedError
from core.gallery.images import ReferenceImage, SubjectImage, open_image, seal_image
from core.gallery.tables import JournalPartRow
from core.security.sealing import new_key

KEY = bytes(range(32))
NOW = datetime.now(UTC)
IMAGES = [
    SubjectImage(b"sealed", NOW, "somebody"),
    SubjectImage(b"sealed", None, None),
    ReferenceImage("r", "s", 80, NOW, (("model-a", b"one"), ("model-b", b"two")), b"crop"),
    ReferenceImage("r", "s", 80, NOW, (), None),
]


def part(entry: int = 1, subject_id: str = "s", row_id: str = "r") -> JournalPartRow:
    return JournalPartRow(
        number=7, entry=entry, subject_id=subject_id, place="references", row_id=row_id
    )


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_comes_back(image: SubjectImage | ReferenceImage) -> None:
    row = part()
    seal_image(row, KEY, image)

    assert open_image(row, KEY) == image


def test_nothing_before_is_no_image() -> None:
    assert open_image(part(), KEY) is None


@pytest.mark.parametrize(
    "other",
    [part(entry=2), part(subject_id="t"), part(row_id="q")],
    ids=["entry", "subject", "row"],
)
def test_an_image_cannot_be_given_to_another_change_subject_or_row(other: JournalPartRow) -> None:
    row = part()
    seal_image(row, KEY, IMAGES[0])
    other.sealed_before = row.sealed_before

    with pytest.raises(GalleryTamperedError, match="journal_parts/7"):
        open_image(other, KEY)


def test_an_image_opens_under_its_subjects_key_only() -> None:
    row = part()
    seal_image(row, KEY, IMAGES[0])

    with pytest.raises(GalleryTamperedError):
        open_image(row, new_key())
