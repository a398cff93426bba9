"""Reading an archive: every part is checked before it is believed, group after group."""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from core.domain.face import AlignedFace
from core.domain.holdings import HeldReference, HeldSubject
from core.domain.template import ReferenceId, SubjectId, Template
from core.errors import SealBrokenError
from core.gallery.archive_errors import (
    ArchiveDamagedError,
    ArchiveInvalidError,
    ArchiveKeyError,
    ArchiveNewerError,
    ArchiveUnsafeError,
)
from core.gallery.archive_format import (
    CROPS,
    EVENTS,
    FORMAT,
    MANIFEST,
    MANIFEST_SEAL,
    MAX_KDF_ITERATIONS,
    MAX_KDF_MEMORY_KIB,
    MAX_MANIFEST_BYTES,
    MAX_SUBJECTS,
    MAX_TEMPLATES,
    PART_NAME,
    SUBJECTS,
    TEMPLATES,
    VERSION,
    CropRecord,
    EventRecord,
    Manifest,
    Opening,
    ReferenceRecord,
    SubjectRecord,
    TemplateRecord,
    key_place,
    part_name,
    part_place,
)
from core.gallery.archive_zip import ArchiveZip, open_zip
from core.gallery.foreign_values import checked_crop, checked_name, checked_template
from core.gallery.names import name_key
from core.security.passphrase import stretch
from core.security.sealing import unseal

Record = TypeVar("Record")
_PEOPLE = msgspec.json.Decoder(tuple[SubjectRecord, ...])
_TEMPLATES = msgspec.json.Decoder(tuple[TemplateRecord, ...])
_CROPS = msgspec.json.Decoder(tuple[CropRecord, ...])
_EVENTS = msgspec.json.Decoder(tuple[EventRecord, ...])
_MALFORMED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError, OverflowError)


@contextmanager
def open_archive(path: Path, ask_passphrase: Callable[[], str] | None) -> Iterator["Archive"]:
    """The archive at `path`, its manifest checked; its parts are checked as they are read.

    Args:
        ask_passphrase: Called once, if the archive is sealed; None where nobody can be asked.

    Raises:
        ArchiveError: Foreign, damaged, unsafe, newer, sealed or invalid; each has its own class.
    """
    with open_zip(path) as parts:
        raw = parts.read(MANIFEST, MAX_MANIFEST_BYTES)
        manifest = _manifest(path, raw)
        _check_parts(path, manifest, parts.names)
        key = _key(path, manifest, ask_passphrase)
        if key is not None:
            _check_seal(path, raw, key, manifest, parts.read(MANIFEST_SEAL))
        yield Archive(path, parts, manifest, key)


class Archive:
    """An open archive.

    Attributes:
        manifest: What it says about itself; proven by its seal where it is sealed.
    """

    def __init__(
        self, path: Path, parts: ArchiveZip, manifest: Manifest, key: bytes | None
    ) -> None:
        self.manifest = manifest
        self._path = path
        self._parts = parts
        self._key = key
        self._listed = {part.name: part for part in manifest.parts}

    def subjects(self) -> Iterator[HeldSubject]:
        """All subjects, in the order of the archive.

        Raises:
            ArchiveError: A part is damaged or says what it cannot; also after the last subject,
                where the counts do not agree.
        """
        seen = _Seen()
        for number in range(1, self._groups + 1):
            try:
                yield from self._group(number, seen)
            except _MALFORMED as error:
                reason = str(error) or "a part holds something else"
                raise ArchiveInvalidError(path=self._path, reason=reason) from error
        if seen.counts != self._counted:
            raise ArchiveInvalidError(
                path=self._path, reason="it holds more or less than its manifest says"
            )

    def events(self) -> tuple[EventRecord, ...]:
        """The audit that came along; empty where none did. Raises ArchiveError."""
        if EVENTS not in self._listed:
            return ()
        try:
            return self._records(EVENTS, _EVENTS)
        except _MALFORMED as error:
            raise ArchiveInvalidError(path=self._path, reason=str(error)) from error

    @property
    def _groups(self) -> int:
        return sum(name.startswith(f"{SUBJECTS}/") for name in self._listed)

    @property
    def _counted(self) -> dict[str, int]:
        counts = self.manifest.counts
        return {
            SUBJECTS: counts.subjects,
            "references": counts.references,
            TEMPLATES: counts.templates,
            CROPS: counts.crops,
        }

    def _group(self, number: int, seen: "_Seen") -> Iterator[HeldSubject]:
        people = self._records(part_name(SUBJECTS, number), _PEOPLE)
        templates: dict[str, list[Template]] = {}
        for entry in self._records(part_name(TEMPLATES, number), _TEMPLATES):
            seen.count(TEMPLATES)
            templates.setdefault(entry.reference, []).append(
                checked_template(entry.vector, entry.model, entry.captures)
            )
        crops: dict[str, AlignedFace] = {}
        for picture in self._records(part_name(CROPS, number), _CROPS):
            seen.count(CROPS)
            if picture.reference in crops:
                raise ValueError("a reference has two pictures")
            crops[picture.reference] = checked_crop(picture.png, picture.transform)
        for person in people:
            seen.subject(person)
            held = tuple(_reference(one, seen, templates, crops) for one in person.references)
            yield HeldSubject(
                subject_id=SubjectId(person.id),
                name=checked_name(person.name),
                enrolled_at=person.enrolled_at,
                references=held,
                note=person.note,
                consent=person.consent,
                retain_until=person.retain_until,
            )
        if templates or crops:
            raise ValueError("a template or picture belongs to no reference")

    def _records(
        self, name: str, decoder: msgspec.json.Decoder[tuple[Record, ...]]
    ) -> tuple[Record, ...]:
        """The records of a part whose digest and seal are right."""
        part = self._listed[name]
        raw = self._parts.read(name)
        if len(raw) != part.bytes or hashlib.sha256(raw).hexdigest() != part.sha256:
            raise ArchiveDamagedError(
                path=self._path, reason=f"the part {name} is not the one that was written"
            )
        if self._key is not None:
            try:
                raw = unseal(self._key, raw, part_place(self.manifest.id, name))
            except SealBrokenError as error:
                reason = f"the seal of the part {name} is broken"
                raise ArchiveDamagedError(path=self._path, reason=reason) from error
        return decoder.decode(raw)


