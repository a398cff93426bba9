"""Every command explains itself."""

import pytest

from app.cli.schema import COMMANDS


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "version"])
def test_every_command_has_help(cli, command) -> None:
    said = cli(*command.split(), "--help")
    assert said.code == 0
    first = said.out.split("\n\n")[1].strip()
    assert len(first) > 10
    assert first[0].isupper()


@pytest.mark.parametrize("group", ["people", "models", "gallery", "audit"])
def test_a_group_lists_its_commands(cli, group) -> None:
    said = cli(group, "--help")
    assert all(name.split()[1] in said.out for name in COMMANDS if name.startswith(f"{group} "))


def test_the_root_lists_everything(cli) -> None:
    said = cli("--help")
    assert all(name.split()[0] in said.out for name in COMMANDS if name != "version")
    assert "may stand anywhere" in said.out
