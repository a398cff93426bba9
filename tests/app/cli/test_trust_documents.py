"""What the commands on history, erasure, keys and audit write is what their documents declare."""

import json

import msgspec
import pytest

from app.cli.schema import COMMANDS, schema_of
from core.security import passphrase
from tests.app.cli.lines import enrolled


def test_every_answer_reads_back_as_its_document(cli, pictures, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(passphrase, "ITERATIONS", 1)
    monkeypatch.setattr(passphrase, "MEMORY_KIB", 1024)
    enrolled(cli, pictures, ("Anna", "Bruno"))
    cli("verify", "Anna", pictures / "anna.png", "--receipt", tmp_path / "r.json")
    new = {"POCKETFACE_NEW_PASSPHRASE": "one", "POCKETFACE_PASSPHRASE": "one"}
    lines = (
        ("people merge", "Anna", "Bruno"),
        ("people split", "Anna"),
        ("people redo",),
        ("people undo",),
        ("people history",),
        ("people terms", "Anna", "--keep-until", "2020-01-01"),
        ("audit check-receipt", tmp_path / "r.json"),
        ("audit verify",),
        ("audit head",),
        ("audit export", tmp_path / "a.jsonl"),
        ("gallery rotate-key",),
        ("gallery lock",),
        ("gallery passphrase",),
        ("gallery unlock",),
        ("gallery move-key", "file"),
        ("gallery expire", "--yes"),
        ("people erase", "Bruno", "--yes"),
    )
    for command, *arguments in lines:
        said = cli(*command.split(), *arguments, "--json", environment=new)
        document = msgspec.json.decode(said.out, type=COMMANDS[command], strict=True)
        assert (document.command, document.exit_code) == (command, 0)
        assert set(json.loads(said.out)["data"]) == set(msgspec.structs.asdict(document.data))


@pytest.mark.parametrize(
    ("command", "field"),
    [
        ("people erase", "backups_left"),
        ("audit check-receipt", "reproduced"),
        ("people history", "can_be_undone"),
    ],
)
def test_the_schema_names_the_fields(command: str, field: str) -> None:
    assert f'"{field}"' in schema_of(command).decode()
