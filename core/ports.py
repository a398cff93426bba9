"""Protocols, only where there are two real implementations or a device behind the line."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Literal, Protocol

from core.domain.erasure import ErasureCertificate
from core.domain.event import AuditReport, Event, EventKind
from core.domain.face import AlignedFace, Face
from core.domain.frame import Frame
from core.domain.history import ChangePreview, HistoryEntry
from core.domain.holdings import EVERYTHING, ArchiveContents, HeldSubject
from core.domain.importing import ImportPlan, OnConflict
from core.domain.key_change import KeyChange, KeyPlace, KeyWish
from core.domain.model_card import ModelCard
from core.domain.retemplating import Awaiting
from core.domain.template import (
    Capture,
    Embedding,
    ModelId,
    Reference,
    ReferenceId,
    Subject,
    SubjectId,
    Vectors,
)
from core.domain.watch import ALONE, Watch


class FrameSource(Protocol):
    """Where frames come from. Used by one thread."""

    @property
    def identity(self) -> str:
        """A stable description for evidence, without passwords or folders of the machine."""
        ...

    @property
    def live(self) -> bool:
        """Whether frames arrive by the wall clock (camera, stream, simulation) or on demand."""
        ...

    def read(self) -> Frame | None:
        """The next frame; None is the end of a finite source. Raises CaptureError."""
        ...

    def close(self) -> None:
        """Release the device; harmless when called twice."""
        ...


class Detector(Protocol):
    """Finds faces."""

    def detect(self, frame: Frame) -> tuple[Face, ...]:
        """Faces in frame pixels, largest first."""
        ...


class Embedder(Protocol):
    """Turns an aligned face into a vector."""

    @property
    def model(self) -> ModelId:
        """Identifies weights and preprocessing; vectors of different models never meet."""
        ...

    def embed(self, face: AlignedFace) -> Embedding | None:
        """The unit vector; None where the output is not finite or of near-zero norm."""
        ...


class GalleryTransfer(Protocol):
    """What crosses the border of a gallery; an export is complete or leaves no trace."""

    def export_archive(
        self,
        target: Path,
        program_version: str,
        cards: Mapping[ModelId, ModelCard],
        passphrase: str | None,
        contents: ArchiveContents = EVERYTHING,
        watch: Watch = ALONE,
    ) -> int:
        """Write everybody into an archive, in the open without a passphrase; how many people."""
        ...

    def export_plain(self, target: Path, watch: Watch = ALONE) -> int:
        """Write an unencrypted, self-contained SQLite copy; how many people it holds."""
        ...

    def export_lists(self, target: Path, form: Literal["csv", "json"]) -> int:
        """Write who is enrolled and what was done, without templates; how many people."""
        ...

    def import_subjects(
        self,
        subjects: Iterable[HeldSubject],
        on_conflict: OnConflict,
        *,
        total: int = 0,
        dry_run: bool = False,
        watch: Watch = ALONE,
    ) -> ImportPlan:
        """Bring people in, in one transaction that can be undone; a dry run changes nothing."""
        ...


class TemplateStore(Protocol):
    """Which models know which references, deleted subjects included."""

    def counts(self) -> Mapping[ModelId, int]:
        """How many references each model knows."""
        ...

    def awaiting(self, model: ModelId) -> tuple[Awaiting, ...]:
        """References that `model` does not know."""
        ...

    def crops(self, references: Sequence[ReferenceId]) -> tuple[AlignedFace | None, ...]:
        """The kept picture of each; None where there is none."""
        ...

    def add(self, made: Sequence[tuple[ReferenceId, Embedding]]) -> int:
        """Keep what a model made of references, in one transaction; how many were kept."""
        ...

    def forget(self, keep: ModelId) -> int:
        """Remove the templates of other models where `keep` knows the reference; how many."""
        ...


class VectorStore(Protocol):
    """Templates of those who are not deleted, by number, for galleries of very many."""

    def count(self, model: ModelId) -> int:
        """How many templates `model` made."""
        ...

    def blocks(self, model: ModelId) -> Iterator[Vectors]:
        """All of them, a block at a time; damaged ones are left out."""
        ...

    def references(self, model: ModelId, rows: Sequence[int]) -> tuple[Reference, ...]:
        """The references of some rows, in no order; those gone or damaged are left out."""
        ...


class Gallery(Protocol):
    """The enrolled people. One caller at a time; every write is one transaction.

    Every method may raise GalleryError.
    """

    def subjects(self) -> tuple[Subject, ...]:
        """All subjects that are not deleted, by name."""
        ...

    def find(self, name: str) -> Subject:
        """The subject of that name, regardless of case. Raises SubjectUnknownError."""
        ...

    def references(
        self, model: ModelId, subject_id: SubjectId | None = None
    ) -> tuple[Reference, ...]:
        """References made with `model`, of one subject or of all."""
        ...

    def enrol(
        self,
        name: str,
        captures: Sequence[Capture],
        note: str = "",
        consent: str = "",
        retain_until: date | None = None,
    ) -> Subject:
        """Create a subject with one reference a capture. Raises SubjectExistsError."""
        ...

    def add_references(self, subject_id: SubjectId, captures: Sequence[Capture]) -> Subject:
        """Add references to a subject that exists."""
        ...

    def rename(self, subject_id: SubjectId, name: str) -> Subject:
        """Raises SubjectExistsError where the name belongs to somebody else."""
        ...

    def set_terms(self, subject_id: SubjectId, consent: str, retain_until: date | None) -> Subject:
        """Note on what consent, and until which day, a subject is kept."""
        ...

    def merge(self, into: SubjectId, other: SubjectId) -> Subject:
        """Give all references of `other` to `into`, and hide `other`."""
        ...

    def preview_merge(self, into: SubjectId, other: SubjectId) -> ChangePreview:
        """What `merge` would do."""
        ...

    def split(self, subject_id: SubjectId, references: Sequence[ReferenceId], name: str) -> Subject:
        """Move references to a new subject. Raises ChangeRefusedError."""
        ...

    def newest_merge(self, subject_id: SubjectId) -> int | None:
        """The newest merge into a subject, for `undo`; None if none can be undone."""
        ...

    def delete(self, subject_id: SubjectId) -> int:
        """Hide a subject until that is undone or final; the number of the change."""
        ...

    def history(self) -> tuple[HistoryEntry, ...]:
        """All changes that are remembered, newest first."""
        ...

    def undo(self, number: int | None = None) -> HistoryEntry:
        """Take back a change, or the newest that stands. Raises UndoImpossibleError."""
        ...

    def preview_undo(self, number: int | None = None) -> ChangePreview:
        """What `undo` would do. Raises UndoImpossibleError."""
        ...

    def redo(self) -> HistoryEntry:
        """Carry out again what was undone last. Raises UndoImpossibleError."""
        ...

    def forget(self, until: datetime) -> int:
        """Make changes before `until` final; how many deleted subjects went for good."""
        ...

    def erase(self, subject_id: SubjectId) -> ErasureCertificate:
        """Destroy all that is kept of a subject, deleted or not, for good."""
        ...

    def due(self, day: date) -> tuple[Subject, ...]:
        """Who should have been erased before `day`, deleted ones included."""
        ...

    def crop(self, reference_id: ReferenceId) -> AlignedFace | None:
        """The stored aligned picture, if crops are kept."""
        ...

    def thumbnail(self, subject_id: SubjectId) -> AlignedFace | None:
        """The best stored picture of a subject, if crops are kept."""
        ...

    def damaged(self) -> tuple[str, ...]:
        """Check everything; the entries that do not open, named as GalleryTamperedError does.

        `subjects` and `references` of all leave such entries out; asking for one of them raises.
        """
        ...

    @property
    def vectors(self) -> VectorStore:
        """Its templates by number."""
        ...

    @property
    def transfer(self) -> GalleryTransfer:
        """Exports and imports."""
        ...

    @property
    def templates(self) -> TemplateStore:
        """Which models know which references."""
        ...

    def close(self) -> None:
        """Release the database; harmless when called twice."""
        ...


class Ledger(Protocol):
    """What a gallery keeps beside the people. Every method may raise GalleryError."""

    def events(self) -> tuple[Event, ...]:
        """What was done, oldest first."""
        ...

    def check(self) -> AuditReport:
        """Whether an event was removed, altered or moved."""
        ...

    def note(
        self,
        kind: EventKind,
        subject_id: SubjectId | None = None,
        count: int = 1,
        detail: str = "",
    ) -> None:
        """Write down what was done outside the gallery; `detail` names nobody."""
        ...

    def failures(self) -> tuple[datetime, ...]:
        """When attempts before the camera failed, oldest first."""
        ...

    def add_failure(self, at: datetime, forget_before: datetime) -> None:
        """Remember a failed attempt, and forget old ones."""
        ...

    def forget_failures(self) -> None:
        """Begin to count anew."""
        ...

    @property
    def public_key(self) -> bytes:
        """What receipts are checked with, 32 bytes."""
        ...

    def sign(self, purpose: str, message: bytes) -> bytes:
        """A signature of this gallery, 64 bytes."""
        ...


class Keys(Protocol):
    """The keys of an open gallery."""

    @property
    def place(self) -> str:
        """Where the key lies, in words."""
        ...

    @property
    def home(self) -> KeyPlace:
        """The kind of place."""
        ...

    @property
    def notice(self) -> str | None:
        """What has to stay visible about that; None if nothing has to."""
        ...

    @property
    def locked_from(self) -> KeyPlace | None:
        """Where the key goes back to when the gallery is unlocked; None if it is not locked."""
        ...

    def change(self, wish: KeyWish) -> KeyChange:
        """Make a new gallery key and keep it as wished. Raises GalleryError, KeyStoreError."""
        ...


class KeyStore(Protocol):
    """Where the gallery's key lives."""

    @property
    def place(self) -> str:
        """In words, for notices: "the system key ring", "a passphrase", "a key file"."""
        ...

    def load(self) -> bytes | None:
        """The 32-byte key; None if none was ever stored. Raises KeyStoreError."""
        ...

    def store(self, key: bytes) -> None:
        """Keep a new key and prove it by reading it back. Raises KeyStoreError."""
        ...
