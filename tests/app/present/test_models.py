"""Every oddity of a model has a sentence that says what to check."""

from app.present.models import warn
from core.vision.probe import ProbeWarning


def test_every_warning_has_its_own_sentence() -> None:
    sentences = [warn(warning) for warning in ProbeWarning]
    assert all(text.endswith(".") for text in sentences)
    assert len(set(sentences)) == len(sentences)
