"""Every document obeys its published schema."""

import json

import msgspec
import pytest

from app.cli.commands import gallery_app, models_app, people_app
from app.cli.documents import Failed
from app.cli.root import make_root
from app.cli.schema import COMMANDS, schema_of
from core.errors import UsageError
from tests.app.cli.lines import enrolled


def test_every_command_has_a_schema() -> None:
    root = make_root()
    names = {entry.callback.__name__ for entry in root.registered_commands}
    for group, app in (("people", people_app), ("models", models_app), ("gallery", gallery_app)):
        names |= {f"{group} {entry.name}" for entry in app.registered_commands}
    assert names <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_schema_describes_success_and_failure(cli, command) -> None:
    said = cli("schema", *command.split())
    assert said.code == 0
    schema = json.loads(said.out)
    assert len(schema["oneOf"]) == 2
    assert "Failed" in schema["$defs"]


def test_an_unknown_command_has_none() -> None:
    with pytest.raises(UsageError, match="verify"):
        schema_of("fly")


def test_what_commands_write_reads_back_as_its_document(cli, pictures, tmp_path) -> None:
    enrolled(cli, pictures)
    lines = {
        "verify": ("Anna", pictures / "anna.png"),
        "identify": (pictures / "bruno.png",),
        "compare": (pictures / "anna.png", pictures / "bruno.png"),
        "detect": (pictures / "both.png",),
        "people list": (),
        "people show": ("Anna",),
        "models list": (),
        "models show": ("tiny",),
        "cameras": (),
        "doctor": (),
        "gallery export": (tmp_path / "out.sqlite", "--yes"),
        "people rename": ("Anna", "Bea"),
        "people delete": ("Bea", "--yes"),
        "schema": (),
    }
    for command, arguments in lines.items():
        said = cli(*command.split(), *arguments, "--json")
        # Strict: a field that the document does not declare would be a change of the contract.
        document = msgspec.json.decode(said.out, type=COMMANDS[command], strict=True)
        assert document.command == command
        assert document.exit_code == said.code
        written = json.loads(said.out)["data"]
        assert set(written) == set(msgspec.structs.asdict(document.data))


def test_a_failure_reads_back_too(cli) -> None:
    said = cli("people", "show", "Nobody", "--json")
    failed = msgspec.json.decode(said.out, type=Failed)
    assert (failed.command, failed.exit_code, said.code) == ("people show", 2, 2)
