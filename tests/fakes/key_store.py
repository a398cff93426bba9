"""A key in memory."""

from core.errors import KeysDeniedError


class MemoryKeyStore:
    """Implements `ports.KeyStore`; `denied` makes it refuse, as a locked key ring does."""

    def __init__(self, key: bytes | None = None, *, denied: bool = False) -> None:
        self.key = key
        self.denied = denied

    @property
    def place(self) -> str:
        return "a key in memory"

    def load(self) -> bytes | None:
        if self.denied:
            raise KeysDeniedError(reason="the memory is locked")
        return self.key

    def store(self, key: bytes) -> None:
        if self.denied:
            raise KeysDeniedError(reason="the memory is locked")
        self.key = key
