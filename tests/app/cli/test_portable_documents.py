"""What is written with --json is what the schema promises."""

import msgspec

from app.cli.documents import Done
from app.cli.portable_documents import Exported, Imported, ModelSwapped, RecaptureQueue
from tests.app.cli.lines import enrolled


def test_documents_are_what_their_schemas_say(cli, pictures, other_pack, tmp_path) -> None:
    enrolled(cli, pictures)
    cli("models", "add", other_pack)
    out = tmp_path / "out.sqlite"

    for kind, line in (
        (Exported, ("gallery", "export", out, "--yes")),
        (Imported, ("gallery", "import", out, "--dry-run")),
        (ModelSwapped, ("models", "use", "other", "--dry-run")),
        (RecaptureQueue, ("models", "recapture")),
    ):
        said = cli(*line, "--json")
        done = msgspec.json.decode(said.out, type=Done[kind])
        assert (done.exit_code, said.code) == (0, 0)
