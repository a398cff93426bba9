"""Every failure the program can explain, each with a stable code and one sentence.

PocketfaceError              code + sentence; every failure we can explain
├ CaptureError               camera.* stream.* video.* picture.* source.*  (core/capture/errors.py)
├ VisionError                model.* pack.* landmarks.*
├ GalleryError               gallery.* subject.* name.* export.*
├ KeyStoreError              keys.*
├ SettingsError              settings.*
├ UsageError                 usage.*: a request that cannot be carried out as asked
└ DisplayError               display.*: no screen, or a missing system library
RecipeError                  recipe.invalid  (declared in training/errors.py)
Cancelled                    outside the tree: nothing went wrong

A class states its code, its sentence (a template over keyword facts) and the exit code that
the command line answers with: 2 for unreadable input or an unknown name, 3 where no decision
is possible, 4 for a fault.
"""

from typing import ClassVar

USAGE_EXIT = 2
UNDECIDED_EXIT = 3
FAULT_EXIT = 4


class PocketfaceError(Exception):
    """A failure with a machine code, the facts, and one sentence for the person.

    Args:
        facts: What was found and expected; they fill the sentence's placeholders. Never a
            name's biometric data, a key, or a password.
    """

    code: ClassVar[str] = "fault"
    template: ClassVar[str] = "Something went wrong."
    exit_code: ClassVar[int] = FAULT_EXIT

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """What happened and what to do, in one sentence without jargon."""
        return self.template.format_map(self.facts)


class Cancelled(Exception):  # noqa: N818 - nothing went wrong, so it is no Error
    """The person asked to stop; nothing is shown for it."""


class CaptureError(PocketfaceError):
    """A picture, video, camera or stream that cannot be read."""


class VisionError(PocketfaceError):
    """A model or a geometry that cannot be used."""


class ModelMissingError(VisionError):
    """No model pack of that name."""

    code = "model.missing"
    template = "There is no model '{name}'; `pocketface models list` shows those that are there."
    exit_code = USAGE_EXIT


class ModelDigestError(VisionError):
    """A model file whose bytes are not those its card names."""

    code = "model.digest"
    template = (
        "The model file of '{name}' is damaged or was changed: its SHA-256 is not the one in its "
        "card; install the pack again."
    )


class ModelContractError(VisionError):
    """A model whose inputs or outputs are not what is needed."""

    code = "model.contract"
    template = "The model '{name}' cannot be used: {reason}."
    exit_code = USAGE_EXIT


class CardInvalidError(VisionError):
    """A model card that does not say what a card must say."""

    code = "pack.card"
    template = "The card of the model '{name}' is not valid: {reason}."
    exit_code = USAGE_EXIT


class PackUnreadableError(VisionError):
    """A model pack (folder, zip or file) that cannot be opened safely."""

    code = "pack.unreadable"
    template = "The model pack '{path}' cannot be read: {reason}."
    exit_code = USAGE_EXIT


class PackExistsError(VisionError):
    """A pack of that name is already installed."""

    code = "pack.exists"
    template = (
        "A model named '{name}' is already installed; remove it first or choose another name."
    )
    exit_code = USAGE_EXIT


class PackUnwritableError(VisionError):
    """The folder of the user's packs refuses a write."""

    code = "pack.unwritable"
    template = "The models in '{path}' cannot be changed: {reason}; nothing was changed."


class PackInUseError(VisionError):
    """The pack is built in or selected, so it cannot be removed."""

    code = "pack.in_use"
    template = "The model '{name}' cannot be removed: {reason}."
    exit_code = USAGE_EXIT


class ExtraMissingError(VisionError):
    """A feature that needs a package which is not installed."""

    code = "extra.missing"
    template = "{feature} needs an extra that is not installed: pip install 'pocketface[{extra}]'."
    exit_code = USAGE_EXIT


class DegenerateLandmarksError(VisionError):
    """Five points that determine no similarity transform."""

    code = "landmarks.degenerate"
    template = "The five points of the face lie on one spot or line, so it cannot be aligned."
    exit_code = UNDECIDED_EXIT


class ModelMismatchError(VisionError):
    """Vectors of two different models were about to be compared."""

    code = "model.mismatch"
    template = (
        "The enrolled pictures were made with another model than the one in use; switch back with "
        "`pocketface models use`, or enrol again."
    )


class GalleryError(PocketfaceError):
    """The store of enrolled people cannot do what was asked."""


class GalleryLockedError(GalleryError):
    """Another process holds the database."""

    code = "gallery.locked"
    template = "The gallery is in use by another program; close it there and try again."


class GalleryNewerError(GalleryError):
    """The database was written by a newer version."""

    code = "gallery.newer"
    template = (
        "The gallery in '{path}' was written by a newer version of pocketface; update the program "
        "to open it."
    )


class GalleryCorruptError(GalleryError):
    """The file is no database, or fails its integrity check."""

    code = "gallery.corrupt"
    template = (
        "The gallery file '{path}' is damaged or is not a gallery; it was left as it is, and "
        "backups lie in the folder '{backups}'."
    )


