"""`models use|rollback|forget-former|recapture`: another model, without enrolling again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from app.cli.answer import NO_EXIT, YES_EXIT, Answer
from app.cli.portable_documents import (
    FormerForgotten,
    ModelSwapped,
    OtherDecision,
    RecaptureQueue,
    ToCapture,
)
from app.cli.render import Block, Line, Style, Table, confirm, talk
from app.cli.reports import Point
from app.cli.request import Request
from app.cli.session import folders_of, open_store, opened_gallery, settings_of
from app.present.swap import coverage, decisions, lost, points, recapture_words, recognition
from core.domain.event import EventKind
from core.domain.operating_point import OperatingPoint
from core.domain.retemplating import Recapture, SwapPreview
from core.domain.watch import Watch
from core.errors import UsageError
from core.model_swap import (
    Retemplating,
    judge_in_use,
    let_go,
    preview_swap,
    recapture_queue,
    switch_model,
)
from core.settings import Folders, Settings, read_settings
from core.vision.packs import find_pack
from core.wiring import OpenGallery, Vision, build_vision

PROGRESS_EVERY = 500  # pictures between two lines: a second or two of work
SHOWN_CHANGES = 20  # decisions that are listed one by one; the document has all of them
_CHANGE_COLUMNS = ("name", "picture", "now", "then")
_NON_COMMERCIAL = "This model's licence or training data do not allow commercial use."


def use(request: Request, name: str, dry_run: bool, yes: bool) -> Answer:
    """Make a pack the one that decides; enrolled people are made known to it first."""
    folders = folders_of(request)
    settings = read_settings(folders.settings_file)
    chosen = msgspec.structs.replace(
        settings, model=name, target_fmr=request.fmr or settings.target_fmr
    )
    vision = build_vision(chosen, folders)
    with _gallery_if_any(request, folders, settings) as store:
        if store is None:
            return _switched_without_gallery(folders, settings, vision, dry_run)
        swap = _Swap(folders, settings, vision, store)
        return swap.carry_out(dry_run, lambda question: yes or confirm(question))


def rollback(request: Request, dry_run: bool, yes: bool) -> Answer:
    """Go back to the model before; people enrolled since are made known to it, too."""
    former = read_settings(folders_of(request).settings_file).former_model
    if not former:
        raise UsageError(
            reason="There is no former model to go back to; `pocketface models use NAME` changes "
            "to any other"
        )
    return use(request, former, dry_run, yes)


def forget_former(request: Request, yes: bool) -> Answer:
    """Let go of the former model's templates, once confirmed."""
    folders = folders_of(request)
    settings = read_settings(folders.settings_file)
    question = (
        "Remove all templates that were not made by the model in use? There is no way back to "
        f"{settings.former_model or 'another model'} without making them anew."
    )
    if not yes and not confirm(question):
        kept = FormerForgotten(former=settings.former_model, forgotten=0)
        return Answer(kept, (Line("Nothing was removed."),), NO_EXIT)
    model = find_pack(settings.model, folders.models).model_id
    with opened_gallery(request) as store:
        forgotten = store.gallery.templates.forget(model)
    let_go(folders.settings_file)
    document = FormerForgotten(former=settings.former_model, forgotten=forgotten)
    return Answer(document, (Line(f"{forgotten:,} templates were removed.", Style.GOOD),))


def recapture(request: Request) -> Answer:
    """Who should come before a camera again, since the model does not know all pictures."""
    folders = folders_of(request)
    settings = settings_of(request, folders)
    pack = find_pack(settings.model, folders.models)
    with opened_gallery(request) as store:
        queue = recapture_queue(store.gallery, pack.model_id)
    document = RecaptureQueue(model=pack.name, people=_to_capture(queue))
    if not queue:
        return Answer(document, (Line(f"{pack.name} knows everybody from all pictures."),))
    lines = (
        Line(f"{pack.name} does not know these people from all of their pictures:"),
        *(Line(recapture_words(person)) for person in queue),
        Line("`pocketface enrol NAME --add PICTURE…` adds pictures that it knows."),
    )
    return Answer(document, lines)


