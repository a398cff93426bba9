"""What the pages may ask of the program, as values and callables; they never see services."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtGui import QImage

from app.runtime.threads import Control, Worker
from app.widgets.look import Look
from app.widgets.notice_bar import NoticeBar
from core.attempts.enrol import EnrolAttempt
from core.attempts.verify import VerifyAttempt
from core.capture.cameras import CameraInfo
from core.domain.model_card import ModelCard
from core.domain.operating_point import OperatingPoint
from core.domain.template import Capture, Subject, SubjectId
from core.pipeline import Parts
from core.ports import FrameSource
from core.settings import Folders, Settings
from core.vision.pack_install import Added
from core.vision.pack_source import BareFacts


@dataclass(frozen=True, slots=True)
class Desk:
    """What every page works with.

    Attributes:
        storage: Everything that touches the gallery, one job after another.
        background: Everything else that takes longer than a frame.
    """

    look: Look
    notices: NoticeBar
    storage: Worker
    background: Worker


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """A subject as the window shows it.

    Attributes:
        picture: The best stored crop; None where crops are not kept.
        usable: References made with the model in use.
    """

    subject: Subject
    picture: QImage | None
    usable: int


@dataclass(frozen=True, slots=True)
class Likeness:
    """Somebody enrolled whom new captures resemble, with the highest score."""

    name: str
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class PictureOutcome:
    """What became of one picture offered for enrolment.

    Attributes:
        name: The file's name.
        capture: None if it was refused.
        words: Why, or what should be known; empty where there is nothing to say.
    """

    name: str
    capture: Capture | None
    words: str


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model pack as the window shows it.

    Attributes:
        card: None for a folder that is no usable pack; `problem` then says why.
    """

    name: str
    card: ModelCard | None
    built_in: bool
    in_use: bool
    problem: str
    text: str


@dataclass(frozen=True, slots=True)
class StorageActions:
    """For the storage thread; each may raise GalleryError or KeyStoreError."""

    people: Callable[[], tuple[Person, ...]]
    begin_verification: Callable[[SubjectId | None], VerifyAttempt]
    likenesses: Callable[[Sequence[Capture]], tuple[Likeness, ...]]
    enrol: Callable[[str, Sequence[Capture], str], Subject]
    add_to: Callable[[str, Sequence[Capture]], Subject]
    rename: Callable[[SubjectId, str], Subject]
    delete: Callable[[Sequence[SubjectId]], None]
    restore: Callable[[Sequence[SubjectId]], None]
    purge: Callable[[], int]


@dataclass(frozen=True, slots=True)
class BackgroundActions:
    """For the background thread."""

    captures_from: Callable[[Sequence[Path], Control], tuple[PictureOutcome, ...]]
    models: Callable[[], tuple[ModelEntry, ...]]
    add_model: Callable[[Path, BareFacts | None], Added]
    remove_model: Callable[[str], None]
    cameras: Callable[[], tuple[CameraInfo, ...]]
    apply_settings: Callable[[Settings], None]


@dataclass(frozen=True, slots=True)
class LiveActions:
    """Quick enough for the UI thread; the source opens on the camera thread."""

    open_source: Callable[[], FrameSource]
    verify_parts: Callable[[], Parts]
    enrol_parts: Callable[[], Parts]
    begin_enrolment: Callable[[], EnrolAttempt]
    points: Callable[[], tuple[OperatingPoint, ...]]
    point: Callable[[], OperatingPoint]
    settings: Callable[[], Settings]


@dataclass(frozen=True, slots=True)
class Facts:
    """What does not change while the window is open.

    Attributes:
        key_place: Where the gallery's key lies, in words.
        notice: To be shown as long as the window is open; None if there is nothing to say.
        banner: Words above every page, for a demonstration; may be empty.
    """

    folders: Folders
    key_place: str
    notice: str | None
    banner: str


@dataclass(frozen=True, slots=True)
class Actions:
    """Everything the pages may ask for, by the thread it runs on."""

    storage: StorageActions
    background: BackgroundActions
    live: LiveActions
    facts: Facts
