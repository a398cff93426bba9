from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import GalleryTamperedError
from core.gallery.codec import (
    OpenSubject,
    name_digest,
    open_crop,
    open_reference,
    open_subject,
    png_of,
    seal_crop,
    seal_subject,
    seal_template,
)
from core.gallery.tables import ReferenceRow, SubjectRow
from core.opencv import cv2
from core.security.sealing import new_key
from tests.fakes.captures import make_capture

DATA_KEY = bytes(range(32))


def sealed_subject(row_id: str = "s1", name: str = "Anna", note: str = "") -> OpenSubject:
    row = SubjectRow(id=row_id, enrolled_at=datetime.now(UTC))
    return seal_subject(row, DATA_KEY, name, note)


def sealed_reference(subject: OpenSubject, seed: int = 0) -> ReferenceRow:
    capture = make_capture(seed, source="holiday.jpg")
    row = ReferenceRow(
        id=f"r{seed}",
        subject_id=subject.row.id,
        model_id=capture.embedding.model,
        quality=capture.quality.unified,
        enrolled_at=datetime.now(UTC),
    )
    seal_template(row, subject.key, capture)
    return row


@settings(max_examples=50, deadline=None)
@given(name=st.text(st.characters(exclude_categories=["Cs"])), note=st.text())
def test_a_subject_comes_back(name: str, note: str) -> None:
    opened = open_subject(sealed_subject(name=name, note=note).row, DATA_KEY)

    assert (opened.name, opened.note) == (name, note)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_template_comes_back_bit_for_bit(seed: int) -> None:
    subject = sealed_subject()

    reference = open_reference(sealed_reference(subject, seed), subject.key)

    original = make_capture(seed).embedding
    assert np.array_equal(reference.template.vector, original.vector)
    assert reference.template.model == original.model
    assert (reference.quality, reference.source) == (80, "holiday.jpg")


def test_a_crop_comes_back_pixel_for_pixel() -> None:
    subject, aligned = sealed_subject(), make_capture().aligned
    reference = sealed_reference(subject)

    opened = open_crop(seal_crop(reference, subject.key, aligned), reference, subject.key)

    assert np.array_equal(opened.pixels, aligned.pixels)
    assert np.array_equal(opened.transform, aligned.transform)


def test_a_picture_for_export_is_a_lossless_png() -> None:
    aligned = make_capture().aligned

    decoded = cv2.imdecode(np.frombuffer(png_of(aligned), np.uint8), cv2.IMREAD_COLOR)

    assert np.array_equal(decoded, aligned.pixels)


@pytest.mark.parametrize("column", ["sealed_key", "sealed_profile", "name_digest"])
def test_any_altered_column_of_a_subject_is_named(column: str) -> None:
    row = sealed_subject().row
    value = bytearray(getattr(row, column))
    value[-1] ^= 1
    setattr(row, column, bytes(value))

    with pytest.raises(GalleryTamperedError, match="subjects/s1"):
        open_subject(row, DATA_KEY)


@pytest.mark.parametrize(
    ("column", "value"),
    [("subject_id", "s2"), ("model_id", "model-z"), ("quality", 100), ("sealed_template", b"")],
)
def test_any_altered_column_of_a_reference_is_named(column: str, value: object) -> None:
    subject = sealed_subject()
    row = sealed_reference(subject)
    setattr(row, column, value)

    with pytest.raises(GalleryTamperedError, match="references/r0"):
        open_reference(row, subject.key)


def test_a_template_cannot_be_moved_to_another_row() -> None:
    subject = sealed_subject()
    one, other = sealed_reference(subject, 1), sealed_reference(subject, 2)
    one.sealed_template = other.sealed_template

    with pytest.raises(GalleryTamperedError, match="references/r1"):
        open_reference(one, subject.key)


def test_a_crop_cannot_be_moved_to_another_reference() -> None:
    subject = sealed_subject()
    one, other = sealed_reference(subject, 1), sealed_reference(subject, 2)
    crop = seal_crop(other, subject.key, make_capture(2).aligned)

    with pytest.raises(GalleryTamperedError, match="crops/r2"):
        open_crop(crop, one, subject.key)


def test_a_subject_cannot_take_another_ones_key_and_profile() -> None:
    anna, bob = sealed_subject("s1", "Anna").row, sealed_subject("s2", "Bob").row
    anna.sealed_key, anna.sealed_profile = bob.sealed_key, bob.sealed_profile
    anna.name_digest = bob.name_digest

    with pytest.raises(GalleryTamperedError, match="subjects/s1"):
        open_subject(anna, DATA_KEY)


def test_every_subject_has_a_key_of_its_own() -> None:
    assert sealed_subject("s1").key != sealed_subject("s1").key


def test_the_digest_of_a_name_ignores_case_and_needs_the_key() -> None:
    assert name_digest(DATA_KEY, "Anna") == name_digest(DATA_KEY, "ANNA")
    assert name_digest(DATA_KEY, "Anna") != name_digest(DATA_KEY, "Bob")
    assert name_digest(DATA_KEY, "Anna") != name_digest(new_key(), "Anna")
