import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from core.domain.template import Subject, SubjectId
from core.errors import SubjectUnknownError
from core.journal import BACKUPS, MAX_BYTES, ROOTS, set_up_journal
from tests.fakes.captures import make_capture
from tests.fakes.files import is_private

SUBJECT = Subject(SubjectId("s-1"), "Anna Testperson", datetime(2026, 1, 1, tzinfo=UTC), 1)
log = logging.getLogger("core.tests")


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in ROOTS}
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, former in levels.items():
        logging.getLogger(name).setLevel(former)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = set_up_journal(tmp_path / "logs")
    assert path is not None
    return path


def test_a_record_reaches_the_file_with_time_level_and_place(journal: Path) -> None:
    log.info("gallery opened in %d ms", 12)

    text = journal.read_text(encoding="utf-8")
    assert "INFO" in text
    assert "core.tests: gallery opened in 12 ms" in text


def test_only_the_owner_may_read_the_log(journal: Path) -> None:
    assert is_private(journal)
    assert is_private(journal.parent)


@pytest.mark.parametrize(
    "value",
    [
        SUBJECT,
        [SUBJECT],
        make_capture(source="anna.jpg"),
        make_capture().embedding,
        make_capture().embedding.vector,
        make_capture().aligned,
        make_capture().aligned.pixels,
        SubjectUnknownError(name="Anna Testperson"),
        b"\x01\x02secret",
        (b"secret", np.arange(3)),
        "rtsp://admin:secret@camera/1",
        "f0" * 32,
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    ],
    ids=lambda value: type(value).__name__,
)
def test_nothing_personal_or_secret_reaches_the_file(journal: Path, value: object) -> None:
    log.warning("about %s", value)
    log.warning("about %(value)r", {"value": value})

    text = journal.read_text(encoding="utf-8")
    assert text.count("about") == 2
    for telling in ("Anna", "secret", "anna.jpg", "array", "f0f0", "AAEC", "[[", "0."):
        assert telling not in text


def test_what_is_left_in_place_of_a_subject_is_its_opaque_id(journal: Path) -> None:
    log.info("deleted %s", SUBJECT)

    assert "deleted <Subject s-1>" in journal.read_text(encoding="utf-8")


def test_a_traceback_keeps_its_lines_but_no_sentence_about_a_person(journal: Path) -> None:
    def ask(name: str) -> None:
        raise SubjectUnknownError(name=name)

    try:
        try:
            ask(SUBJECT.name)
        except SubjectUnknownError as error:
            raise RuntimeError("while looking") from error
    except RuntimeError:
        log.exception("failed")

    text = journal.read_text(encoding="utf-8")
    assert "Anna" not in text
    assert "[subject.unknown]" in text
    assert "in ask" in text
    assert "RuntimeError: while looking" in text


def test_another_handler_still_gets_the_record_as_it_was(
    journal: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        log.info("about %s", SUBJECT)

    assert caplog.records[-1].args == (SUBJECT,)


def test_chatter_of_libraries_and_details_stay_out(journal: Path) -> None:
    logging.getLogger("sqlalchemy.engine").info("INSERT INTO subjects")
    log.debug("a detail")

    assert journal.read_text(encoding="utf-8") == ""


def test_details_are_there_when_asked_for(tmp_path: Path) -> None:
    path = set_up_journal(tmp_path, logging.DEBUG)
    log.debug("a detail")

    assert path is not None
    assert "a detail" in path.read_text(encoding="utf-8")


def test_setting_up_again_moves_the_log_and_doubles_nothing(journal: Path, tmp_path: Path) -> None:
    again = set_up_journal(tmp_path / "elsewhere")
    log.info("once")

    assert again is not None
    assert again.read_text(encoding="utf-8").count("once") == 1
    assert journal.read_text(encoding="utf-8") == ""


def test_a_folder_that_refuses_the_log_does_not_stop_the_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")

    assert set_up_journal(tmp_path / "logs") is None
    log.warning("nobody reads this")

    assert capsys.readouterr().err == ""


def test_the_log_never_outgrows_its_limit(journal: Path) -> None:
    for _ in range(8):
        log.info("x" * (MAX_BYTES // 2))

    logs = list(journal.parent.iterdir())
    assert len(logs) <= BACKUPS + 1
    assert all(path.stat().st_size <= MAX_BYTES for path in logs)
