"""`models`: list, show, add, use, remove."""

import shutil
import sys
from io import StringIO
from pathlib import Path

import pytest


def test_the_list_says_which_model_is_in_use(cli) -> None:
    models = {entry["name"]: entry for entry in cli("models", "list", "--json").data["models"]}
    assert models["tiny"]["in_use"]
    assert not models["tiny"]["built_in"]
    assert models["yunet"]["role"] == "detector"


def test_a_broken_pack_is_named_and_hides_no_other(cli, home) -> None:
    (home / "models" / "broken").mkdir()
    (home / "models" / "broken" / "card.toml").write_text("name = [", encoding="utf-8")
    said = cli("models", "list", "--json")
    assert said.code == 0
    assert [entry["name"] for entry in said.data["broken"]] == ["broken"]
    assert "tiny" in {entry["name"] for entry in said.data["models"]}


def test_a_model_is_shown_with_licence_thresholds_and_card(cli) -> None:
    said = cli("models", "show", "tiny")
    assert said.code == 0
    for words in ("Apache-2.0", "0.9700", "100 of 100,000", "A recogniser for tests."):
        assert words in said.out


@pytest.mark.parametrize("command", ["show", "use", "remove"])
def test_an_unknown_model_is_a_usage_fault(cli, command) -> None:
    said = cli("models", command, "nothing", "--json")
    assert said.code == 2
    assert said.document["error"]["code"] == "model.missing"


def test_a_pack_is_added_and_used(cli, other_pack) -> None:
    assert cli("models", "add", other_pack).code == 0
    said = cli("models", "use", "other", "--json")
    assert said.code == 0
    assert (said.data["name"], said.data["former"], said.data["switched"]) == (
        "other",
        "tiny",
        True,
    )


def test_a_non_commercial_licence_is_told_before_use(cli, other_pack) -> None:
    assert "do not allow commercial use" in cli("models", "add", other_pack).out
    assert "do not allow commercial use" in cli("models", "use", "other").out


def test_a_bare_file_needs_what_its_card_would_say(cli, tiny_pack) -> None:
    said = cli("models", "add", tiny_pack / "model.onnx", "--name", "bare", "--json")
    assert said.code == 2
    assert "--colour, --mean, --std" in said.document["error"]["sentence"]


def test_a_bare_file_is_added_but_cannot_decide_without_measurements(cli, tiny_pack) -> None:
    facts = ("--name", "bare", "--colour", "rgb", "--mean", "127.5", "--std", "127.5,127.5,127.5")
    said = cli("models", "add", tiny_pack / "model.onnx", *facts)
    assert said.code == 0
    assert "cannot decide yet" in said.out
    assert cli("models", "use", "bare").code == 2
    assert cli("models", "list", "--json").data["models"][-1]["in_use"]


@pytest.mark.parametrize(
    "facts",
    [
        ("--colour", "grey", "--mean", "0", "--std", "1"),
        ("--colour", "rgb", "--mean", "0,0", "--std", "1"),
        ("--colour", "rgb", "--mean", "many", "--std", "1"),
        ("--colour", "rgb", "--mean", "0", "--std", "0"),
    ],
)
def test_facts_that_mean_nothing_are_refused(cli, tiny_pack, facts) -> None:
    assert cli("models", "add", tiny_pack / "model.onnx", "--name", "bare", *facts).code == 2


def test_facts_for_a_pack_with_a_card_are_refused(cli, other_pack) -> None:
    assert cli("models", "add", other_pack, "--name", "mine").code == 2


def test_a_file_that_is_no_model_is_refused(cli, pictures) -> None:
    facts = ("--name", "bare", "--colour", "rgb", "--mean", "0", "--std", "1")
    fake = pictures / "words.onnx"
    fake.write_text("no model", encoding="utf-8")
    assert cli("models", "add", fake, *facts).code == 2


@pytest.fixture
def insightface_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An InsightFace folder; the extra is there, as far as Python can tell."""
    pytest.importorskip("onnx", reason="the extra [training] makes the tiny models")
    from tests.core.vision.tiny_models import tiny_embedder  # noqa: PLC0415 - needs the extra
    from tests.core.vision.tiny_scrfd import tiny_scrfd  # noqa: PLC0415

    package = tmp_path / "site" / "insightface"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(package.parent)
    folder = tmp_path / "buffalo_t"
    folder.mkdir()
    (folder / "det.onnx").write_bytes(tiny_scrfd())
    (folder / "rec.onnx").write_bytes(tiny_embedder())
    (folder / "LICENSE").write_text("For research only.\n", encoding="utf-8")
    return folder


def test_an_insightface_pack_is_added_once_its_licence_is_agreed_to(
    cli, insightface_pack, answering
) -> None:
    answering("n\n")
    assert cli("models", "add", insightface_pack).code == 2
    answering("y\n")
    said = cli("models", "add", insightface_pack, "--json")
    assert said.code == 0
    assert "For research only." in said.err
    assert said.data["model"]["non_commercial"]
    assert "buffalo_t" in cli("models", "list").out


def test_scripts_agree_to_a_licence_by_a_flag(cli, insightface_pack, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO())
    refused = cli("models", "add", insightface_pack, "--json")
    assert refused.code == 2
    assert "--accept-licence" in refused.document["error"]["sentence"]
    assert cli("models", "add", insightface_pack, "--accept-licence").code == 0


def test_without_the_extra_an_insightface_pack_is_refused(
    cli, insightface_pack, monkeypatch
) -> None:
    monkeypatch.setitem(sys.modules, "insightface", None)
    said = cli("models", "add", insightface_pack, "--accept-licence", "--json")
    assert said.document["error"]["code"] == "extra.missing"
    assert said.code == 2


def test_the_model_in_use_stays(cli) -> None:
    said = cli("models", "remove", "tiny", "--json")
    assert said.code == 2
    assert said.document["error"]["code"] == "pack.in_use"


def test_removing_asks(cli, other_pack, answering) -> None:
    cli("models", "add", other_pack)
    answering("n\n")
    assert cli("models", "remove", "other").code == 1
    answering("y\n")
    assert cli("models", "remove", "other").code == 0
    assert cli("models", "show", "other").code == 2


def test_a_flipped_byte_in_the_model_file_is_a_fault(cli, home, tiny_pack, pictures) -> None:
    (home / "models" / "tiny").unlink()
    shutil.copytree(tiny_pack, home / "models" / "tiny")
    model = home / "models" / "tiny" / "model.onnx"
    data = bytearray(model.read_bytes())
    data[100] ^= 1
    model.write_bytes(data)
    said = cli("compare", pictures / "anna.png", pictures / "anna.png", "--json")
    assert said.code == 4
    assert said.document["error"]["code"] == "model.digest"
