"""`gallery passphrase|move-key|rotate-key|lock|unlock`: where the gallery's key lies."""

from pathlib import Path

from app.cli.answer import Answer
from app.cli.render import Line, Style, talk
from app.cli.request import NEW_PASSPHRASE_VARIABLE, PASSPHRASE_VARIABLE, Request
from app.cli.session import new_passphrase, opened_gallery
from app.cli.trust_documents import KeyReplaced
from app.present.history import key_sentences
from core.domain.key_change import KeyChange, KeyPlace, KeyWish
from core.errors import UsageError
from core.wiring import OpenGallery

_LOCKED = "Whoever opens it has to know the passphrase; `pocketface gallery unlock` takes it off."


def change_passphrase(request: Request) -> Answer:
    """Put the gallery under another passphrase."""
    with opened_gallery(request) as store:
        if store.keys.home != "passphrase":
            raise UsageError(
                reason=f"The gallery is under no passphrase: its key lies in {store.key_place}; "
                "`pocketface gallery move-key passphrase` puts it under one"
            )
        change = store.keys.change(KeyWish(new_passphrase=lambda: new_passphrase(request)))
    return _answer(store, change)


def move(request: Request, place: KeyPlace, file: Path | None) -> Answer:
    """Keep the key somewhere else; it is a new one there."""
    _file_only_for(place, file)
    with opened_gallery(request) as store:
        change = store.keys.change(
            KeyWish(place=place, new_passphrase=lambda: new_passphrase(request), file=file)
        )
    return _answer(store, change)


def rotate(request: Request, file: Path | None) -> Answer:
    """Replace the key of the gallery and that of its data."""
    with opened_gallery(request) as store:
        if file is not None:
            _file_only_for(store.keys.home, file)
        change = store.keys.change(
            KeyWish(new_passphrase=lambda: _same_or_new(request), file=file, renew=True)
        )
    return _answer(store, change)


def lock(request: Request) -> Answer:
    """Put a gallery that opens by itself under a passphrase."""
    with opened_gallery(request) as store:
        change = store.keys.change(
            KeyWish(new_passphrase=lambda: new_passphrase(request), locking=True)
        )
    return _answer(store, change, _LOCKED)


def unlock(request: Request) -> Answer:
    """Take the passphrase of `lock` off again."""
    with opened_gallery(request) as store:
        place = store.keys.locked_from
        if place is None:
            raise UsageError(
                reason="The gallery was not locked with `gallery lock`; where its key lies is "
                "changed with `pocketface gallery move-key`"
            )
        change = store.keys.change(KeyWish(place=place))
    return _answer(store, change)


def _same_or_new(request: Request) -> str:
    """What opened the gallery may go on doing so, unless another passphrase is given."""
    same = request.environment.get(PASSPHRASE_VARIABLE)
    other = request.environment.get(NEW_PASSPHRASE_VARIABLE)
    return same if same and not other else new_passphrase(request)


def _file_only_for(place: KeyPlace, file: Path | None) -> None:
    if file is not None and place != "file":
        raise UsageError(reason="--to names a key file, so it goes with the place 'file' only")


def _answer(store: OpenGallery, change: KeyChange, note: str = "") -> Answer:
    if store.notice is not None:
        talk(f"Notice: {store.notice}")
    lines = [Line(sentence, Style.GOOD) for sentence in key_sentences(change)[:1]]
    lines.extend(Line(sentence) for sentence in (*key_sentences(change)[1:], note) if sentence)
    document = KeyReplaced(
        former=change.former,
        place=change.place,
        renewed=change.renewed,
        former_destroyed=change.former_destroyed,
        backups_left=change.backups_left,
    )
    return Answer(document, tuple(lines))
