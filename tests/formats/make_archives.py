"""Makes the archives of format 1 and one of every kind of damage.

Run once, when the format was released: `python -m tests.formats.make_archives FOLDER`. What lies
beside this file is never made again.
"""

import hashlib
import json
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from core.domain.event import Event, EventKind
from core.domain.template import SubjectId
from core.gallery.archive_write import ArchiveFacts, Lock, write_archive
from core.security.key_record import Argon2Cost
from tests.fakes.holdings import make_held

PASSPHRASE = "correct horse battery"
PEOPLE = (
    make_held(
        "Anna Ärmel",
        1,
        2,
        note="agreed on 1 May",
        consent="signed form 12",
        retain_until=date(2030, 1, 31),
    ),
    make_held("Bob", 3),
)
EVENTS = (
    Event(
        1,
        datetime(2026, 5, 1, 12, 30, tzinfo=UTC),
        EventKind.ENROLLED,
        SubjectId(PEOPLE[0].subject_id),
        2,
        "",
        b"",
    ),
)
FACTS = ArchiveFacts("0.2.0", "0002", {})


def main(folder: Path) -> None:
    """Write everything into `folder`."""
    plain, sealed = folder / "archive-1-plain.pfgallery", folder / "archive-1-sealed.pfgallery"
    write_archive(plain, PEOPLE, FACTS, None, total=2, events=EVENTS)
    cost = Argon2Cost(salt=b"sixteen bytes ok", iterations=3, lanes=4, memory_kib=64 * 1024)
    write_archive(sealed, PEOPLE, FACTS, Lock(PASSPHRASE, cost), total=2, events=EVENTS)
    (folder / "archive-cut-off.pfgallery").write_bytes(plain.read_bytes()[:-700])
    _flip(sealed, folder / "archive-bit-flipped.pfgallery")
    for name, damage in DAMAGE.items():
        parts = parts_of(plain)
        damage(parts)
        assemble(folder / f"archive-{name}.pfgallery", parts)
    _bomb(plain, folder / "archive-zip-bomb.pfgallery")
    _huge_table(folder / "archive-huge-table.pfgallery")


def parts_of(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def assemble(target: Path, parts: dict[str, bytes], packing: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(target, "w", packing) as archive:
        for name, raw in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), raw, packing)


def _flip(source: Path, target: Path) -> None:
    """One bit of a sealed template, with the zip's checksum made right again."""
    parts = parts_of(source)
    raw = bytearray(parts["templates/000001.json"])
    raw[100] ^= 1
    parts["templates/000001.json"] = bytes(raw)
    assemble(target, parts)


def change_manifest(parts: dict[str, bytes], change: Callable[[dict], None]) -> None:
    """Change the manifest."""
    manifest = json.loads(parts["manifest.json"])
    change(manifest)
    parts["manifest.json"] = json.dumps(manifest).encode()


def change_part(parts: dict[str, bytes], name: str, raw: bytes) -> None:
    """Change a part, and the manifest so that it fits."""
    parts[name] = raw

    def fit(manifest: dict) -> None:
        for part in manifest["parts"]:
            if part["name"] == name:
                part.update(bytes=len(raw), sha256=hashlib.sha256(raw).hexdigest())

    change_manifest(parts, fit)


def _newer(parts: dict[str, bytes]) -> None:
    change_manifest(parts, lambda manifest: manifest.update(version=2, brand_new=True))


def _huge_counts(parts: dict[str, bytes]) -> None:
    change_manifest(parts, lambda manifest: manifest["counts"].update(subjects=10**12))


def _wrong_counts(parts: dict[str, bytes]) -> None:
    change_manifest(parts, lambda manifest: manifest["counts"].update(references=4))


def _path_traversal(parts: dict[str, bytes]) -> None:
    parts["../../evil.json"] = b"[]"


def _duplicate_ids(parts: dict[str, bytes]) -> None:
    people = json.loads(parts["subjects/000001.json"])
    people[1]["id"] = people[0]["id"]
    change_part(parts, "subjects/000001.json", json.dumps(people).encode())


def _invalid_utf8(parts: dict[str, bytes]) -> None:
    raw = parts["subjects/000001.json"].replace(b"Bob", b"B\xffb")
    change_part(parts, "subjects/000001.json", raw)


def _not_unit(parts: dict[str, bytes]) -> None:
    templates = json.loads(parts["templates/000001.json"])
    templates[0]["vector"] = "AACAPwAAgD8AAIA/"
    change_part(parts, "templates/000001.json", json.dumps(templates).encode())


def _costly(parts: dict[str, bytes]) -> None:
    cost = {"salt": "c2l4dGVlbiBieXRlcyBvaw==", "iterations": 20, "lanes": 1, "memory_kib": 2**20}
    sealed = {"cost": cost, "wrapped_key": "A" * 80}
    change_manifest(parts, lambda manifest: manifest.update(sealed=sealed))
    parts["manifest.seal"] = b"0" * 60


DAMAGE = {
    "newer": _newer,
    "huge-counts": _huge_counts,
    "wrong-counts": _wrong_counts,
    "path-traversal": _path_traversal,
    "duplicate-ids": _duplicate_ids,
    "invalid-utf8": _invalid_utf8,
    "not-unit": _not_unit,
    "costly-passphrase": _costly,
}


def _bomb(plain: Path, target: Path) -> None:
    """A part of zeros that packs to a thousandth."""
    parts = parts_of(plain)
    parts["subjects/000002.json"] = bytes(20 * 1024**2)
    assemble(target, parts, zipfile.ZIP_DEFLATED)


def _huge_table(target: Path) -> None:
    """A zip that claims four billion parts in a table of as many bytes."""
    content = b"[]"
    local = struct.pack(
        "<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 33, zlib.crc32(content), 2, 2, 10, 0
    )
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFE, 0xFFFE, 0xFFFFFFF0, 0, 0)
    target.write_bytes(local + b"audit.json" + content + end)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
