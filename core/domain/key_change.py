"""How a gallery's keys are to be replaced, and what became of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

KeyPlace = Literal["keyring", "passphrase", "file"]


@dataclass(frozen=True, slots=True)
class KeyWish:
    """Where a new gallery key is to lie.

    Attributes:
        place: None for the place that the present one has.
        new_passphrase: Asks for the new one, where the place is a passphrase.
        file: A key file that does not exist yet; None makes one beside the gallery.
        renew: Replace the key of the data as well, and wrap every subject's key anew.
        locking: The passphrase is to be taken off again by unlocking.
    """

    place: KeyPlace | None = None
    new_passphrase: Callable[[], str] | None = None
    file: Path | None = None
    renew: bool = False
    locking: bool = False


@dataclass(frozen=True, slots=True)
class KeyChange:
    """The outcome.

    Attributes:
        former: Where the key was, and `place` where it is now, in words.
        former_destroyed: Whether the former key is gone from its place.
        renewed: Whether the key of the data was replaced too.
        backups_left: File names of backups that only the former key opens.
    """

    former: str
    place: str
    former_destroyed: bool
    renewed: bool
    backups_left: tuple[str, ...]
