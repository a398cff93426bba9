"""A gallery in memory, held to the same contract as the one on the disk."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from core.domain.face import AlignedFace
from core.domain.template import (
    Capture,
    ModelId,
    Reference,
    ReferenceId,
    Subject,
    SubjectId,
    Template,
)
from core.errors import SubjectExistsError, SubjectUnknownError
from core.gallery.names import canonical_name, name_key, plain_text


class MemoryGallery:
    """Implements `ports.Gallery`; nothing outlives the object."""

    def __init__(self, *, keep_crops: bool = True) -> None:
        self._keep_crops = keep_crops
        self._numbers = count(1)
        self._subjects: dict[SubjectId, Subject] = {}
        self._deleted: set[SubjectId] = set()
        self._references: dict[ReferenceId, Reference] = {}
        self._crops: dict[ReferenceId, AlignedFace] = {}
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
            for one in self._references.values()
            if one.template.model == model
            and one.subject_id not in self._deleted
            and subject_id in (None, one.subject_id)
        )

    def enrol(self, name: str, captures: Sequence[Capture], note: str = "") -> Subject:
        self._need_captures(captures)
        wanted = canonical_name(name)
        self._need_free_name(wanted)
        subject_id = SubjectId(f"subject-{next(self._numbers)}")
        self._subjects[subject_id] = Subject(
            subject_id, wanted, datetime.now(UTC), 0, plain_text(note)
        )
        return self.add_references(subject_id, captures)

    def add_references(self, subject_id: SubjectId, captures: Sequence[Capture]) -> Subject:
        self._need_captures(captures)
        subject = self._active(subject_id)
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
        return self._counted(subject)

    def rename(self, subject_id: SubjectId, name: str) -> Subject:
        wanted = canonical_name(name)
        subject = self._active(subject_id)
        self._need_free_name(wanted, but_for=subject_id)
        self._subjects[subject_id] = replace(subject, name=wanted)
        return self._counted(self._subjects[subject_id])

    def delete(self, subject_id: SubjectId) -> None:
        self._active(subject_id)
        self._deleted.add(subject_id)

    def restore(self, subject_id: SubjectId) -> Subject:
        if subject_id not in self._subjects:
            raise SubjectUnknownError(name=subject_id)
        subject = self._subjects[subject_id]
        if subject_id in self._deleted:
            self._need_free_name(subject.name)
            self._deleted.discard(subject_id)
        return self._counted(subject)

    def purge(self) -> int:
        gone = len(self._deleted)
        for reference_id, reference in list(self._references.items()):
            if reference.subject_id in self._deleted:
                del self._references[reference_id]
                self._crops.pop(reference_id, None)
        for subject_id in self._deleted:
            del self._subjects[subject_id]
        self._deleted.clear()
        return gone

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

    def export_plain(self, target: Path) -> int:
        subjects = self.subjects()
        target.unlink(missing_ok=True)
        with closing(sqlite3.connect(target)) as database, database:
            database.execute("CREATE TABLE subjects (id TEXT, name TEXT)")
            database.execute("CREATE TABLE templates (id TEXT, subject_id TEXT, vector BLOB)")
            for subject in subjects:
                database.execute(
                    "INSERT INTO subjects VALUES (?, ?)", (subject.subject_id, subject.name)
                )
            for one in self._references.values():
                if one.subject_id not in self._deleted:
                    row = (one.reference_id, one.subject_id, one.template.vector.tobytes())
                    database.execute("INSERT INTO templates VALUES (?, ?, ?)", row)
        return len(subjects)

    def close(self) -> None:
        self.closed = True

    def _counted(self, subject: Subject) -> Subject:
        mine = [one for one in self._references.values() if one.subject_id == subject.subject_id]
        return replace(subject, references=len(mine))

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
