"""`gallery measure`: how the gallery behaves with very many references, in one that is thrown away.

The templates are random directions, which is the hardest case for a search: nobody stands out.
"""

import importlib
import importlib.util
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.cli.answer import Answer
from app.cli.render import Line, Table, talk
from app.cli.reports import Growth, GrowthRow
from core.attempts.snapshot import take_snapshot
from core.domain.holdings import HeldReference, HeldSubject
from core.domain.importing import OnConflict
from core.domain.template import Embedding, ModelId, ReferenceId, SubjectId, Template
from core.gallery.sqlite_gallery import SqliteGallery
from core.matching.search import Snapshot
from core.ports import Gallery
from core.security.key_store import KeyFileStore
from core.settings import Folders, locate_folders

MODEL = ModelId("random-directions")
SIZE = 128  # numbers a template, as those of the built-in model have
BATCH_SUBJECTS = 20_000  # imported in one transaction
REFERENCES_EACH = 2
ENROLLED = 100  # people enrolled one by one, to time that
NOISE = 0.6  # length of what is added to a stored unit vector to make a mated probe of it
PAGE_FILE = Path("/proc/self/status")  # Linux: the memory of this process
_COLUMNS = (
    "references",
    "enrolled a second",
    "file (MB)",
    "start (s)",
    "memory (MB)",
    "probe p50 (ms)",
    "probe p95 (ms)",
    "exact p50 (ms)",
    "faiss p50 (ms)",
    "other answers",
)

Search = Callable[[Embedding], SubjectId]


@dataclass(frozen=True, slots=True)
class Started:
    """A gallery that was opened and is ready for its first probe."""

    gallery: Gallery
    snapshot: Snapshot
    seconds: float
    memory_mb: float | None


def measure(sizes: Sequence[int], probes: int) -> Answer:
    """Fill a gallery for each size, open it again, and search it.

    Args:
        sizes: References in the gallery.
        probes: Searched in each; half of them belong to somebody enrolled.
    """
    rows = tuple(_measure(size, probes) for size in sizes)
    cells = tuple(
        (
            f"{row.references:,}",
            f"{row.enrolled_per_s:.0f}",
            f"{row.file_mb:.1f}",
            f"{row.start_s:.2f}",
            _number(row.memory_mb, 0),
            f"{row.probe_p50_ms:.2f}",
            f"{row.probe_p95_ms:.2f}",
            f"{row.exact_p50_ms:.2f}",
            _number(row.faiss_p50_ms, 2),
            f"{row.other_answers} of {row.probes}",
        )
        for row in rows
    )
    explanation = (
        "Exact is the product with all templates as they are, by NumPy; other answers are probes "
        "for which it finds somebody else."
    )
    return Answer(Growth(rows=rows), (Table(_COLUMNS, cells), Line(explanation)))


def _measure(size: int, probes: int) -> GrowthRow:
    with tempfile.TemporaryDirectory(prefix="pocketface-growth-") as name:
        folders = locate_folders(Path(name))
        talk(f"Filling a gallery with {size:,} references…")
        enrolled_per_s = _fill(folders, size)
        file_mb = folders.gallery_file.stat().st_size / 1e6
        started = _start(folders)
        try:
            talk("Reading all templates as they are, to compare with…")
            exact = _Exact(started.gallery)
            contestants: dict[str, Search] = {
                "snapshot": lambda probe: started.snapshot.best(probe, 2)[0].subject_id,
                "exact": exact.search,
            }
            faiss_search = exact.faiss_search()
            if faiss_search is not None:
                contestants["faiss"] = faiss_search
            talk(f"Searching {probes} probes, {len(contestants)} ways in turn…")
            times, other = _race(contestants, exact.probes(probes))
        finally:
            started.gallery.close()
    return GrowthRow(
        references=size,
        enrolled_per_s=enrolled_per_s,
        file_mb=file_mb,
        start_s=started.seconds,
        memory_mb=started.memory_mb,
        probes=probes,
        probe_p50_ms=float(np.percentile(times["snapshot"], 50)),
        probe_p95_ms=float(np.percentile(times["snapshot"], 95)),
        exact_p50_ms=float(np.percentile(times["exact"], 50)),
        faiss_p50_ms=float(np.percentile(times["faiss"], 50)) if "faiss" in times else None,
        other_answers=other,
    )


