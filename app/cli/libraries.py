"""A system library that a wheel expects and that is not there, named with its package."""

import re

from app.runtime.screen import DEBIAN_PACKAGES
from core.errors import LibraryMissingError

# What the dynamic linker says on Linux when a wheel's dependency is absent.
_ABSENT = re.compile(r"(?P<library>lib[\w.+-]+\.so[\w.]*): cannot open shared object file")


def library_error(error: BaseException, feature: str) -> LibraryMissingError | None:
    """The sentence for an import that failed for want of a system library; None for another.

    Args:
        error: What the import raised.
        feature: What needed it, with a capital letter: it begins the sentence.
    """
    found = _ABSENT.search(str(error))
    if found is None:
        return None
    library = found["library"]
    package = DEBIAN_PACKAGES.get(library)
    remedy = (
        f"sudo apt-get install {package}"
        if package
        else f"the package of your system that contains {library}"
    )
    return LibraryMissingError(feature=feature, library=library, remedy=remedy)
