"""A whole window over fakes: painted people before a scripted camera, a gallery in memory."""

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.widgets.look import Look
from app.window.main_window import MainWindow
from app.window.program import Program
from core.attempts.enrol import EnrolAttempt, pictures_rule
from core.domain.frame import Frame
from core.domain.model_card import InputSpec, ModelCard
from core.domain.operating_point import OperatingPoint
from core.domain.template import Subject
from core.pipeline import analyse
from core.settings import Folders, Settings
from core.vision.assess import ENROL_LIMITS
from core.vision.packs import ModelPack
from core.wiring import OpenGallery, Services, Vision
from tests.fakes.gallery import MemoryGallery
from tests.fakes.keys import MemoryKeys
from tests.fakes.ledger import MemoryLedger
from tests.fakes.painted import BLUE, GREEN, RED, PaintedFaceDetector, pattern
from tests.fakes.vision import ColourEmbedder

__all__ = ["BLUE", "GREEN", "RED"]  # for the tests of the window

PATTERNS = 4
FRAME_GAP_S = 0.005  # a camera of 200 frames a second, so that no test waits for frames
FRAME_STEP_S = 0.5  # by the frames' own clock, so that time-outs come after few of them


def painted(colour: tuple[int, int, int], index: int = 0) -> Frame:
    """A picture of one person."""
    return Frame(pattern(colour, index % PATTERNS), captured_at=index * FRAME_STEP_S, index=index)


class HeldCamera:
    """A live camera: shows a person until told otherwise, or single frames in between.

    Attributes:
        person: Mean colour of who stands before it; None for nobody.
        closed: Whether it was let go.
    """

    identity = "held"

    def __init__(self, person: tuple[int, int, int] | None) -> None:
        self.person = person
        self.live = True
        self.closed = False
        self._turn = threading.Event()
        self._next: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()
        self._index = 0

    def end(self, failure: Exception | None = None) -> None:
        """Deliver no more frames, or fail."""
        self._next.put(failure)

    def read(self) -> Frame | None:
        self._turn.wait(FRAME_GAP_S)
        try:
            failure = self._next.get_nowait()
        except queue.Empty:
            self._index += 1
            return None if self.closed else self._frame()
        if failure is not None:
            raise failure
        return None

    def close(self) -> None:
        self.closed = True
        self._turn.set()

    def _frame(self) -> Frame:
        pixels = pattern(self.person, self._index % PATTERNS)
        return Frame(pixels, captured_at=self._index * FRAME_STEP_S, index=self._index)


def operating_point(target_fmr: float, threshold: float) -> OperatingPoint:
    return OperatingPoint(
        target_fmr=target_fmr,
        threshold=threshold,
        false_matches=round(target_fmr * 50_000),
        non_mated=50_000,
        fmr_low=target_fmr / 2,
        fmr_high=target_fmr * 2,
        false_non_matches=20,
        mated=2_000,
        measured_on="painted people",
    )


def model_card(name: str = "painted") -> ModelCard:
    return ModelCard(
        name=name,
        title="Painted people",
        role="embedder",
        sha256="0" * 64,
        licence="Apache-2.0",
        origin="made for tests",
        input=InputSpec(width=112, height=112, colour="bgr", mean=(0, 0, 0), std=(1, 1, 1)),
        embedding_size=3,
        operating_points=(operating_point(1e-2, 0.9), operating_point(1e-3, 0.95)),
    )


@dataclass
class Stage:
    """What a test holds on to."""

    services: Services
    gallery: MemoryGallery
    before_camera: tuple[int, int, int] | None = None
    cameras: list[HeldCamera] = field(default_factory=list)

    def open_camera(self) -> HeldCamera:
        camera = HeldCamera(self.before_camera)
        self.cameras.append(camera)
        return camera

    def enrol(self, name: str, colour: tuple[int, int, int], note: str = "") -> Subject:
        parts = self.services.vision.parts("exactly-one", ENROL_LIMITS)
        attempt = EnrolAttempt(pictures_rule(2), source="test", same_person_threshold=0.5)
        for index in range(2):
            attempt.observe(analyse(painted(colour, index), parts))
        captures = attempt.finish().accepted
        assert len(captures) == 2, "painted people are good enough to be enrolled"
        return self.gallery.enrol(name, captures, note)


def make_stage(
    folder: Path, detector: PaintedFaceDetector | None = None, notice: str | None = None
) -> Stage:
    gallery = MemoryGallery()
    card = model_card()
    vision = Vision(
        pack=ModelPack(card, folder, built_in=False),
        detector=detector or PaintedFaceDetector(),
        embedder=ColourEmbedder(),
        point=card.operating_points[1],
    )
    folders = Folders(data=folder, config=folder, logs=folder / "logs")
    settings = Settings(model="painted", theme="light")
    store = OpenGallery(gallery, MemoryLedger(), MemoryKeys(notice=notice))
    services = Services(settings, folders, vision, store)
    return Stage(services, gallery)


def open_window(stage: Stage, look: Look, banner: str = "") -> MainWindow:
    window = MainWindow(look, stage.services.close)
    window.attach(Program(stage.services, banner, stage.open_camera).actions())
    window.show()
    return window


Until = Callable[[Callable[[], bool]], None]