class GalleryTamperedError(GalleryError):
    """A sealed row that does not open under the right key."""

    code = "gallery.tampered"
    template = (
        "Entry {row} of the gallery was altered or damaged and cannot be opened; the other "
        "entries are unharmed."
    )


class GalleryUnwritableError(GalleryError):
    """The data folder or disk refuses a write."""

    code = "gallery.unwritable"
    template = "The gallery in '{path}' cannot be written: {reason}; nothing was changed."


class SubjectUnknownError(GalleryError):
    """Nobody of that name is enrolled."""

    code = "subject.unknown"
    template = "Nobody named '{name}' is enrolled; `pocketface people list` shows who is."
    exit_code = USAGE_EXIT


class SubjectExistsError(GalleryError):
    """The name is taken."""

    code = "subject.exists"
    template = (
        "Somebody named '{name}' is already enrolled; choose another name or add pictures to "
        "that one."
    )
    exit_code = USAGE_EXIT


class NameInvalidError(GalleryError):
    """A name that is empty, too long or holds control characters."""

    code = "name.invalid"
    template = "That name cannot be used: {reason}."
    exit_code = USAGE_EXIT


class UndoImpossibleError(GalleryError):
    """A change that cannot be taken back or made again, or not yet."""

    code = "history.undo"
    template = "That is not possible: {reason}."
    exit_code = USAGE_EXIT


class ChangeRefusedError(GalleryError):
    """A merge or split that would leave nobody or nothing behind."""

    code = "history.change"
    template = "That cannot be done: {reason}."
    exit_code = USAGE_EXIT


class AttemptsPausedError(GalleryError):
    """Too many failed attempts before the camera."""

    code = "attempts.paused"
    template = "Too many attempts failed; the next one is possible in {wait}."
    exit_code = UNDECIDED_EXIT


class ReceiptUnreadableError(GalleryError):
    """A file that is no receipt."""

    code = "receipt.unreadable"
    template = "The receipt '{path}' cannot be read: {reason}."
    exit_code = USAGE_EXIT


class ReceiptUnwritableError(GalleryError):
    """A receipt or certificate that could not be written."""

    code = "receipt.unwritable"
    template = "The file '{path}' could not be written: {reason}; the answer itself stands."


class ExportFailedError(GalleryError):
    """An export that could not be written; whatever lay there before is untouched."""

    code = "export.failed"
    template = "The export to '{path}' could not be written: {reason}."


class KeyStoreError(PocketfaceError):
    """The gallery's key cannot be had or kept."""


class KeysUnavailableError(KeyStoreError):
    """No place to keep the key works on this machine."""

    code = "keys.unavailable"
    template = "The key of the gallery cannot be reached: {reason}."


class KeysMissingError(KeyStoreError):
    """The gallery exists, but its key does not."""

    code = "keys.missing"
    template = (
        "The gallery exists, but its key is not in {store}; nothing was changed. Bring the key "
        "back, or point --data-dir elsewhere to begin a new gallery."
    )


class KeysDeniedError(KeyStoreError):
    """The key store or the passphrase was refused."""

    code = "keys.denied"
    template = "The gallery stays locked: {reason}."


class KeysWrongError(KeyStoreError):
    """A key that is not this gallery's."""

    code = "keys.wrong"
    template = "The key found in {store} does not belong to this gallery; nothing was changed."


class KeysChangedError(KeyStoreError):
    """Another process replaced the gallery's keys while it was open here."""

    code = "keys.changed"
    template = (
        "The key of the gallery was replaced by another program; close the gallery here and open "
        "it again."
    )


class SealBrokenError(KeyStoreError):
    """Sealed bytes that were altered, moved to another row, or sealed under another key."""

    code = "keys.tampered"
    template = "A sealed value was altered, or was sealed under another key."


class SettingsError(PocketfaceError):
    """Settings that cannot be read or saved."""

    code = "settings.invalid"
    template = "The settings file '{path}' is not valid: {reason}."
    exit_code = USAGE_EXIT


class SettingsUnwritableError(SettingsError):
    """The settings folder refuses a write."""

    code = "settings.unwritable"
    template = "The settings cannot be saved to '{path}': {reason}."
    exit_code = FAULT_EXIT


class UsageError(PocketfaceError):
    """A request that cannot be carried out as asked."""

    code = "usage"
    template = "{reason}."
    exit_code = USAGE_EXIT


class DisplayError(PocketfaceError):
    """A window is wanted where none can be shown."""

    code = "display.missing"
    template = (
        "There is no screen to open a window on; use the command line instead, for example "
        "`pocketface verify NAME --source 0` (see `pocketface --help`)."
    )


class LibraryMissingError(DisplayError):
    """A system library that a wheel needs is absent."""

    code = "display.library"
    template = "{feature} needs the system library {library}; install it with: {remedy}."
