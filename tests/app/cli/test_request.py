"""What the line asked for reaches the command unchanged."""

from pathlib import Path

from app.cli import people
from app.cli.answer import Answer
from app.cli.documents import People


def test_global_options_and_environment_reach_the_command(cli, home, monkeypatch) -> None:
    seen = []

    def remember(request) -> Answer:
        seen.append(request)
        return Answer(People(people=()), ())

    monkeypatch.setattr(people, "list_people", remember)
    cli("people", "list", "--model", "m", "--fmr=0.01", "--json", environment={"A": "b"})
    (request,) = seen
    assert request.json is True
    assert request.data_dir == Path(home)
    assert (request.model, request.fmr) == ("m", 0.01)
    assert request.environment == {"A": "b"}
