"""Command lines run in this process, on pictures made from the built-in faces."""

import hashlib
import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from app.cli.main import run
from app.cli.request import WindowCalls
from app.cli.specimen import specimen
from core.domain.model_card import InputSpec, ModelCard
from core.vision.packs import dump_card, load_card
from tests.app.cli.lines import HEADLESS, Said, Terminal, operating_point, save


@pytest.fixture(scope="session")
def tiny_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recogniser that averages colours over a grid: the same picture matches, others do not."""
    pytest.importorskip("onnx", reason="the extra [training] makes the tiny recogniser")
    from tests.core.vision.tiny_models import tiny_embedder  # noqa: PLC0415 - needs the extra

    folder = tmp_path_factory.mktemp("packs") / "tiny"
    folder.mkdir()
    model = tiny_embedder()
    (folder / "model.onnx").write_bytes(model)
    card = ModelCard(
        name="tiny",
        role="embedder",
        sha256=hashlib.sha256(model).hexdigest(),
        licence="Apache-2.0",
        origin="made by a test",
        input=InputSpec(width=112, height=112, colour="rgb", mean=(127.5,) * 3, std=(127.5,) * 3),
        embedding_size=32,
        operating_points=(
            operating_point(1e-2, 0.95),
            operating_point(1e-3, 0.97),
            operating_point(1e-4, 0.995),
        ),
    )
    (folder / "card.toml").write_bytes(dump_card(card))
    (folder / "MODEL_CARD.md").write_text("A recogniser for tests.\n", encoding="utf-8")
    return folder


@pytest.fixture
def other_pack(tiny_pack: Path, tmp_path: Path) -> Path:
    """A second pack that reads colours the other way round, so its vectors differ."""
    folder = tmp_path / "other"
    shutil.copytree(tiny_pack, folder)
    card: ModelCard = load_card((folder / "card.toml").read_bytes(), "tiny")
    spec = msgspec.structs.replace(card.input, colour="bgr")
    changed = msgspec.structs.replace(card, name="other", input=spec, non_commercial=True)
    (folder / "card.toml").write_bytes(dump_card(changed))
    return folder


@pytest.fixture
def home(tmp_path: Path, tiny_pack: Path) -> Path:
    """A data folder that uses the tiny recogniser and keeps its key in a file."""
    folder = tmp_path / "home"
    (folder / "models").mkdir(parents=True)
    (folder / "models" / "tiny").symlink_to(tiny_pack, target_is_directory=True)
    settings = 'model = "tiny"\nkey_store = "file"\n'
    (folder / "settings.toml").write_text(settings, encoding="utf-8")
    return folder


@pytest.fixture
def cli(
    home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Said]]:
    """Runs `pocketface` with these arguments in the data folder."""
    monkeypatch.delenv("POCKETFACE_HOME", raising=False)

    def call(
        *argv: str | Path,
        window: WindowCalls = HEADLESS,
        environment: dict[str, str] | None = None,
        folder: Path | None = None,
    ) -> Said:
        line = ["--data-dir", str(folder or home), *(str(token) for token in argv)]
        capfd.readouterr()
        code = run(line, window, environment or {})
        captured = capfd.readouterr()
        return Said(code, captured.out, captured.err)

    yield call
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, logging.FileHandler):
            root.removeHandler(handler)
            handler.close()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pictures of every kind that a command can meet."""
    folder = tmp_path_factory.mktemp("pictures")
    anna, bruno = specimen(0).pixels, specimen(1).pixels
    save(folder / "anna.png", anna)
    save(folder / "anna again.png", np.ascontiguousarray(anna[:, 20:]))
    save(folder / "bruno.png", bruno)
    save(folder / "nobody.png", np.full((240, 320, 3), 128, np.uint8))
    save(folder / "both.png", np.hstack([anna, bruno]))
    save(folder / "sideways.png", np.ascontiguousarray(np.rot90(anna)))
    save(folder / "dark.png", (anna // 12).astype(np.uint8))
    (folder / "words.jpg").write_text("no picture", encoding="utf-8")
    return folder


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts somebody at the terminal who types this."""

    def sit_down(words: str) -> None:
        monkeypatch.setattr("sys.stdin", Terminal(words))

    return sit_down
