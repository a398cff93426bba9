"""The composition root: settings in, everything the program works with out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from core.attempts.pause import PauseRule
from core.domain.operating_point import OperatingPoint
from core.errors import ModelContractError
from core.gallery.keys import GalleryKeys
from core.gallery.ledger import SqliteLedger
from core.gallery.opening import recall_key_record
from core.gallery.sqlite_gallery import SqliteGallery
from core.matching.decide import choose_point
from core.ports import Detector, Embedder, Gallery, Keys, Ledger
from core.security.key_store import choose_key_store
from core.settings import FacePolicy, Folders, Settings
from core.vision.packs import ModelPack, find_pack

if TYPE_CHECKING:
    from core.pipeline import Parts
    from core.vision.assess import Limits


@dataclass(frozen=True, slots=True)
class Vision:
    """The opened models and the operating point that the settings choose.

    Attributes:
        point: The threshold in use, with its rates.
    """

    pack: ModelPack
    detector: Detector
    embedder: Embedder
    point: OperatingPoint

    @property
    def points(self) -> tuple[OperatingPoint, ...]:
        """All measured operating points of the model."""
        return self.pack.card.operating_points

    @property
    def same_person_threshold(self) -> float:
        """For captures of one enrolment: the loosest threshold, since their poses differ."""
        return self.points[0].threshold

    def parts(self, policy: FacePolicy, limits: "Limits") -> "Parts":
        """What the pipeline needs for one source, with a tracker of its own."""
        from core.pipeline import Parts  # noqa: PLC0415 - see build_vision
        from core.vision.track import Tracker  # noqa: PLC0415

        return Parts(self.detector, self.embedder, Tracker(), policy, limits)


@dataclass(frozen=True, slots=True)
class OpenGallery:
    """An unlocked gallery with its audit and its keys."""

    gallery: Gallery
    ledger: Ledger
    keys: Keys

    @property
    def key_place(self) -> str:
        """Where the key lies, in words."""
        return self.keys.place

    @property
    def notice(self) -> str | None:
        """To be shown for as long as the gallery is open; None if there is nothing to say."""
        return self.keys.notice


@dataclass(frozen=True, slots=True)
class Services:
    """Everything the window or a command works with."""

    settings: Settings
    folders: Folders
    vision: Vision
    store: OpenGallery

    @property
    def gallery(self) -> Gallery:
        """The enrolled people."""
        return self.store.gallery

    def close(self) -> None:
        """Release the database; harmless when called twice."""
        self.store.gallery.close()


def build_vision(settings: Settings, folders: Folders) -> Vision:
    """Open detector and recogniser.

    Raises:
        VisionError: A model is missing, damaged, of the wrong kind or without measurements.
        UsageError: The model was not measured at the wanted FMR.
    """
    # Imported here, so that the gallery opens where a library that OpenCV needs is missing.
    from core.vision.detect import open_detector  # noqa: PLC0415
    from core.vision.embed import open_embedder  # noqa: PLC0415

    pack = find_pack(settings.model, folders.models)
    if pack.card.role != "embedder":
        raise ModelContractError(name=pack.name, reason="it finds faces and cannot compare them")
    if not pack.card.operating_points:
        raise ModelContractError(
            name=pack.name,
            reason="it has no measured operating points to decide by; "
            f"`pocketface models measure {pack.name} FOLDER` measures it on pictures of people",
        )
    return Vision(
        pack=pack,
        detector=open_detector(settings.threads),
        embedder=open_embedder(pack, settings.threads),
        point=choose_point(pack.card.operating_points, settings.target_fmr),
    )


def build_measuring(pack: ModelPack, threads: int, limits: "Limits") -> "Parts":
    """What measures a recogniser on pictures of one face each; it may have no points yet.

    Raises:
        VisionError: A model is damaged or of the wrong kind.
    """
    from core.pipeline import Parts  # noqa: PLC0415 - see build_vision
    from core.vision.detect import open_detector  # noqa: PLC0415
    from core.vision.embed import open_embedder  # noqa: PLC0415
    from core.vision.track import Tracker  # noqa: PLC0415

    embedder = open_embedder(pack, threads)
    return Parts(open_detector(threads), embedder, Tracker(), "exactly-one", limits)


def build_gallery(
    settings: Settings,
    folders: Folders,
    ask_passphrase: Callable[[], str] | None,
) -> OpenGallery:
    """Open the gallery alone, for commands that need no model.

    What was changed or deleted longer ago than it can be undone becomes final here.

    Raises:
        GalleryError, KeyStoreError: It cannot be opened; nothing was changed.
    """
    recall_key_record(folders)
    key_store = choose_key_store(settings.key_store, folders, ask_passphrase)
    gallery = SqliteGallery.open(folders, key_store, keep_crops=settings.keep_crops)
    store = gallery.store
    try:
        gallery.forget(datetime.now(UTC) - timedelta(days=settings.undo_days))
    except BaseException:
        gallery.close()
        raise
    return OpenGallery(gallery, SqliteLedger(store), GalleryKeys(store, folders, key_store))


def pause_rule(settings: Settings) -> PauseRule:
    """When live attempts are held up."""
    return PauseRule(settings.attempt_limit, timedelta(seconds=settings.attempt_window_s))


def build(
    settings: Settings,
    folders: Folders,
    ask_passphrase: Callable[[], str] | None,
) -> Services:
    """Open everything; see `build_vision` and `build_gallery` for what may be raised."""
    vision = build_vision(settings, folders)
    store = build_gallery(settings, folders, ask_passphrase)
    return Services(settings, folders, vision, store)
