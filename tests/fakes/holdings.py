"""People with references, as exports give them and imports bring them."""

from datetime import UTC, date, datetime

import numpy as np

from core.domain.face import AlignedFace
from core.domain.holdings import HeldReference, HeldSubject
from core.domain.template import ModelId, ReferenceId, SubjectId, Template
from tests.fakes.captures import MODEL

ENROLLED = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)


def make_template(seed: int, model: ModelId = MODEL, size: int = 128) -> Template:
    """The same vector for the same seed and model."""
    random = np.random.default_rng([seed, len(model), size])
    vector = random.normal(size=size)
    return Template((vector / np.linalg.norm(vector)).astype(np.float32), model)


def make_held_reference(
    seed: int, *models: ModelId, picture: bool = True, source: str = "portrait.jpg"
) -> HeldReference:
    """One reference; its picture is of one colour, so that its file is small."""
    random = np.random.default_rng(seed)
    crop = AlignedFace(
        np.full((112, 112, 3), random.integers(0, 256, 3), dtype=np.uint8),
        np.array([[0.5, 0.25, 3.0], [-0.25, 0.5, 7.0]]),
    )
    return HeldReference(
        reference_id=ReferenceId(f"{seed:032x}"),
        enrolled_at=ENROLLED,
        quality=60 + seed % 40,
        source=source,
        templates=tuple(make_template(seed, model) for model in models or (MODEL,)),
        crop=crop if picture else None,
    )


def make_held(
    name: str,
    *seeds: int,
    subject_id: str | None = None,
    note: str = "",
    consent: str = "",
    retain_until: date | None = None,
) -> HeldSubject:
    """A subject with one reference a seed; its id comes from the name."""
    return HeldSubject(
        subject_id=SubjectId(subject_id or name.encode().hex().ljust(32, "0")[:32]),
        name=name,
        enrolled_at=ENROLLED,
        references=tuple(make_held_reference(seed) for seed in seeds),
        note=note,
        consent=consent,
        retain_until=retain_until,
    )


def told(subject: HeldSubject) -> tuple[object, ...]:
    """Everything about a subject as values that compare."""
    return (
        subject.subject_id,
        subject.name,
        subject.enrolled_at,
        subject.note,
        subject.consent,
        subject.retain_until,
        tuple(
            (
                one.reference_id,
                one.enrolled_at,
                one.quality,
                one.source,
                tuple((t.model, t.captures, t.vector.tobytes()) for t in one.templates),
                None
                if one.crop is None
                else (one.crop.pixels.tobytes(), one.crop.transform.tobytes()),
            )
            for one in subject.references
        ),
    )