class _Seen:
    """What was read so far: counts, and ids and names that may come once only."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys((SUBJECTS, "references", TEMPLATES, CROPS), 0)
        self._ids: set[str] = set()
        self._names: set[str] = set()

    def count(self, kind: str) -> None:
        self.counts[kind] += 1

    def subject(self, record: SubjectRecord) -> None:
        self.count(SUBJECTS)
        self._once(record.id)
        name = name_key(checked_name(record.name))
        if name in self._names:
            raise ValueError("two people in it have the same name")
        self._names.add(name)

    def reference(self, record: ReferenceRecord) -> None:
        self.count("references")
        self._once(record.id)

    def _once(self, entry: str) -> None:
        if entry in self._ids:
            raise ValueError(f"the id {entry} stands in it twice")
        self._ids.add(entry)


def _manifest(path: Path, raw: bytes) -> Manifest:
    try:
        opening = msgspec.json.decode(raw, type=Opening)
        if opening.format == FORMAT and opening.version > VERSION:
            raise ArchiveNewerError(path=path, version=opening.version)
        return msgspec.json.decode(raw, type=Manifest)
    except _MALFORMED as error:
        reason = f"its manifest cannot be read ({error})"
        raise ArchiveInvalidError(path=path, reason=reason) from error


def _check_parts(path: Path, manifest: Manifest, found: set[str]) -> None:
    """The parts that are there are those of the manifest, group by group without a gap."""
    names = [part.name for part in manifest.parts]
    if not all(PART_NAME.fullmatch(name) for name in names) or len(set(names)) < len(names):
        raise ArchiveInvalidError(path=path, reason="its manifest lists parts that cannot be")
    groups = sum(name.startswith(f"{SUBJECTS}/") for name in names)
    wanted = {
        part_name(kind, number)
        for kind in (SUBJECTS, TEMPLATES, CROPS)
        for number in range(1, groups + 1)
    }
    if set(names) - {EVENTS} != wanted:
        raise ArchiveInvalidError(path=path, reason="its manifest lists parts with a gap")
    own = {MANIFEST} if manifest.sealed is None else {MANIFEST, MANIFEST_SEAL}
    if found != set(names) | own:
        raise ArchiveDamagedError(
            path=path, reason="its parts are not those that its manifest lists"
        )
    if manifest.counts.subjects > MAX_SUBJECTS:
        raise ArchiveUnsafeError(
            path=path, reason=f"it claims to hold {manifest.counts.subjects:,} people"
        )


def _key(path: Path, manifest: Manifest, ask: Callable[[], str] | None) -> bytes | None:
    sealed = manifest.sealed
    if sealed is None:
        return None
    cost = sealed.cost
    if cost.memory_kib > MAX_KDF_MEMORY_KIB or cost.iterations > MAX_KDF_ITERATIONS:
        raise ArchiveUnsafeError(
            path=path, reason="its passphrase would cost more memory or time than any needs"
        )
    if ask is None:
        raise ArchiveKeyError(path=path, reason="it needs its passphrase, and nobody can be asked")
    try:
        return unseal(stretch(cost, ask()), sealed.wrapped_key, key_place(manifest.id))
    except SealBrokenError as error:
        raise ArchiveKeyError(path=path, reason="the passphrase is wrong") from error


def _check_seal(path: Path, raw: bytes, key: bytes, manifest: Manifest, sealed: bytes) -> None:
    try:
        proof = unseal(key, sealed, part_place(manifest.id, MANIFEST))
    except SealBrokenError as error:
        reason = "the seal of its manifest is broken"
        raise ArchiveDamagedError(path=path, reason=reason) from error
    if not hmac.compare_digest(proof, hashlib.sha256(raw).digest()):
        raise ArchiveDamagedError(path=path, reason="its manifest was changed")


def _reference(
    record: ReferenceRecord,
    seen: _Seen,
    templates: dict[str, list[Template]],
    crops: dict[str, AlignedFace],
) -> HeldReference:
    seen.reference(record)
    own = templates.pop(record.id, [])
    if len(own) > MAX_TEMPLATES:
        raise ValueError(f"a reference has more than {MAX_TEMPLATES} templates")
    return HeldReference(
        reference_id=ReferenceId(record.id),
        enrolled_at=record.enrolled_at,
        quality=record.quality,
        source=record.source,
        templates=tuple(own),
        crop=crops.pop(record.id, None),
    )
