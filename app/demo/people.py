"""Which pictures of openpeople's synthetic people the demonstration shows.

They come with the package openpeople (MIT); nobody in them exists. P003 is left out, because she
resembles a known actress.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from core.errors import ExtraMissingError

PACKAGE = "openpeople"


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody who does not exist, and a name for the demonstration.

    Attributes:
        folder: In the package's data.
        enrolment: Pictures that make the references, and that a live enrolment shows.
        probes: Other pictures of the same person, which a live verification shows.
    """

    name: str
    folder: str
    enrolment: tuple[str, ...] = ("studio_portrait.jpg", "studio_posture.jpg")
    probes: tuple[str, ...] = ("amateur_posture.jpg",)


# Three who look unlike each other; several others of the package could be sisters.
ANNA = DemoPerson("Anna", "P006")
BRUNO = DemoPerson("Bruno", "P005")
STRANGER = DemoPerson("a stranger", "P008")


def enrolment_pictures(person: DemoPerson) -> tuple[Path, ...]:
    """Where the pictures for the references lie.

    Raises:
        ExtraMissingError: The package with the pictures is not installed.
    """
    return tuple(_assets(person) / name for name in person.enrolment)


def probe_pictures(person: DemoPerson) -> tuple[Path, ...]:
    """Where the pictures for a verification lie.

    Raises:
        ExtraMissingError: The package with the pictures is not installed.
    """
    return tuple(_assets(person) / name for name in person.probes)


def _assets(person: DemoPerson) -> Path:
    # Only looked up, not imported: the package loads a validation library that is not needed.
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ExtraMissingError(feature="The demonstration", extra="demo")
    root = Path(next(iter(spec.submodule_search_locations)))
    return root / "data" / "curated" / person.folder / "assets"
