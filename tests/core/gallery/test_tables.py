from datetime import UTC, datetime, timedelta, timezone

from sqlalchemy.dialects.sqlite import dialect

from core.gallery.tables import UtcDateTime


def test_a_moment_comes_back_as_the_same_moment_in_utc() -> None:
    kathmandu = datetime(2026, 1, 2, 3, 4, 5, 678901, timezone(timedelta(hours=5, minutes=45)))
    column = UtcDateTime()

    stored = column.process_bind_param(kathmandu, dialect())
    returned = column.process_result_value(stored, dialect())

    assert stored is not None
    assert stored.tzinfo is None
    assert returned == kathmandu
    assert returned is not None
    assert returned.tzinfo is UTC


def test_no_moment_stays_none() -> None:
    column = UtcDateTime()

    assert column.process_bind_param(None, dialect()) is None
    assert column.process_result_value(None, dialect()) is None
