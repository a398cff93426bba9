"""Bringing subjects into the gallery: compared with who is there, written as one change.

A dry run is the same work in a session that is taken back, so it cannot promise anything else
than what an import does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.domain.event import EventKind
from core.domain.history import EntryKind
from core.domain.holdings import HeldReference, HeldSubject
from core.domain.importing import Deed, ImportPlan, OnConflict, PlannedSubject, Verdict
from core.domain.template import ReferenceId, SubjectId
from core.domain.watch import ALONE, Watch
from core.errors import GalleryTamperedError
from core.gallery.changes import Changes, Picture
from core.gallery.codec import OpenSubject, name_digest, open_reference, open_subject
from core.gallery.names import MAX_CHARACTERS, canonical_name
from core.gallery.queries import references_of, row_of_digest, templates_of
from core.gallery.store import Secrets
from core.gallery.tables import ReferenceRow, SubjectRow

_DEEDS = {
    OnConflict.KEEP: Deed.SKIP,
    OnConflict.REPLACE: Deed.REPLACE,
    OnConflict.MERGE: Deed.MERGE,
    OnConflict.RENAME: Deed.ADD_RENAMED,
}


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How an import is carried out.

    Attributes:
        keep_crops: Whether pictures that come along are kept.
        total: How many subjects there will be, for `watch`.
    """

    on_conflict: OnConflict
    keep_crops: bool
    total: int = 0


def import_subjects(
    session: Session,
    secrets: Secrets,
    subjects: Iterable[HeldSubject],
    options: ImportOptions,
    watch: Watch = ALONE,
) -> ImportPlan:
    """Write subjects into the session as one entry of the journal.

    Raises:
        GalleryError: The caller's session takes everything back.
        Cancelled: Likewise.
    """
    changes = Changes(session, secrets)
    planned = []
    for done, subject in enumerate(subjects):
        watch.step(done, options.total)
        planned.append(_Import(changes, options, subject).carry_out())
    plan = ImportPlan(tuple(planned))
    if not plan.changes:
        return plan
    number = changes.finish(EntryKind.IMPORTED, EventKind.IMPORTED, count=plan.changes)
    return ImportPlan(plan.subjects, number)


class _Import:
    """One subject on its way in."""

    def __init__(self, changes: Changes, options: ImportOptions, brought: HeldSubject) -> None:
        self._changes = changes
        self._session = changes.session
        self._data_key = changes.secrets.data_key
        self._options = options
        self._brought = brought
        self._name = canonical_name(brought.name)

    def carry_out(self) -> PlannedSubject:
        existing = self._counterpart()
        if existing is None:
            self._add(self._name)
            return self._planned(Verdict.NEW, Deed.ADD, self._name, None)
        missing = self._missing(existing)
        if not missing and existing.name == self._name:
            return self._planned(Verdict.SAME, Deed.SKIP, existing.name, existing, 0)
        deed = _DEEDS[self._options.on_conflict]
        if deed is Deed.MERGE and not missing:
            deed = Deed.SKIP  # another name only, which is not for an import to decide
        stored_as, added = existing.name, 0
        if deed is Deed.MERGE:
            added = self._add_pictures(existing, missing)
        elif deed is Deed.REPLACE:
            self._changes.hide(existing.row)
            stored_as, added = self._name, self._add(self._name)
        elif deed is Deed.ADD_RENAMED:
            stored_as = self._free_name()
            added = self._add(stored_as)
        return self._planned(Verdict.CONFLICT, deed, stored_as, existing, added)

    def _planned(
        self,
        verdict: Verdict,
        deed: Deed,
        stored_as: str,
        existing: OpenSubject | None,
        added: int | None = None,
    ) -> PlannedSubject:
        brought = len(self._brought.references)
        return PlannedSubject(
            name=self._name,
            verdict=verdict,
            deed=deed,
            stored_as=stored_as,
            references=brought,
            added=brought if added is None else added,
            existing=None if existing is None else existing.name,
        )

    def _counterpart(self) -> OpenSubject | None:
        """Who has this name, or else this id."""
        row = row_of_digest(self._session, name_digest(self._data_key, self._name))
        if row is None:
            row = self._session.get(SubjectRow, self._brought.subject_id)
        if row is None or row.deleted_at is not None:
            return None
        try:
            return open_subject(row, self._data_key)
        except GalleryTamperedError:
            if row.id == self._brought.subject_id:
                raise  # what is brought would stand beside its own damaged row
            return None

    def _missing(self, existing: OpenSubject) -> tuple[HeldReference, ...]:
        """What is brought and not there, by id or by the very same template."""
        rows = references_of(self._session, existing.row.id)
        ids = {row.id for row in rows}
        strange = [one for one in self._brought.references if one.reference_id not in ids]
        if not strange:
            return ()
        known = {
            (entry.model_id, open_reference(row, entry, existing.key).template.vector.tobytes())
            for row in rows
            for entry in templates_of(self._session, row.id)
        }
        return tuple(one for one in strange if known.isdisjoint(_marks(one)))

    def _add(self, name: str) -> int:
        brought = self._brought
        subject = self._changes.add_subject(
            name,
            brought.note,
            brought.consent,
            brought.retain_until,
            subject_id=self._free_id(brought.subject_id),
            enrolled_at=brought.enrolled_at,
        )
        return self._add_pictures(subject, brought.references)

    def _add_pictures(self, subject: OpenSubject, pictures: Iterable[HeldReference]) -> int:
        added = 0
        for one in pictures:
            picture = Picture(
                templates=one.templates,
                quality=one.quality,
                source=one.source,
                aligned=one.crop if self._options.keep_crops else None,
                enrolled_at=one.enrolled_at,
            )
            taken = self._session.get(ReferenceRow, one.reference_id) is not None
            own_id = None if taken else ReferenceId(one.reference_id)
            self._changes.add_picture(subject, picture, own_id)
            added += 1
        return added

    def _free_id(self, wanted: SubjectId) -> SubjectId | None:
        # A hidden subject keeps its id for the day its deletion is undone.
        known = select(SubjectRow.id).where(SubjectRow.id == wanted)
        return None if self._session.scalar(known) is not None else wanted

    def _free_name(self) -> str:
        for number in count(2):
            ending = f" ({number})"
            name = self._name[: MAX_CHARACTERS - len(ending)] + ending
            if row_of_digest(self._session, name_digest(self._data_key, name)) is None:
                return name
        raise AssertionError("numbers do not end")


def _marks(reference: HeldReference) -> set[tuple[str, bytes]]:
    return {(template.model, template.vector.tobytes()) for template in reference.templates}
