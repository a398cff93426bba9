from datetime import UTC, datetime, timedelta

import pytest

from core.domain.event import EventKind
from core.gallery.ledger import SqliteLedger
from core.ports import Ledger
from core.security.signing import is_signed
from tests.core.gallery.conftest import OpenGallery
from tests.fakes.ledger import MemoryLedger

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture(params=["memory", "disk"])
def ledger(request: pytest.FixtureRequest, open_gallery: OpenGallery) -> Ledger:
    return MemoryLedger() if request.param == "memory" else SqliteLedger(open_gallery().store)


def test_what_is_noted_is_an_event(ledger: Ledger) -> None:
    assert ledger.events() == ()
    assert ledger.check().head == ""

    ledger.note(EventKind.MODEL_CHANGED, count=3, detail="a to b")

    [event] = ledger.events()
    assert (event.number, event.kind, event.count, event.detail) == (
        1,
        "model_changed",
        3,
        "a to b",
    )
    report = ledger.check()
    assert (report.events, report.faults) == (1, ())
    assert report.head.startswith("1:")


def test_failures_are_remembered_in_order_and_forgotten(ledger: Ledger) -> None:
    for minutes in (0, 1, 2):
        ledger.add_failure(NOW + timedelta(minutes=minutes), NOW + timedelta(minutes=minutes - 1))

    assert ledger.failures() == (NOW + timedelta(minutes=1), NOW + timedelta(minutes=2))
    ledger.forget_failures()
    assert ledger.failures() == ()


def test_signatures_are_checked_with_the_public_key(ledger: Ledger) -> None:
    signature = ledger.sign("receipt", b"message")

    assert is_signed(ledger.public_key, "receipt", b"message", signature)


def test_failures_and_signing_key_survive_a_restart(open_gallery: OpenGallery) -> None:
    gallery = open_gallery()
    first = SqliteLedger(gallery.store)
    first.add_failure(NOW, NOW)
    key = first.public_key
    gallery.close()

    again = SqliteLedger(open_gallery().store)

    assert again.failures() == (NOW,)
    assert again.public_key == key