class _Swap:
    """One change of model over an open gallery."""

    def __init__(
        self, folders: Folders, settings: Settings, vision: Vision, store: OpenGallery
    ) -> None:
        self._folders = folders
        self._settings = settings
        self._vision = vision
        self._store = store
        self._name = vision.pack.name

    def carry_out(self, dry_run: bool, ask: Callable[[str], bool]) -> Answer:
        preview = self._preview()
        if dry_run:
            return Answer(self._document(preview, None), tuple(self._planned(preview)))
        missing = lost(preview)
        if missing and self._name != self._settings.model:
            people = "1 person" if missing == 1 else f"{missing} people"
            if not ask(f"{self._name} will not know {people} until they are captured again. Go on"):
                lines = (*self._planned(preview), Line("Nothing was changed."))
                return Answer(self._document(preview, None), lines, NO_EXIT)
        work = Retemplating(self._store.gallery.templates, self._vision.embedder)
        work.run(_progress("Made {done:,} of {total:,} templates."))
        switch_model(self._folders.settings_file, self._name)
        if self._name != self._settings.model:
            detail = f"{self._settings.model} to {self._name}"
            self._store.ledger.note(EventKind.MODEL_CHANGED, detail=detail)
        return Answer(self._document(preview, work.made), tuple(self._done(preview, work.made)))

    def _preview(self) -> SwapPreview:
        return preview_swap(
            self._store.gallery,
            judge_in_use(self._settings, self._folders.models),
            self._vision.embedder,
            self._vision.point,
            _progress("Looked at {done:,} of {total:,} kept pictures."),
        )

    def _document(self, preview: SwapPreview, made: int | None) -> ModelSwapped:
        return ModelSwapped(
            name=self._name,
            former=self._settings.model,
            switched=made is not None,
            references=preview.references,
            present=preview.present,
            made=preview.to_embed if made is None else made,
            recapture=_to_capture(preview.recapture),
            compared=preview.compared,
            right_before=preview.right_before,
            right_after=preview.right_after,
            changes=tuple(
                OtherDecision(
                    name=change.name,
                    source=change.source,
                    before=recognition(change.before),
                    after=recognition(change.after),
                )
                for change in preview.changes
            ),
            point=_point(preview.point),
            former_point=None if preview.former_point is None else _point(preview.former_point),
        )

    def _planned(self, preview: SwapPreview) -> Iterator[Block]:
        yield Line(f"From {self._settings.model} to {self._name}:", Style.STRONG)
        yield from self._terms()
        yield Line(coverage(preview))
        yield Line(points(preview))
        yield Line(decisions(preview))
        shown = preview.changes[:SHOWN_CHANGES]
        if shown:
            rows = tuple(
                (it.name, it.source, recognition(it.before), recognition(it.after)) for it in shown
            )
            yield Table(_CHANGE_COLUMNS, rows)
        yield from (Line(recapture_words(it), Style.CAUTION) for it in preview.recapture)

    def _done(self, preview: SwapPreview, made: int) -> Iterator[Block]:
        if self._name == self._settings.model:
            yield Line(f"{self._name} stays in use; {made:,} templates were made.", Style.GOOD)
        else:
            yield Line(f"{self._name} is now in use; {made:,} templates were made.", Style.GOOD)
            yield from self._terms()
            yield Line(decisions(preview))
            yield Line("`pocketface models rollback` goes back, as long as you like.")
        yield from (Line(recapture_words(it), Style.CAUTION) for it in preview.recapture)

    def _terms(self) -> Iterator[Block]:
        yield Line(f"Its licence is {self._vision.pack.card.licence}.")
        if self._vision.pack.card.non_commercial:
            yield Line(_NON_COMMERCIAL, Style.CAUTION)


def _switched_without_gallery(
    folders: Folders, settings: Settings, vision: Vision, dry_run: bool
) -> Answer:
    """Nobody can be enrolled, so only the settings change."""
    if not dry_run:
        switch_model(folders.settings_file, vision.pack.name)
    document = ModelSwapped(
        name=vision.pack.name,
        former=settings.model,
        switched=not dry_run,
        references=0,
        present=0,
        made=0,
        recapture=(),
        compared=0,
        right_before=0,
        right_after=0,
        changes=(),
        point=_point(vision.point),
        former_point=None,
    )
    card = vision.pack.card
    lines = [
        Line(f"{card.name} {'would be' if dry_run else 'is now'} in use.", Style.GOOD),
        Line(f"Its licence is {card.licence}."),
        *([Line(_NON_COMMERCIAL, Style.CAUTION)] if card.non_commercial else []),
        Line("Nobody is enrolled yet, so nothing has to be made anew."),
    ]
    return Answer(document, tuple(lines), YES_EXIT)


@contextmanager
def _gallery_if_any(
    request: Request, folders: Folders, settings: Settings
) -> Iterator[OpenGallery | None]:
    """The gallery; None where there is none yet, so that none is made."""
    if not folders.gallery_file.exists():
        yield None
        return
    store = open_store(request, folders, settings)
    try:
        yield store
    finally:
        store.gallery.close()


def _progress(words: str) -> Watch:
    told = 0

    def report(done: int, total: int) -> None:
        nonlocal told
        if done - told >= PROGRESS_EVERY and done < total:
            told = done
            talk(words.format(done=done, total=total))

    return Watch(report=report)


def _to_capture(queue: tuple[Recapture, ...]) -> tuple[ToCapture, ...]:
    return tuple(
        ToCapture(name=it.name, usable=it.usable, references=it.references) for it in queue
    )


def _point(point: OperatingPoint) -> Point:
    return Point(**msgspec.structs.asdict(point))
