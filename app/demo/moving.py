"""The last acts: the gallery moves to another place and to another model, and still decides."""

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec import structs

from app.demo.people import ANNA
from app.demo.script import Act, OnResult, Play
from app.demo.second_model import NAME, make_second_model
from app.demo.stage import throw_away_services
from app.present.swap import coverage, decisions
from app.present.verdict import Tone, Verdict
from app.version import program_version
from core.attempts.incoming import read_incoming
from core.attempts.people_pictures import Eyes
from core.capture.simulated import Pace
from core.domain.importing import OnConflict
from core.domain.importing import Verdict as Compared
from core.domain.template import ModelId
from core.model_swap import Judge, Retemplating, preview_swap, switch_model
from core.ports import Gallery
from core.settings import write_settings
from core.wiring import Services, build_vision

PASSPHRASE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Move:
    """Exports a gallery, imports it elsewhere, changes the model there, verifies again.

    Attributes:
        services: Over the gallery in which Anna is enrolled.
        begin: Told the title of each act before it runs.
        follow: As for `Play`.
        pace: Of the camera; None for real time.
    """

    services: Services
    begin: Callable[[str], None]
    follow: Callable[[str], OnResult]
    pace: Pace | None = None

    def run(self) -> Iterator[Act]:
        """Each act once it is over; nothing of the second gallery is left behind."""
        settings, vision = self.services.settings, self.services.vision
        with throw_away_services(settings, vision) as second:
            yield self._carry(second)
            changed, act = self._change_model(second)
            yield act
            yield Play(changed, self.begin, self.follow, self.pace).verify(ANNA, claimed=ANNA)

    def _carry(self, second: Services) -> Act:
        """Out of the first gallery under a passphrase, and into the second."""
        started_s = self._begin("The gallery is sealed into an archive and opened in another.")
        first = self.services.gallery
        passphrase = secrets.token_urlsafe(PASSPHRASE_BYTES)
        archive = Path(second.folders.data).with_suffix(".pfgallery")
        try:
            card = self.services.vision.pack.card
            cards = {self._model: card}
            first.transfer.export_archive(archive, program_version(), cards, passphrase)
            incoming = read_incoming(archive, lambda: passphrase, self._eyes)
            with incoming.subjects() as subjects:
                plan = second.gallery.transfer.import_subjects(subjects, OnConflict.KEEP)
        finally:
            archive.unlink(missing_ok=True)
        new = plan.count(Compared.NEW)
        went_well = second.gallery.subjects() == first.subjects() and new == len(plan.subjects)
        same = _vectors(first, self._model) == _vectors(second.gallery, self._model)
        words = f"{new} people came in with all their references, every vector to the last bit."
        return _act("The people moved", words, started_s, went_well=went_well and same)

    @property
    def _model(self) -> ModelId:
        return self.services.vision.embedder.model

    def _change_model(self, second: Services) -> tuple[Services, Act]:
        """Make a second model, and let it know everybody from the kept pictures."""
        started_s = self._begin("The other gallery changes to a second model.")
        make_second_model(second.vision.pack, second.folders.models)
        settings = structs.replace(second.settings, model=NAME)
        vision = build_vision(settings, second.folders)
        former = Judge(second.vision.embedder.model, second.vision.point)
        preview = preview_swap(second.gallery, former, vision.embedder, vision.point)
        Retemplating(second.gallery.templates, vision.embedder).run()
        write_settings(second.folders.settings_file, second.settings)
        changed = switch_model(second.folders.settings_file, NAME)
        words = (
            f"{coverage(preview)} {decisions(preview)} It is the shipped network with its numbers "
            "in another order: to a gallery another model, in its decisions the same."
        )
        known = second.gallery.templates.awaiting(vision.embedder.model) == ()
        act = _act(
            "Nobody was enrolled again",
            words,
            started_s,
            went_well=known and not preview.changes,
        )
        return replace(second, settings=changed, vision=vision), act

    def _eyes(self) -> Eyes:
        raise AssertionError("an archive needs nobody to look at pictures")

    def _begin(self, title: str) -> float:
        self.begin(title)
        return time.perf_counter()


def _vectors(gallery: Gallery, model: ModelId) -> list[bytes]:
    return [reference.template.vector.tobytes() for reference in gallery.references(model)]


def _act(headline: str, words: str, started_s: float, *, went_well: bool) -> Act:
    elapsed_s = time.perf_counter() - started_s
    tone = Tone.GOOD if went_well else Tone.CAUTION
    verdict = Verdict(headline, words, None, (), tone)
    return Act(headline, verdict, went_well, elapsed_s, computed_ms=0.0)
