"""Protocols, only where there are two real implementations or a device behind the line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from core.domain.face import AlignedFace, Face
from core.domain.frame import Frame
from core.domain.template import (
    Capture,
    Embedding,
    ModelId,
    Reference,
    ReferenceId,
    Subject,
    SubjectId,
)


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

    def enrol(self, name: str, captures: Sequence[Capture], note: str = "") -> Subject:
        """Create a subject with one reference a capture. Raises SubjectExistsError."""
        ...

    def add_references(self, subject_id: SubjectId, captures: Sequence[Capture]) -> Subject:
        """Add references to a subject that exists."""
        ...

    def rename(self, subject_id: SubjectId, name: str) -> Subject:
        """Raises SubjectExistsError where the name belongs to somebody else."""
        ...

    def delete(self, subject_id: SubjectId) -> None:
        """Hide a subject so that `restore` can bring it back until `purge`."""
        ...

    def restore(self, subject_id: SubjectId) -> Subject:
        """Undo `delete`."""
        ...

    def purge(self) -> int:
        """Remove deleted subjects for good; how many there were."""
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

    def export_plain(self, target: Path) -> int:
        """Write an unencrypted, self-contained SQLite copy; how many subjects it holds."""
        ...

    def close(self) -> None:
        """Release the database; harmless when called twice."""
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
