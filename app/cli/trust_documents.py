"""The JSON documents about keys, history, erasure, audit and receipts."""

from typing import Literal

from app.cli.documents import Document


class SubjectSeen(Document, frozen=True, kw_only=True):
    """How somebody appears; `enrolled` is false while deleted or merged into somebody else."""

    name: str
    enrolled: bool
    references: int


class SubjectChanged(Document, frozen=True, kw_only=True):
    """One person before and after; `before` is null for somebody who is new."""

    subject_id: str
    before: SubjectSeen | None
    after: SubjectSeen


class Changed(Document, frozen=True, kw_only=True):
    """`people merge`, `split`, `undo`, `redo`; with --dry-run, `done` is false."""

    done: bool
    change: int
    kind: str
    people: tuple[SubjectChanged, ...]


class Change(Document, frozen=True, kw_only=True):
    """One change that is remembered; `undone_at` is null while it stands."""

    number: int
    at: str
    kind: str
    names: tuple[str, ...]
    undone_at: str | None
    can_be_undone: bool


class History(Document, frozen=True, kw_only=True):
    """`people history`, newest first."""

    changes: tuple[Change, ...]


class TermsSet(Document, frozen=True, kw_only=True):
    """`people terms`; `keep_until` is an ISO date or null."""

    name: str
    consent: str
    keep_until: str | None


class Certificate(Document, frozen=True, kw_only=True):
    """What an erasure destroyed; it names nobody.

    Attributes:
        complete: Whether nothing is left in any file of the data folder.
    """

    at: str
    subjects: tuple[str, ...]
    references: int
    pictures: int
    journal_entries: int
    audit_entry: int
    audit_digest: str
    log_empty: bool
    backups_cleaned: int
    backups_left: tuple[str, ...]
    complete: bool


class Erased(Document, frozen=True, kw_only=True):
    """`people erase`; null where the question was answered with no."""

    certificate: Certificate | None


class Due(Document, frozen=True, kw_only=True):
    """Somebody whose last day is over."""

    name: str
    keep_until: str


class Expired(Document, frozen=True, kw_only=True):
    """`gallery expire`; no certificates where nothing was erased."""

    due: tuple[Due, ...]
    certificates: tuple[Certificate, ...]


class KeyReplaced(Document, frozen=True, kw_only=True):
    """`gallery passphrase`, `move-key`, `rotate-key`, `lock`, `unlock`.

    Attributes:
        renewed: Whether the key of the data was replaced too.
        former_destroyed: Whether the former key is gone from its place.
        backups_left: Backups that only the former key opens.
    """

    former: str
    place: str
    renewed: bool
    former_destroyed: bool
    backups_left: tuple[str, ...]


class AuditChecked(Document, frozen=True, kw_only=True):
    """`audit verify`."""

    whole: bool
    events: int
    head: str
    faults: tuple[str, ...]


class AuditHead(Document, frozen=True, kw_only=True):
    """`audit head`."""

    head: str
    public_key: str


class AuditExported(Document, frozen=True, kw_only=True):
    """`audit export`."""

    path: str
    events: int


class ReceiptChecked(Document, frozen=True, kw_only=True):
    """`audit check-receipt`.

    Attributes:
        genuine: Whether nothing was altered since it was signed.
        signer: Whose key signed: this gallery's, the one that was given, or an unknown one.
        follows: Whether the outcome follows from the scores and the threshold in the receipt.
        reproduced: Whether deciding again gave the same; null where there was nothing to decide
            on.
        score: The score found again; null where none was.
    """

    genuine: bool
    signer: Literal["this gallery", "the given key", "unknown"]
    follows: bool
    reproduced: bool | None
    score: float | None
    outcome: str
    at: str
    claim_name: str
    notes: tuple[str, ...]
