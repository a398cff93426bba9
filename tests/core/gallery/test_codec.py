from dataclasses import replace
from datetime import UTC, date, datetime

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.template import Template
from core.errors import GalleryTamperedError
from core.gallery.codec import (
    OpenSubject,
    name_digest,
    open_crop,
    open_reference,
    open_subject,
    png_of,
    readdress_subject,
    reseal_profile,
    seal_crop,
    seal_subject,
    seal_template,
    wrap_key,
)
from core.gallery.tables import ReferenceRow, SubjectRow, TemplateRow
from core.opencv import cv2
from core.security.sealing import bind, new_key, seal
from tests.fakes.captures import make_capture

DATA_KEY = bytes(range(32))


def sealed_subject(row_id: str = "s1", name: str = "Anna", note: str = "") -> OpenSubject:
    row = SubjectRow(id=row_id, enrolled_at=datetime.now(UTC))
    return seal_subject(row, DATA_KEY, name, note)


def sealed_reference(subject: OpenSubject, seed: int = 0) -> tuple[ReferenceRow, TemplateRow]:
    capture = make_capture(seed)
    row = ReferenceRow(
        id=f"r{seed}",
        subject_id=subject.row.id,
        quality=capture.quality.unified,
        enrolled_at=datetime.now(UTC),
    )
    template = Template(capture.embedding.vector, capture.embedding.model, captures=2)
    return row, seal_template(row, subject.key, template, "holiday.jpg")


@settings(max_examples=50, deadline=None)
@given(
    name=st.text(st.characters(exclude_categories=["Cs"])),
    note=st.text(),
    consent=st.text(),
    day=st.none() | st.dates(),
)
def test_a_subject_comes_back(name: str, note: str, consent: str, day: date | None) -> None:
    row = SubjectRow(id="s1", enrolled_at=datetime.now(UTC))
    seal_subject(row, DATA_KEY, name, note, consent, day)

    opened = open_subject(row, DATA_KEY)

    assert (opened.name, opened.note, opened.consent) == (name, note, consent)
    assert opened.retain_until == day


def test_a_profile_of_the_first_schema_has_neither_consent_nor_a_last_day() -> None:
    subject = sealed_subject()
    old = msgspec.msgpack.encode(["Anna", "agreed"])
    subject.row.sealed_profile = seal(subject.key, old, bind("subjects", "profile", "s1"))

    opened = open_subject(subject.row, DATA_KEY)

    assert (opened.note, opened.consent, opened.retain_until) == ("agreed", "", None)


def test_a_subject_is_found_under_the_name_of_the_profile_that_was_put_back() -> None:
    subject = sealed_subject(name="Anna")
    former = subject.row.sealed_profile
    reseal_profile(replace(subject, name="Bob"), DATA_KEY)

    subject.row.sealed_profile = former
    with pytest.raises(GalleryTamperedError):
        open_subject(subject.row, DATA_KEY)
    readdress_subject(subject.row, DATA_KEY)

    assert open_subject(subject.row, DATA_KEY).name == "Anna"


def test_a_subject_whose_key_is_wrapped_anew_opens_under_the_new_key_only() -> None:
    subject, other = sealed_subject(), new_key()

    wrap_key(subject.row, subject.key, other)
    readdress_subject(subject.row, other)

    assert open_subject(subject.row, other).name == "Anna"
    with pytest.raises(GalleryTamperedError):
        open_subject(subject.row, DATA_KEY)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_template_comes_back_bit_for_bit(seed: int) -> None:
    subject = sealed_subject()

    reference = open_reference(*sealed_reference(subject, seed), subject.key)

    original = make_capture(seed).embedding
    assert np.array_equal(reference.template.vector, original.vector)
    assert (reference.template.model, reference.template.captures) == (original.model, 2)
    assert (reference.quality, reference.source) == (80, "holiday.jpg")


def test_a_crop_comes_back_pixel_for_pixel() -> None:
    subject, aligned = sealed_subject(), make_capture().aligned
    reference, _ = sealed_reference(subject)

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
    row, template = sealed_reference(subject)
    setattr(template if hasattr(template, column) else row, column, value)

    with pytest.raises(GalleryTamperedError, match="references/r0"):
        open_reference(row, template, subject.key)


def test_a_template_cannot_be_moved_to_another_row() -> None:
    subject = sealed_subject()
    one, _ = sealed_reference(subject, 1)
    _, other = sealed_reference(subject, 2)

    with pytest.raises(GalleryTamperedError, match="references/r1"):
        open_reference(one, other, subject.key)


def test_a_crop_cannot_be_moved_to_another_reference() -> None:
    subject = sealed_subject()
    (one, _), (other, _) = sealed_reference(subject, 1), sealed_reference(subject, 2)
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
