"""Writing an archive: part after part, sealed or plain, complete or not at all."""

import hashlib
import secrets
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np

from core.domain.event import Event
from core.domain.face import AlignedFace
from core.domain.holdings import HeldReference, HeldSubject
from core.domain.model_card import ModelCard
from core.domain.template import ModelId
from core.domain.watch import ALONE, Watch
from core.errors import ExportFailedError
from core.gallery.archive_format import (
    CROPS,
    EVENTS,
    GROUP_REFERENCES,
    GROUP_SUBJECTS,
    MANIFEST,
    MANIFEST_SEAL,
    MAX_REFERENCES,
    SUBJECTS,
    TEMPLATES,
    Counts,
    CropRecord,
    EventRecord,
    Manifest,
    ModelEntry,
    Part,
    ReferenceRecord,
    Sealing,
    SubjectRecord,
    TemplateRecord,
    key_place,
    part_name,
    part_place,
)
from core.gallery.codec import VECTOR_TYPE, png_of
from core.gallery.draft import replacing
from core.gallery.names import plain_text
from core.security.key_record import Argon2Cost
from core.security.passphrase import new_cost, stretch
from core.security.sealing import new_key, seal

ID_BYTES = 16
_EPOCH = (1980, 1, 1, 0, 0, 0)  # of every part; the manifest says when the archive was made


@dataclass(frozen=True, slots=True)
class ArchiveFacts:
    """What an archive tells about where it comes from.

    Attributes:
        schema: Of the gallery.
        cards: Of the models at hand.
    """

    program_version: str
    schema: str
    cards: Mapping[ModelId, ModelCard]


@dataclass(frozen=True, slots=True)
class Lock:
    """A passphrase that seals an archive, and what stretching it costs."""

    passphrase: str
    cost: Argon2Cost


def lock_with(passphrase: str) -> Lock:
    """The usual costs, with a new salt."""
    return Lock(passphrase, new_cost())


def write_archive(
    target: Path,
    subjects: Iterable[HeldSubject],
    facts: ArchiveFacts,
    lock: Lock | None,
    *,
    total: int,
    events: Sequence[Event] | None = None,
    watch: Watch = ALONE,
) -> Counts:
    """Write an archive, mode 0600, complete and on the disk, in one step.

    Args:
        target: Replaced if it is there.
        subjects: In any order; crops are written where they are held.
        facts: Of the program and the gallery.
        lock: None writes a plain archive.
        total: How many subjects there will be, for `watch`.
        events: None leaves the audit out.
        watch: Told after each subject.

    Raises:
        ExportFailedError: What lay at `target` is untouched.
        Cancelled: Likewise.
    """
    with replacing(target) as draft, zipfile.ZipFile(draft, "w", zipfile.ZIP_STORED) as archive:
        writer = _Writer(archive, facts, lock)
        for done, subject in enumerate(subjects):
            watch.step(done, total)
            if len(subject.references) > MAX_REFERENCES:
                reason = f"'{subject.name}' has more than {MAX_REFERENCES} references"
                raise ExportFailedError(path=target, reason=reason)
            writer.add(subject)
        watch.step(total, total)
        return writer.finish(events)


