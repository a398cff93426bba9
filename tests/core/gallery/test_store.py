from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from core.errors import KeysChangedError
from core.gallery.store import Store, data_key_check
from core.gallery.tables import FailedAttemptRow
from core.security.sealing import new_key
from tests.core.gallery.conftest import OpenGallery


def test_keys_that_another_program_replaced_are_noticed_before_anything_is_read_or_written(
    open_gallery: OpenGallery,
) -> None:
    store = open_gallery().store
    stale = Store(store.database, replace(store.secrets, data_key=new_key()))

    for session in (stale.reading, stale.writing, stale.trying):
        with pytest.raises(KeysChangedError), session():
            pass


def test_what_is_tried_is_taken_back(open_gallery: OpenGallery) -> None:
    store = open_gallery().store

    with store.trying() as session:
        session.add(FailedAttemptRow(at=datetime.now(UTC)))
        session.flush()
        assert session.scalars(select(FailedAttemptRow)).all()

    with store.reading() as session:
        assert session.scalars(select(FailedAttemptRow)).all() == []


def test_the_check_tells_keys_apart_and_not_the_key() -> None:
    key = new_key()

    assert data_key_check(key) == data_key_check(key) != data_key_check(new_key())
    assert key not in data_key_check(key)