def _fill(folders: Folders, size: int) -> float:
    """Import all but the last people, enrol those one by one; how many a second."""
    gallery = SqliteGallery.open(folders, KeyFileStore.beside(folders))
    try:
        people = -(-size // REFERENCES_EACH)
        imported = people - min(ENROLLED, people // 2)
        for start in range(0, imported, BATCH_SUBJECTS):
            numbers = range(start, min(start + BATCH_SUBJECTS, imported))
            gallery.transfer.import_subjects(_people(numbers), OnConflict.KEEP)
        started = time.perf_counter()
        for number in range(imported, people):
            gallery.transfer.import_subjects(_people([number]), OnConflict.KEEP)
        return (people - imported) / (time.perf_counter() - started)
    finally:
        gallery.close()


def _people(numbers: Sequence[int]) -> Iterator[HeldSubject]:
    now = datetime.now(UTC)
    for number in numbers:
        vectors = _directions(number, REFERENCES_EACH)
        references = tuple(
            HeldReference(
                ReferenceId(f"{number:032x}{index}"),
                now,
                quality=80,
                source="random",
                templates=(Template(vector, MODEL),),
                crop=None,
            )
            for index, vector in enumerate(vectors)
        )
        yield HeldSubject(SubjectId(f"{number:032x}"), f"Person {number}", now, references)


def _directions(seed: int, count: int) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).standard_normal((count, SIZE), dtype=np.float32)
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def _start(folders: Folders) -> Started:
    """What happens between the program's start and the first probe."""
    before = _memory_mb()
    started = time.perf_counter()
    gallery = SqliteGallery.open(folders, KeyFileStore(folders))
    snapshot = take_snapshot(gallery, MODEL)
    seconds = time.perf_counter() - started
    after = _memory_mb()
    grown = None if before is None or after is None else after - before
    return Started(gallery, snapshot, seconds, grown)


class _Exact:
    """All templates as they are, and who they belong to."""

    def __init__(self, gallery: Gallery) -> None:
        blocks = list(gallery.vectors.blocks(MODEL))
        self._matrix = np.concatenate([block.matrix for block in blocks])
        self._rows = np.concatenate([block.rows for block in blocks])
        self._gallery = gallery

    def search(self, probe: Embedding) -> SubjectId:
        """Who is most similar."""
        return self._owner(int(np.argmax(self._matrix @ probe.vector)))

    def faiss_search(self) -> Search | None:
        """The same by faiss, if it is installed."""
        if importlib.util.find_spec("faiss") is None:
            return None
        index = importlib.import_module("faiss").IndexFlatIP(SIZE)
        index.add(self._matrix)
        return lambda probe: self._owner(int(index.search(probe.vector[None], 1)[1][0, 0]))

    def probes(self, count: int) -> Iterator[Embedding]:
        """Every other one belongs to somebody enrolled."""
        random = np.random.default_rng(count)
        for number in range(count):
            vector = random.standard_normal(SIZE).astype(np.float32)
            vector /= np.linalg.norm(vector)
            if number % 2:
                vector = self._matrix[random.integers(len(self._matrix))] + NOISE * vector
            yield Embedding((vector / np.linalg.norm(vector)).astype(np.float32), MODEL)

    def _owner(self, place: int) -> SubjectId:
        [reference] = self._gallery.vectors.references(MODEL, [int(self._rows[place])])
        return reference.subject_id


def _race(
    contestants: dict[str, Search], probes: Iterator[Embedding]
) -> tuple[dict[str, list[float]], int]:
    """Milliseconds of every search, taken in turn, and how often snapshot and exact disagree."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    other = 0
    for probe in probes:
        answers: dict[str, SubjectId] = {}
        for name, search in contestants.items():
            started = time.perf_counter()
            answers[name] = search(probe)
            times[name].append((time.perf_counter() - started) * 1e3)
        other += answers["snapshot"] != answers["exact"]
    return times, other


def _memory_mb() -> float | None:
    """What this process holds of its own; None where the system does not say it so."""
    if not PAGE_FILE.is_file():
        return None
    for line in PAGE_FILE.read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1e3
    return None


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