class _Writer:
    """Collects subjects into groups and writes each group as parts."""

    def __init__(self, archive: zipfile.ZipFile, facts: ArchiveFacts, lock: Lock | None) -> None:
        self._archive = archive
        self._facts = facts
        self._id = secrets.token_hex(ID_BYTES)
        self._key = None if lock is None else new_key()
        self._sealed = None if self._key is None else _sealing(self._id, self._key, lock)
        self._parts: list[Part] = []
        self._models: set[ModelId] = set()
        self._group: list[HeldSubject] = []
        self._groups = 0
        self._counts = dict.fromkeys(("subjects", "references", "templates", "crops"), 0)

    def add(self, subject: HeldSubject) -> None:
        self._group.append(subject)
        references = sum(len(held.references) for held in self._group)
        if len(self._group) >= GROUP_SUBJECTS or references >= GROUP_REFERENCES:
            self._close_group()

    def finish(self, events: Sequence[Event] | None) -> Counts:
        self._close_group()
        if events is not None:
            self._put(EVENTS, [_event(event) for event in events])
        counts = Counts(**self._counts, events=len(events or ()))
        manifest = Manifest(
            id=self._id,
            made_at=datetime.now(UTC),
            program_version=self._facts.program_version,
            schema=self._facts.schema,
            sealed=self._sealed,
            counts=counts,
            models=tuple(
                ModelEntry(model=model, card=_card(self._facts.cards.get(model)))
                for model in sorted(self._models)
            ),
            parts=tuple(self._parts),
        )
        raw = msgspec.json.format(msgspec.json.encode(manifest))
        self._write(MANIFEST, raw)
        if self._key is not None:
            proof = hashlib.sha256(raw).digest()
            self._write(MANIFEST_SEAL, seal(self._key, proof, part_place(self._id, MANIFEST)))
        return counts

    def _close_group(self) -> None:
        if not self._group:
            return
        self._groups += 1
        held = [reference for subject in self._group for reference in subject.references]
        templates = [record for reference in held for record in _templates(reference)]
        crops = [
            _crop(reference, reference.crop) for reference in held if reference.crop is not None
        ]
        self._put(part_name(SUBJECTS, self._groups), [_subject(one) for one in self._group])
        self._put(part_name(TEMPLATES, self._groups), templates)
        self._put(part_name(CROPS, self._groups), crops)
        self._models.update(ModelId(record.model) for record in templates)
        added = (len(self._group), len(held), len(templates), len(crops))
        for kind, count in zip(self._counts, added, strict=True):
            self._counts[kind] += count
        self._group.clear()

    def _put(self, name: str, records: Sequence[object]) -> None:
        raw = msgspec.json.encode(records)
        if self._key is not None:
            raw = seal(self._key, raw, part_place(self._id, name))
        self._write(name, raw)
        self._parts.append(Part(name=name, bytes=len(raw), sha256=hashlib.sha256(raw).hexdigest()))

    def _write(self, name: str, raw: bytes) -> None:
        self._archive.writestr(zipfile.ZipInfo(name, _EPOCH), raw)


def _card(card: ModelCard | None) -> dict[str, object] | None:
    plain: dict[str, object] | None = msgspec.to_builtins(card)
    return plain


def _sealing(archive: str, key: bytes, lock: Lock | None) -> Sealing:
    assert lock is not None, "a key comes with its lock"
    stretched = stretch(lock.cost, lock.passphrase)
    return Sealing(cost=lock.cost, wrapped_key=seal(stretched, key, key_place(archive)))


def _subject(held: HeldSubject) -> SubjectRecord:
    return SubjectRecord(
        id=held.subject_id,
        name=held.name,
        note=plain_text(held.note),
        consent=plain_text(held.consent),
        retain_until=held.retain_until,
        enrolled_at=held.enrolled_at,
        references=tuple(
            ReferenceRecord(
                id=one.reference_id,
                enrolled_at=one.enrolled_at,
                quality=one.quality,
                source=plain_text(one.source),
            )
            for one in held.references
        ),
    )


def _templates(held: HeldReference) -> Iterator[TemplateRecord]:
    for template in held.templates:
        yield TemplateRecord(
            reference=held.reference_id,
            model=template.model,
            captures=template.captures,
            vector=np.ascontiguousarray(template.vector, dtype=VECTOR_TYPE).tobytes(),
        )


def _crop(held: HeldReference, aligned: AlignedFace) -> CropRecord:
    a, b, c, d, e, f = (float(value) for value in aligned.transform.ravel())
    return CropRecord(
        reference=held.reference_id, png=png_of(aligned), transform=(a, b, c, d, e, f)
    )


def _event(event: Event) -> EventRecord:
    return EventRecord(
        number=event.number,
        at=event.at,
        kind=event.kind,
        subject=event.subject_id,
        count=event.count,
        detail=event.detail,
    )
