"""The JSON documents about exports, imports and changes of model."""

from app.cli.documents import Document, Refused
from app.cli.reports import Point


class Exported(Document, frozen=True, kw_only=True):
    """`gallery export`; `exported` is false where the question was answered with no.

    Attributes:
        format: "pfgallery", "sqlite", "csv" or "json".
        sealed: Whether a passphrase is needed to read it.
        also: Files that were written beside it.
    """

    path: str
    format: str
    exported: bool
    sealed: bool
    subjects: int
    also: tuple[str, ...]


class Brought(Document, frozen=True, kw_only=True):
    """One person of an import.

    Attributes:
        verdict: "new", "same" or "conflict".
        deed: "add", "skip", "replace", "merge" or "add_renamed".
        references: How many are brought.
        added: How many are stored.
        existing: Who is there already; null for somebody new.
    """

    name: str
    verdict: str
    deed: str
    stored_as: str
    references: int
    added: int
    existing: str | None


class Imported(Document, frozen=True, kw_only=True):
    """`gallery import`; with --dry-run, `done` is false.

    Attributes:
        kind: "archive", "plain_copy", "picture_folders" or "insightface_studio".
        change: What `people undo` takes back; null where nothing was changed.
        templates_made: References that the model in use did not know, and now does.
        templates_missing: References that it still does not know.
    """

    path: str
    kind: str
    done: bool
    on_conflict: str
    people: tuple[Brought, ...]
    refused: tuple[Refused, ...]
    change: int | None
    templates_made: int
    templates_missing: int


class ToCapture(Document, frozen=True, kw_only=True):
    """Somebody whom a model does not know from all pictures."""

    name: str
    usable: int
    references: int


class OtherDecision(Document, frozen=True, kw_only=True):
    """An enrolled picture about which two models decide differently, in words."""

    name: str
    source: str
    before: str
    after: str


class ModelSwapped(Document, frozen=True, kw_only=True):
    """`models use` and `models rollback`; with --dry-run or after a no, `switched` is false.

    Attributes:
        references: Enrolled pictures.
        present: Of them, known to the new model beforehand.
        made: Templates that were made, or with --dry-run can be made.
        recapture: Who is not known from all pictures.
        compared: Enrolled pictures shown to both models.
    """

    name: str
    former: str
    switched: bool
    references: int
    present: int
    made: int
    recapture: tuple[ToCapture, ...]
    compared: int
    right_before: int
    right_after: int
    changes: tuple[OtherDecision, ...]
    point: Point
    former_point: Point | None


class FormerForgotten(Document, frozen=True, kw_only=True):
    """`models forget-former`; `former` is empty where none was kept."""

    former: str
    forgotten: int


class RecaptureQueue(Document, frozen=True, kw_only=True):
    """`models recapture`."""

    model: str
    people: tuple[ToCapture, ...]
