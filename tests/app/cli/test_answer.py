"""One document, or words."""

import json

from app.cli.answer import Answer, deliver, deliver_failure, encode
from app.cli.documents import CONTRACT_VERSION, Deleted
from app.cli.render import Line

ANSWER = Answer(Deleted(name="Anna", deleted=True, change=3), (Line("Anna was deleted."),), 0)


def test_words_are_all_that_people_get(capsys) -> None:
    deliver("people delete", ANSWER, json=False)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("Anna was deleted.\n", "")


def test_programs_get_one_document(capsys) -> None:
    deliver("people delete", ANSWER, json=True)
    document = json.loads(capsys.readouterr().out)
    assert document["contract_version"] == CONTRACT_VERSION
    assert document["command"] == "people delete"
    assert document["ok"] is True
    assert document["data"] == {"name": "Anna", "deleted": True, "change": 3}


def test_a_failure_is_a_document_on_stdout_or_a_sentence_on_stderr(capsys) -> None:
    deliver_failure("verify", "camera.busy", "It is in use.", 4, json=False)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "It is in use.\n")
    deliver_failure("verify", "camera.busy", "It is in use.", 4, json=True)
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is False
    assert document["error"] == {"code": "camera.busy", "sentence": "It is in use."}


def test_names_that_are_no_text_do_not_break_the_document() -> None:
    document = json.loads(encode(Deleted(name="\udcff\ud800 ☺", deleted=False, change=None)))
    assert document["name"] == "\\xff\\ud800 ☺"
