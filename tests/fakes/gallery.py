"""A gallery in memory, held to the same contract as the one on the disk."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import count

import numpy as np

from core.domain.erasure import ErasureCertificate
from core.domain.face import AlignedFace
from core.domain.history import (
    ChangePreview,
    EntryKind,
    HistoryEntry,
    SubjectChange,
    SubjectState,
)
from core.domain.template import (
    Capture,
    ModelId,
    Reference,
    ReferenceId,
    Subject,
    SubjectId,
    Template,
    Vectors,
)
from core.errors import (
    ChangeRefusedError,
    SubjectExistsError,
    SubjectUnknownError,
    UndoImpossibleError,
)
from core.gallery.names import canonical_name, name_key, plain_text
from tests.fakes.portable import MemoryTemplates, MemoryTransfer


@dataclass(frozen=True)
class _State:
    subjects: dict[SubjectId, Subject]
    deleted: set[SubjectId]
    references: dict[ReferenceId, Reference]
    crops: dict[ReferenceId, AlignedFace]
    merged: dict[SubjectId, SubjectId]


@dataclass
class _Entry:
    number: int
    at: datetime
    kind: EntryKind
    touched: tuple[SubjectId, ...]
    before: _State
    undone_at: datetime | None = None
    complete: bool = True


class MemoryVectors:
    """Implements `ports.VectorStore` over the references of a gallery in memory."""

    def __init__(self, references: Callable[[ModelId], Sequence[Reference]]) -> None:
        self._references = references

    def count(self, model: ModelId) -> int:
        return len(self._references(model))

    def blocks(self, model: ModelId) -> Iterator[Vectors]:
        for number, reference in enumerate(self._references(model)):
            yield Vectors(np.array([number]), reference.template.vector[None])

    def references(self, model: ModelId, rows: Sequence[int]) -> tuple[Reference, ...]:
        found = self._references(model)
        return tuple(found[row] for row in rows if row < len(found))


class MemoryGallery:
    """Implements `ports.Gallery`; nothing outlives the object."""

    def __init__(self, *, keep_crops: bool = True) -> None:
        self._keep_crops = keep_crops
        self._numbers = count(1)
        self._subjects: dict[SubjectId, Subject] = {}
        self._deleted: set[SubjectId] = set()
        self._references: dict[ReferenceId, Reference] = {}
        self._crops: dict[ReferenceId, AlignedFace] = {}
        self._merged: dict[SubjectId, SubjectId] = {}
        self._changes = count(1)
        self._entries: list[_Entry] = []
        self._undone: list[tuple[_Entry, _State]] = []
        self.templates = MemoryTemplates(self)
        self.transfer = MemoryTransfer(self)
        self.closed = False

    def subjects(self) -> tuple[Subject, ...]:
        active = [
            self._counted(one)
            for one in self._subjects.values()
            if one.subject_id not in self._deleted
        ]
        return tuple(sorted(active, key=lambda one: (name_key(one.name), one.name)))

    def find(self, name: str) -> Subject:
        wanted = canonical_name(name)
        for subject in self.subjects():
            if name_key(subject.name) == name_key(wanted):
                return subject
        raise SubjectUnknownError(name=wanted)

    def references(
        self, model: ModelId, subject_id: SubjectId | None = None
    ) -> tuple[Reference, ...]:
        if subject_id is not None:
            self._active(subject_id)
        return tuple(
            one
            for one in (*self._references.values(), *self.templates.references(model))
            if one.template.model == model
            and one.subject_id not in self._deleted
            and subject_id in (None, one.subject_id)
        )

    @property
    def vectors(self) -> MemoryVectors:
        return MemoryVectors(self.references)

    def enrol(
        self,
        name: str,
        captures: Sequence[Capture],
        note: str = "",
        consent: str = "",
        retain_until: date | None = None,
    ) -> Subject:
        self._need_captures(captures)
        wanted = canonical_name(name)
        self._need_free_name(wanted)
        subject_id = SubjectId(f"subject-{next(self._numbers)}")
        with self._change(EntryKind.ENROLLED, subject_id):
            texts = plain_text(note), plain_text(consent)
            self._subjects[subject_id] = Subject(
                subject_id, wanted, datetime.now(UTC), 0, *texts, retain_until
            )
            self._store(subject_id, captures)
        return self._counted(self._subjects[subject_id])

    def add_references(self, subject_id: SubjectId, captures: Sequence[Capture]) -> Subject:
        self._need_captures(captures)
        subject = self._active(subject_id)
        with self._change(EntryKind.REFERENCES_ADDED, subject_id):
            self._store(subject_id, captures)
        return self._counted(subject)

    def rename(self, subject_id: SubjectId, name: str) -> Subject:
        subject = self._active(subject_id)
        wanted = canonical_name(name)
        self._need_free_name(wanted, but_for=subject_id)
        return self._replace(EntryKind.RENAMED, replace(subject, name=wanted))

    def set_terms(self, subject_id: SubjectId, consent: str, retain_until: date | None) -> Subject:
        subject = replace(self._active(subject_id), consent=consent, retain_until=retain_until)
        return self._replace(EntryKind.TERMS_CHANGED, subject)

    def merge(self, into: SubjectId, other: SubjectId) -> Subject:
        if into == other:
            raise ChangeRefusedError(reason="a person cannot be merged with itself")
        target, source = self._active(into), self._active(other)
        days = [day for day in (target.retain_until, source.retain_until) if day is not None]
        with self._change(EntryKind.MERGED, into, other):
            for reference in self._own(other):
                self._copy(reference, into)
            self._subjects[into] = replace(
                target,
                consent=target.consent or source.consent,
                retain_until=min(days, default=None),
            )
            self._deleted.add(other)
            self._merged[other] = into
        return self._counted(self._subjects[into])

    def preview_merge(self, into: SubjectId, other: SubjectId) -> ChangePreview:
        return self._preview(lambda: (self.merge(into, other), self._entries[-1].number)[1])

    def split(self, subject_id: SubjectId, references: Sequence[ReferenceId], name: str) -> Subject:
        source, wanted = self._active(subject_id), set(references)
        leaving = [one for one in self._own(subject_id) if one.reference_id in wanted]
        if not leaving or len(leaving) != len(wanted):
            raise ChangeRefusedError(reason="some of these pictures are not among the person's")
        if len(leaving) == len(self._own(subject_id)):
            raise ChangeRefusedError(reason="at least one picture has to stay with the person")
        fresh = canonical_name(name)
        self._need_free_name(fresh)
        new_id = SubjectId(f"subject-{next(self._numbers)}")
        with self._change(EntryKind.SPLIT, new_id, subject_id):
            self._subjects[new_id] = Subject(
                new_id, fresh, datetime.now(UTC), 0, "", source.consent, source.retain_until
            )
            for reference in leaving:
                self._copy(reference, new_id)
                self._drop(reference.reference_id)
        return self._counted(self._subjects[new_id])

    def newest_merge(self, subject_id: SubjectId) -> int | None:
        for entry in reversed(self._entries):
            stands = entry.complete and entry.undone_at is None
            if stands and entry.kind is EntryKind.MERGED and entry.touched[0] == subject_id:
                return entry.number
        return None

    def delete(self, subject_id: SubjectId) -> int:
        self._active(subject_id)
        with self._change(EntryKind.DELETED, subject_id):
            self._deleted.add(subject_id)
        return self._entries[-1].number

    def history(self) -> tuple[HistoryEntry, ...]:
        return tuple(self._as_entry(entry) for entry in reversed(self._entries))

    def undo(self, number: int | None = None) -> HistoryEntry:
        entry = self._to_undo(number)
        later = [one for one in self._entries if one.number > entry.number and not one.undone_at]
        for one in later:
            if set(one.touched) & set(entry.touched):
                raise UndoImpossibleError(reason=f"change {one.number} came later")
        self._undone.append((entry, self._state()))
        for subject_id in entry.touched:
            self._bring_back(subject_id, entry.before)
        entry.undone_at = datetime.now(UTC)
        return self._as_entry(entry)

    def preview_undo(self, number: int | None = None) -> ChangePreview:
        return self._preview(lambda: self.undo(number).number)

    def redo(self) -> HistoryEntry:
        if not self._undone:
            raise UndoImpossibleError(reason="nothing was undone")
        entry, state = self._undone[-1]
        for subject_id in entry.touched:
            self._bring_back(subject_id, state)
        self._undone.pop()
        entry.undone_at = None
        return self._as_entry(entry)

    def forget(self, until: datetime) -> int:
        self._entries = [entry for entry in self._entries if entry.at >= until]
        gone = [one for one in self._deleted if self._deleted_before(one, until)]
        for subject_id in gone:
            self._remove(subject_id)
        return len(gone)

    def erase(self, subject_id: SubjectId) -> ErasureCertificate:
        if subject_id not in self._subjects:
            raise SubjectUnknownError(name=subject_id)
        merged = [one for one, into in self._merged.items() if into == subject_id]
        references = sum(len(self._own(one)) for one in (subject_id, *merged))
        for one in (subject_id, *merged):
            self._remove(one)
        return ErasureCertificate(
            at=datetime.now(UTC),
            subjects=(subject_id, *merged),
            references=references,
            pictures=references if self._keep_crops else 0,
            journal_entries=0,
            event=1,
            digest="00",
            log_empty=True,
            backups_cleaned=0,
            backups_left=(),
        )

    def due(self, day: date) -> tuple[Subject, ...]:
        found = [one for one in self._subjects.values() if one.retain_until]
        return tuple(self._counted(one) for one in found if one.retain_until < day)

    def crop(self, reference_id: ReferenceId) -> AlignedFace | None:
        reference = self._references.get(reference_id)
        if reference is None or reference.subject_id in self._deleted:
            return None
        return self._crops.get(reference_id)

    def thumbnail(self, subject_id: SubjectId) -> AlignedFace | None:
        self._active(subject_id)
        kept = [
            one
            for one in self._references.values()
            if one.subject_id == subject_id and one.reference_id in self._crops
        ]
        best = max(kept, key=lambda one: one.quality, default=None)
        return None if best is None else self._crops[best.reference_id]

    def damaged(self) -> tuple[str, ...]:
        return ()

    def close(self) -> None:
        self.closed = True

    def _counted(self, subject: Subject) -> Subject:
        return replace(subject, references=len(self._own(subject.subject_id)))

    def _own(self, subject_id: SubjectId) -> list[Reference]:
        return [one for one in self._references.values() if one.subject_id == subject_id]

    def _store(self, subject_id: SubjectId, captures: Sequence[Capture]) -> None:
        for capture in captures:
            reference_id = ReferenceId(f"reference-{next(self._numbers)}")
            template = Template(capture.embedding.vector, capture.embedding.model)
            self._references[reference_id] = Reference(
                reference_id,
                subject_id,
                template,
                datetime.now(UTC),
                capture.quality.unified,
                plain_text(capture.source),
            )
            if self._keep_crops:
                self._crops[reference_id] = capture.aligned

    def _copy(self, reference: Reference, subject_id: SubjectId) -> None:
        new_id = ReferenceId(f"reference-{next(self._numbers)}")
        copy = replace(reference, reference_id=new_id, subject_id=subject_id)
        self._references[new_id] = copy
        if reference.reference_id in self._crops:
            self._crops[new_id] = self._crops[reference.reference_id]

    def _drop(self, reference_id: ReferenceId) -> None:
        del self._references[reference_id]
        self._crops.pop(reference_id, None)

    def _remove(self, subject_id: SubjectId) -> None:
        for reference in self._own(subject_id):
            self._drop(reference.reference_id)
        del self._subjects[subject_id]
        self._deleted.discard(subject_id)
        self._merged.pop(subject_id, None)
        for entry in self._entries:
            entry.complete = entry.complete and subject_id not in entry.touched

    def _replace(self, kind: EntryKind, subject: Subject) -> Subject:
        with self._change(kind, subject.subject_id):
            self._subjects[subject.subject_id] = subject
        return self._counted(subject)

    @contextmanager
    def _change(self, kind: EntryKind, *touched: SubjectId) -> Iterator[None]:
        before = self._state()
        yield
        number = next(self._changes)
        self._entries.append(_Entry(number, datetime.now(UTC), kind, touched, before))

    def _state(self) -> "_State":
        return _State(
            dict(self._subjects),
            set(self._deleted),
            dict(self._references),
            dict(self._crops),
            dict(self._merged),
        )

    def _bring_back(self, subject_id: SubjectId, before: "_State") -> None:
        """One subject as it was; one that was not there yet is hidden."""
        if subject_id not in before.subjects:
            self._deleted.add(subject_id)
            return
        if subject_id in self._deleted and subject_id not in before.deleted:
            self._need_free_name(before.subjects[subject_id].name, but_for=subject_id)
        for reference in self._own(subject_id):
            self._drop(reference.reference_id)
        self._subjects[subject_id] = before.subjects[subject_id]
        only = {subject_id}
        self._deleted = (self._deleted - only) | (before.deleted & only)
        self._merged.pop(subject_id, None)
        self._merged |= {one: into for one, into in before.merged.items() if one == subject_id}
        own = {key: one for key, one in before.references.items() if one.subject_id == subject_id}
        self._references |= own
        self._crops |= {key: crop for key, crop in before.crops.items() if key in own}

    def _to_undo(self, number: int | None) -> "_Entry":
        standing = [entry for entry in self._entries if entry.undone_at is None]
        wanted = [entry for entry in self._entries if number in (None, entry.number)]
        found = (standing if number is None else wanted)[-1:]
        if not found or found[0].undone_at or not found[0].complete:
            raise UndoImpossibleError(reason="there is no such change")
        return found[0]

    def _preview(self, change: Callable[[], int]) -> ChangePreview:
        before, entries, undone = self._state(), list(self._entries), list(self._undone)
        stamps = [entry.undone_at for entry in entries]
        seen = {one: self._shown(one) for one in self._subjects}
        number = change()
        [entry] = [one for one in self._entries if one.number == number]
        changes = tuple(
            SubjectChange(one, seen.get(one), self._shown(one))
            for one in entry.touched
            if seen.get(one) != self._shown(one)
        )
        self._subjects, self._deleted, self._references = (
            before.subjects,
            before.deleted,
            before.references,
        )
        self._crops, self._merged = before.crops, before.merged
        self._entries, self._undone = entries, undone
        for old, stamp in zip(entries, stamps, strict=True):
            old.undone_at = stamp
        return ChangePreview(number, entry.kind, changes)

    def _shown(self, subject_id: SubjectId) -> SubjectState:
        subject = self._counted(self._subjects[subject_id])
        enrolled = subject_id not in self._deleted
        terms = subject.consent, subject.retain_until
        return SubjectState(subject.name, subject.note, enrolled, subject.references, *terms)

    def _as_entry(self, entry: "_Entry") -> HistoryEntry:
        names = tuple(self._subjects[one].name for one in entry.touched if one in self._subjects)
        return HistoryEntry(
            entry.number, entry.at, entry.kind, names, entry.undone_at, entry.complete
        )

    def _deleted_before(self, subject_id: SubjectId, until: datetime) -> bool:
        times = [entry.at for entry in self._entries if subject_id in entry.touched]
        return all(at < until for at in times)

    def _active(self, subject_id: SubjectId) -> Subject:
        if subject_id not in self._subjects or subject_id in self._deleted:
            raise SubjectUnknownError(name=subject_id)
        return self._subjects[subject_id]

    def _need_free_name(self, name: str, but_for: SubjectId | None = None) -> None:
        for subject in self.subjects():
            if name_key(subject.name) == name_key(name) and subject.subject_id != but_for:
                raise SubjectExistsError(name=name)

    @staticmethod
    def _need_captures(captures: Sequence[Capture]) -> None:
        if not captures:
            raise ValueError("an enrolment has at least one capture")
