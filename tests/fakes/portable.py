"""Exports, imports and templates of several models over a gallery in memory."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.domain.face import AlignedFace
from core.domain.history import EntryKind
from core.domain.holdings import EVERYTHING, ArchiveContents, HeldReference, HeldSubject
from core.domain.importing import Deed, ImportPlan, OnConflict, PlannedSubject, Verdict
from core.domain.retemplating import Awaiting
from core.domain.template import (
    Embedding,
    ModelId,
    Reference,
    ReferenceId,
    Subject,
    SubjectId,
    Template,
)
from core.domain.watch import ALONE, Watch
from core.gallery.names import name_key

if TYPE_CHECKING:
    from tests.fakes.gallery import MemoryGallery


class MemoryTemplates:
    """Implements `ports.TemplateStore`; the gallery's own references are the first model's."""

    def __init__(self, gallery: "MemoryGallery") -> None:
        self._gallery = gallery
        self._more: dict[tuple[ReferenceId, ModelId], Template] = {}

    def references(self, model: ModelId) -> list[Reference]:
        """Those that `model` knows besides the ones made with it."""
        return [
            replace(self._gallery._references[reference_id], template=template)
            for (reference_id, made_by), template in self._more.items()
            if made_by == model and reference_id in self._gallery._references
        ]

    def counts(self) -> Mapping[ModelId, int]:
        models = [one.template.model for one in self._gallery._references.values()]
        models += [model for _, model in self._more]
        return {model: models.count(model) for model in models}

    def awaiting(self, model: ModelId) -> tuple[Awaiting, ...]:
        known = {one.reference_id for one in self.references(model)}
        return tuple(
            Awaiting(one.reference_id, one.subject_id, one.reference_id in self._gallery._crops)
            for one in self._gallery._references.values()
            if one.template.model != model and one.reference_id not in known
        )

    def crops(self, references: Sequence[ReferenceId]) -> tuple[AlignedFace | None, ...]:
        return tuple(self._gallery._crops.get(reference) for reference in references)

    def add(self, made: Sequence[tuple[ReferenceId, Embedding]]) -> int:
        kept = 0
        for reference_id, embedding in made:
            missing = {entry.reference_id for entry in self.awaiting(embedding.model)}
            if reference_id in missing:
                template = Template(embedding.vector, embedding.model)
                self._more[reference_id, embedding.model] = template
                kept += 1
        return kept

    def forget(self, keep: ModelId) -> int:
        gone = 0
        for key, template in list(self._more.items()):
            reference_id, model = key
            if model == keep:
                own = self._gallery._references[reference_id]
                self._gallery._references[reference_id] = replace(own, template=template)
                del self._more[key]
                gone += 1
        return gone


class MemoryTransfer:
    """Implements `ports.GalleryTransfer`; what it writes are names."""

    def __init__(self, gallery: "MemoryGallery") -> None:
        self._gallery = gallery

    def export_archive(
        self,
        target: Path,
        program_version: str,
        cards: Mapping[ModelId, object],
        passphrase: str | None,
        contents: ArchiveContents = EVERYTHING,
        watch: Watch = ALONE,
    ) -> int:
        form = "sealed" if passphrase else "archive"
        return self._write(target, form if contents.pictures else f"{form}, no pictures", watch)

    def export_plain(self, target: Path, watch: Watch = ALONE) -> int:
        return self._write(target, "plain", watch)

    def export_lists(self, target: Path, form: str) -> int:
        return self._write(target, form, ALONE)

    def import_subjects(
        self,
        subjects: Iterable[HeldSubject],
        on_conflict: OnConflict,
        *,
        total: int = 0,
        dry_run: bool = False,
        watch: Watch = ALONE,
    ) -> ImportPlan:
        planned = []
        touched: list[tuple[PlannedSubject, HeldSubject]] = []
        for done, subject in enumerate(subjects):
            watch.step(done, total)
            plan = self._plan(subject, on_conflict)
            planned.append(plan)
            if plan.deed is not Deed.SKIP:
                touched.append((plan, subject))
        if dry_run or not touched:
            return ImportPlan(tuple(planned))
        gallery = self._gallery
        # Those who are new first: undoing hides them before a former one needs the name again.
        ids = [it.subject_id for _, it in touched]
        ids += [own.subject_id for _, it in touched if (own := self._named(it.name))]
        with gallery._change(EntryKind.IMPORTED, *ids):
            for plan, subject in touched:
                self._carry_out(plan, subject)
        return ImportPlan(tuple(planned), gallery._entries[-1].number)

    def _plan(self, subject: HeldSubject, on_conflict: OnConflict) -> PlannedSubject:
        own = self._named(subject.name)
        missing = len(self._missing(subject, own))
        deed = {
            OnConflict.KEEP: Deed.SKIP,
            OnConflict.REPLACE: Deed.REPLACE,
            OnConflict.MERGE: Deed.MERGE,
            OnConflict.RENAME: Deed.ADD_RENAMED,
        }[on_conflict]
        verdict = Verdict.CONFLICT
        if own is None:
            verdict, deed = Verdict.NEW, Deed.ADD
        elif not missing:
            verdict, deed = Verdict.SAME, Deed.SKIP
        brought = len(subject.references)
        return PlannedSubject(
            name=subject.name,
            verdict=verdict,
            deed=deed,
            stored_as=f"{subject.name} (2)" if deed is Deed.ADD_RENAMED else subject.name,
            references=brought,
            added={Deed.SKIP: 0, Deed.MERGE: missing}.get(deed, brought),
            existing=None if own is None else own.name,
        )

    def _carry_out(self, plan: PlannedSubject, subject: HeldSubject) -> None:
        own = self._named(subject.name)
        subject_id, pictures = subject.subject_id, list(subject.references)
        if plan.deed is Deed.MERGE and own is not None:
            pictures, subject_id = self._missing(subject, own), own.subject_id
        elif plan.deed is Deed.REPLACE and own is not None:
            self._gallery._deleted.add(own.subject_id)
        if plan.deed is not Deed.MERGE:
            self._gallery._subjects[subject_id] = Subject(
                subject_id, plan.stored_as, subject.enrolled_at, 0, subject.note
            )
        for picture in pictures:
            self._store(subject_id, picture)

    def _store(self, subject_id: SubjectId, picture: HeldReference) -> None:
        self._gallery._references[picture.reference_id] = Reference(
            picture.reference_id,
            subject_id,
            picture.templates[0],
            picture.enrolled_at,
            picture.quality,
            picture.source,
        )
        if picture.crop is not None and self._gallery._keep_crops:
            self._gallery._crops[picture.reference_id] = picture.crop

    def _named(self, name: str) -> Subject | None:
        found = [one for one in self._gallery.subjects() if name_key(one.name) == name_key(name)]
        return found[0] if found else None

    def _missing(self, subject: HeldSubject, own: Subject | None) -> list[HeldReference]:
        if own is None:
            return list(subject.references)
        known = {
            one.template.vector.tobytes()
            for one in self._gallery._references.values()
            if one.subject_id == own.subject_id
        }
        return [
            one
            for one in subject.references
            if not known & {template.vector.tobytes() for template in one.templates}
        ]

    def _write(self, target: Path, form: str, watch: Watch) -> int:
        people = self._gallery.subjects()
        watch.step(0, len(people))
        document = {"form": form, "names": [subject.name for subject in people]}
        target.write_text(json.dumps(document), encoding="utf-8")
        return len(people)
