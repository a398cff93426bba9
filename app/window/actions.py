"""What the pages may ask of the program, as values and callables; they never see services."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from PySide6.QtGui import QImage

from app.runtime.threads import Control, Worker
from app.widgets.look import Look
from app.widgets.notice_bar import NoticeBar
from core.attempts.enrol import EnrolAttempt
from core.attempts.incoming import Incoming
from core.attempts.measuring import Measured
from core.attempts.verify import VerifyAttempt
from core.capture.cameras import CameraInfo
from core.domain.decision import Decision
from core.domain.erasure import ErasureCertificate
from core.domain.event import AuditReport
from core.domain.history import ChangePreview, HistoryEntry
from core.domain.importing import ImportPlan, OnConflict
from core.domain.key_change import KeyChange, KeyPlace, KeyWish
from core.domain.model_card import ModelCard
from core.domain.operating_point import OperatingPoint
from core.domain.retemplating import Recapture, SwapPreview
from core.domain.template import Capture, ReferenceId, Subject, SubjectId
from core.model_swap import Retemplating
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
    enrol: Callable[[str, Sequence[Capture], str, str, date | None], Subject]
    add_to: Callable[[str, Sequence[Capture]], Subject]
    rename: Callable[[SubjectId, str], Subject]
    delete: Callable[[Sequence[SubjectId]], tuple[int, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class KeptPicture:
    """One reference of a subject; `picture` is None where pictures are not kept."""

    reference_id: ReferenceId
    picture: QImage | None
    source: str


@dataclass(frozen=True, slots=True)
class ChangeActions:
    """Changes and taking them back, for the storage thread; each may raise GalleryError."""

    pictures: Callable[[SubjectId], tuple[KeptPicture, ...]]
    preview_merge: Callable[[SubjectId, SubjectId], ChangePreview]
    merge: Callable[[SubjectId, SubjectId], Subject]
    newest_merge: Callable[[SubjectId], int | None]
    split: Callable[[SubjectId, Sequence[ReferenceId], str], Subject]
    set_terms: Callable[[SubjectId, str, date | None], Subject]
    history: Callable[[], tuple[HistoryEntry, ...]]
    preview_undo: Callable[[int | None], ChangePreview]
    undo: Callable[[int | None], HistoryEntry]
    redo: Callable[[], HistoryEntry]
    erase: Callable[[SubjectId], ErasureCertificate]
    due: Callable[[], tuple[Subject, ...]]


@dataclass(frozen=True, slots=True)
class SecurityActions:
    """Keys and audit, for the storage thread; each may raise GalleryError or KeyStoreError."""

    key_place: Callable[[], str]
    key_home: Callable[[], KeyPlace]
    key_notice: Callable[[], str | None]
    change_key: Callable[[KeyWish], KeyChange]
    check_audit: Callable[[], AuditReport]
    export_audit: Callable[[Path], int]
    count_attempt: Callable[[Decision], None]
    note_threshold: Callable[[float, float], None]


@dataclass(frozen=True, slots=True)
class ExportWish:
    """What is to be written where.

    Attributes:
        passphrase: Seals an archive; None writes it in the open.
        pictures: Whether an archive holds the kept crops.
    """

    target: Path
    form: Literal["pfgallery", "sqlite", "csv", "json"]
    passphrase: str | None
    pictures: bool = True


@dataclass(frozen=True, slots=True)
class Arrived:
    """An import that was carried out.

    Attributes:
        made: References that the model in use did not know, and now does.
        missing: References that it does not know.
    """

    plan: ImportPlan
    made: int
    missing: int


@dataclass(frozen=True, slots=True)
class TransferActions:
    """Exports and imports; `read` for the background thread, the others for the storage thread.

    Each may raise GalleryError, UsageError or Cancelled.
    """

    export: Callable[[ExportWish, Control], int]
    read: Callable[[Path, str, Control], Incoming]
    review: Callable[[Incoming, OnConflict, Control], ImportPlan]
    bring_in: Callable[[Incoming, OnConflict, Control], Arrived]


@dataclass(frozen=True, slots=True)
class SwapActions:
    """A change of model, for the storage thread; each may raise GalleryError or VisionError.

    Attributes:
        begin: What makes the missing templates of a model, batch by batch.
        finish: Lets the model decide, once it knows the people.
        forget: Lets go of all other models' templates; how many.
    """

    preview: Callable[[str, Control], SwapPreview]
    begin: Callable[[str], Retemplating]
    finish: Callable[[str], None]
    forget: Callable[[], int]
    recapture: Callable[[], tuple[Recapture, ...]]


@dataclass(frozen=True, slots=True)
class BackgroundActions:
    """For the background thread."""

    captures_from: Callable[[Sequence[Path], Control], tuple[PictureOutcome, ...]]
    models: Callable[[], tuple[ModelEntry, ...]]
    add_model: Callable[[Path, BareFacts | None], Added]
    remove_model: Callable[[str], None]
    measure_model: Callable[[str, Path, Control], Measured]
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
        banner: Words above every page, for a demonstration; may be empty.
    """

    folders: Folders
    banner: str


@dataclass(frozen=True, slots=True)
class Actions:
    """Everything the pages may ask for, by the thread it runs on."""

    storage: StorageActions
    changes: ChangeActions
    security: SecurityActions
    transfer: TransferActions
    swap: SwapActions
    background: BackgroundActions
    live: LiveActions
    facts: Facts
