"""Why an archive cannot be read or written; each kind of damage has an error of its own."""

from core.errors import USAGE_EXIT, GalleryError


class ArchiveError(GalleryError):
    """An archive of a gallery that cannot be used; the gallery is as it was."""

    exit_code = USAGE_EXIT


class ArchiveForeignError(ArchiveError):
    """A file that is nothing an import reads."""

    code = "archive.foreign"
    template = "'{path}' cannot be imported: {reason}."


class ArchiveDamagedError(ArchiveError):
    """An archive that is cut off, or whose bytes changed on the way."""

    code = "archive.damaged"
    template = "The archive '{path}' is damaged: {reason}; nothing was imported."


class ArchiveUnsafeError(ArchiveError):
    """An archive that is built to do harm, or larger than anything this program writes."""

    code = "archive.unsafe"
    template = "The archive '{path}' was not opened: {reason}; nothing was imported."


class ArchiveNewerError(ArchiveError):
    """An archive of a format that a newer version writes."""

    code = "archive.newer"
    template = (
        "The archive '{path}' was written by a newer version of pocketface (format {version}); "
        "update the program to import it."
    )


class ArchiveKeyError(ArchiveError):
    """A sealed archive that the passphrase does not open."""

    code = "archive.key"
    template = "The archive '{path}' stays sealed: {reason}."


class ArchiveInvalidError(ArchiveError):
    """An archive that is whole, but says what no archive can say."""

    code = "archive.invalid"
    template = "The archive '{path}' is not valid: {reason}; nothing was imported."
