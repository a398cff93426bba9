"""Key rings of every temper, in memory."""

from typing import TypeVar

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordSetError

Backend = TypeVar("Backend", bound=type[KeyringBackend])


def unlisted(backend: Backend) -> Backend:
    """Keep a class out of keyring's list, from which it would be chosen for the whole process."""
    KeyringBackend._classes.discard(backend)
    return backend


@unlisted
class DictKeyring(KeyringBackend):
    """A key ring that works, in memory."""

    priority = 5

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


@unlisted
class SwallowingKeyring(DictKeyring):
    """Takes everything, returns nothing, and looks like a real one."""

    def get_password(self, service: str, username: str) -> str | None:
        return None


@unlisted
class LockedKeyring(DictKeyring):
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked


@unlisted
class RefusingKeyring(DictKeyring):
    def set_password(self, service: str, username: str, password: str) -> None:
        raise PasswordSetError


@unlisted
class PlainTextKeyring(DictKeyring):
    """As a third party offers it: works, and protects nothing."""

    priority = 0.5
