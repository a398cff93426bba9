"""Keys that are only told about."""

from core.domain.key_change import KeyChange, KeyPlace, KeyWish

WORDS: dict[KeyPlace, str] = {
    "keyring": "the system key ring",
    "passphrase": "a passphrase",
    "file": "a key file",
}


class MemoryKeys:
    """Implements `ports.Keys`; `wishes` holds what was asked for."""

    def __init__(self, home: KeyPlace = "keyring", notice: str | None = None) -> None:
        self.home: KeyPlace = home
        self.notice = notice
        self.locked_from: KeyPlace | None = None
        self.wishes: list[KeyWish] = []
        self.passphrases: list[str] = []

    @property
    def place(self) -> str:
        return WORDS[self.home]

    def change(self, wish: KeyWish) -> KeyChange:
        former = self.place
        self.wishes.append(wish)
        if wish.locking:
            self.locked_from = self.home
        self.home = "passphrase" if wish.locking else wish.place or self.home
        if self.home == "passphrase" and wish.new_passphrase is not None:
            self.passphrases.append(wish.new_passphrase())
        self.notice = "The key lies in a file." if self.home == "file" else None
        return KeyChange(former, self.place, True, wish.renew, ())
