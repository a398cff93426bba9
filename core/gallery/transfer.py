"""Out of the gallery and into it: archives, plain copies, lists, imports."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.domain.event import EventKind
from core.domain.holdings import EVERYTHING, ArchiveContents, HeldSubject
from core.domain.importing import ImportPlan, OnConflict
from core.domain.model_card import ModelCard
from core.domain.template import ModelId
from core.domain.watch import ALONE, Watch
from core.errors import ExportFailedError
from core.gallery.archive_write import ArchiveFacts, lock_with, write_archive
from core.gallery.audit import read_events, record
from core.gallery.export import write_plain
from core.gallery.held import held_subjects
from core.gallery.importing import ImportOptions, import_subjects
from core.gallery.lists import ListFormat, write_lists
from core.gallery.reading import all_subjects
from core.gallery.schema import SCHEMA
from core.gallery.store import Store
from core.gallery.tables import SubjectRow


class Transfer:
    """What crosses the border of a gallery. Implements `ports.GalleryTransfer`.

    Damaged entries are left out of every export and logged. An export never replaces anything in
    the folder of the gallery itself.
    """

    def __init__(self, store: Store, *, keep_crops: bool) -> None:
        """Work on an open store.

        Args:
            keep_crops: Whether pictures that an import brings are kept.
        """
        self._store = store
        self._keep_crops = keep_crops

    def export_archive(
        self,
        target: Path,
        program_version: str,
        cards: Mapping[ModelId, ModelCard],
        passphrase: str | None,
        contents: ArchiveContents = EVERYTHING,
        watch: Watch = ALONE,
    ) -> int:
        """Write everybody into an archive.

        Args:
            target: Replaced if it is there.
            program_version: For the manifest.
            cards: Of the models at hand.
            passphrase: Seals it; None writes it in the open.
            contents: What goes in besides people and templates.
            watch: Told after each subject.

        Returns:
            How many subjects it holds.

        Raises:
            ExportFailedError: What lay at `target` is untouched.
            Cancelled: Likewise.
        """
        self._refuse_own_folder(target)
        facts = ArchiveFacts(program_version, SCHEMA.head, cards)
        lock = None if passphrase is None else lock_with(passphrase)
        with self._store.reading() as session:
            events = read_events(session) if contents.audit else None
            total = _count_subjects(session)
            people = held_subjects(
                session, self._store.secrets.data_key, pictures=contents.pictures
            )
            counts = write_archive(
                target, people, facts, lock, total=total, events=events, watch=watch
            )
        self._exported(counts.subjects, "sealed archive" if lock else "plain archive")
        return counts.subjects

    def export_plain(self, target: Path, watch: Watch = ALONE) -> int:
        """Write an unencrypted, self-contained SQLite copy; how many subjects it holds.

        Raises:
            ExportFailedError: What lay at `target` is untouched.
            Cancelled: Likewise.
        """
        self._refuse_own_folder(target)
        with self._store.reading() as session:
            people = held_subjects(session, self._store.secrets.data_key)
            total = _count_subjects(session)
            count = write_plain(target, people, total=total, watch=watch)
        self._exported(count, "plain copy")
        return count

    def export_lists(self, target: Path, form: ListFormat) -> int:
        """Write who is enrolled and what was done, without templates; how many subjects.

        Raises:
            ExportFailedError: What lay at `target` is untouched.
        """
        self._refuse_own_folder(target)
        with self._store.reading() as session:
            people = all_subjects(session, self._store.secrets.data_key)
            write_lists(target, form, people, read_events(session))
        self._exported(len(people), f"{form} list")
        return len(people)

    def import_subjects(
        self,
        subjects: Iterable[HeldSubject],
        on_conflict: OnConflict,
        *,
        total: int = 0,
        dry_run: bool = False,
        watch: Watch = ALONE,
    ) -> ImportPlan:
        """Bring subjects in, in one transaction that is one entry of the journal.

        Args:
            subjects: May fail half way; then nothing is changed.
            on_conflict: What becomes of those who are enrolled already.
            total: How many there will be, for `watch`.
            dry_run: Only says what would be done.
            watch: Told before each subject.

        Raises:
            GalleryError: Nothing was changed.
            Cancelled: Likewise.
        """
        options = ImportOptions(on_conflict, self._keep_crops, total)
        opened = self._store.trying() if dry_run else self._store.writing()
        with opened as session:
            plan = import_subjects(session, self._store.secrets, subjects, options, watch)
        # What was taken back has no entry either.
        return ImportPlan(plan.subjects) if dry_run else plan

    def _refuse_own_folder(self, target: Path) -> None:
        own = self._store.database.path.parent.resolve()
        if target.absolute().parent.resolve() == own:
            raise ExportFailedError(path=target, reason="that is the folder of the gallery itself")

    def _exported(self, subjects: int, how: str) -> None:
        with self._store.writing() as session:
            key = self._store.secrets.audit_key
            record(session, key, EventKind.EXPORTED, count=subjects, detail=how)


def _count_subjects(session: Session) -> int:
    query = select(func.count()).select_from(SubjectRow).where(SubjectRow.deleted_at.is_(None))
    return session.scalars(query).one()
