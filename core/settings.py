"""What a person may change, where it is kept, and which folders the program uses.

Precedence: default < file < command line. Changing a setting makes a new value.
"""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import platformdirs

from core.errors import SettingsError, SettingsUnwritableError
from core.toml_text import to_toml

APP = "pocketface"
HOME_VARIABLE = "POCKETFACE_HOME"
MAX_BYTES = 64 * 1024  # a settings file is a few hundred bytes; anything longer is not one

KeyStoreChoice = Literal["auto", "keyring", "passphrase", "file"]
FacePolicy = Literal["largest", "centre", "exactly-one"]
Theme = Literal["system", "light", "dark"]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One frozen tree of settings.

    Attributes:
        source: Camera number, name or VID:PID, a file, a folder or an address.
        model: Name of the model pack in use.
        former_model: The one before, for as long as its templates are kept for a way back; may
            be empty.
        target_fmr: Chooses the pack's operating point: the loosest whose FMR is not above it.
        face_policy: Which face of several is decided about.
        key_store: Where the gallery's key is kept; "auto" tries key ring, then key file.
        keep_crops: Keep encrypted aligned pictures, so that a change of model needs no new
            enrolment.
        verify_timeout_s: After this a live attempt ends without acceptance.
        enrol_timeout_s: After this a live enrolment ends incomplete.
        undo_days: So long a change can be undone; what was deleted goes for good after it.
        attempt_limit: Failed live attempts after which the next one has to wait; 0 for no limit.
        attempt_window_s: So many of them within this time bring the wait, which is as long, and
            twice as long each further time.
        kiosk: Hide names and scores from the person in front of the screen.
        audit_verifications: Write every verification into the audit, too.
        threads: Threads of each model; one is the fastest for a single face on most machines.
    """

    source: str = "0"
    model: str = "pocketnet-s-128"
    former_model: str = ""
    target_fmr: float = 1e-3
    face_policy: FacePolicy = "largest"
    key_store: KeyStoreChoice = "auto"
    keep_crops: bool = True
    verify_timeout_s: float = 10.0
    enrol_timeout_s: float = 60.0
    undo_days: int = 30
    attempt_limit: int = 5
    attempt_window_s: float = 180.0
    kiosk: bool = False
    audit_verifications: bool = False
    threads: int = 1
    theme: Theme = "system"

    def __post_init__(self) -> None:
        if not 0 < self.target_fmr < 1:
            raise ValueError("target_fmr lies between 0 and 1")
        if not 1 <= self.threads <= 64:  # noqa: PLR2004 - more helps no model of this size
            raise ValueError("threads lies between 1 and 64")
        if not 1 <= self.verify_timeout_s <= 3600 or not 1 <= self.enrol_timeout_s <= 3600:  # noqa: PLR2004
            raise ValueError("a time-out lies between 1 and 3600 seconds")
        if not 0 <= self.undo_days <= 3650:  # noqa: PLR2004 - ten years
            raise ValueError("undo_days lies between 0 and 3650")
        if not 0 <= self.attempt_limit <= 100 or not 1 <= self.attempt_window_s <= 3600:  # noqa: PLR2004
            raise ValueError(
                "attempt_limit lies between 0 and 100, attempt_window_s between 1 and 3600"
            )


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the program keeps its files.

    Attributes:
        data: Gallery, its backups, and the user's model packs; 0700.
        config: Holds settings.toml.
        logs: Rotating log files.
        key_file: Holds the gallery's key, or will, whatever is remembered; None if it was not
            named.
    """

    data: Path
    config: Path
    logs: Path
    key_file: Path | None = None

    @property
    def settings_file(self) -> Path:
        """The one settings file."""
        return self.config / "settings.toml"

    @property
    def models(self) -> Path:
        """Packs the user added."""
        return self.data / "models"

    @property
    def gallery_file(self) -> Path:
        """The database."""
        return self.data / "gallery.sqlite"


def locate_folders(data_dir: Path | None = None, key_file: Path | None = None) -> Folders:
    """The folders in use; none is created here.

    Args:
        data_dir: Moves everything, as POCKETFACE_HOME does; it wins over the variable.
        key_file: The file of the gallery's key, if it is named by hand.
    """
    home = data_dir or (Path(os.environ[HOME_VARIABLE]) if os.environ.get(HOME_VARIABLE) else None)
    if home is not None:
        return Folders(data=home, config=home, logs=home / "logs", key_file=key_file)
    dirs = platformdirs.PlatformDirs(APP, appauthor=False)
    return Folders(dirs.user_data_path, dirs.user_config_path, dirs.user_log_path, key_file)


def read_settings(path: Path) -> Settings:
    """The settings in `path`, or the defaults where there is no such file.

    Raises:
        SettingsError: Unreadable, too long, no TOML, an unknown key or a wrong type or value.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise SettingsError(path=path, reason=error.strerror or "it cannot be read") from error
    if len(raw) > MAX_BYTES:
        raise SettingsError(path=path, reason="it is far too long")
    try:
        return msgspec.toml.decode(raw, type=Settings)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise SettingsError(path=path, reason=str(error)) from error


def write_settings(path: Path, settings: Settings) -> None:
    """Replace the settings file in one step.

    Raises:
        SettingsUnwritableError: The former file, if any, is untouched.
    """
    text = to_toml(msgspec.to_builtins(settings))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".settings-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())  # a power cut must not leave an empty file in its place
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or "the folder refuses it"
        raise SettingsUnwritableError(path=path, reason=reason) from error
