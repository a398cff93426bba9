"""An unlocked gallery: its database together with the keys that open its rows."""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.errors import KeysChangedError
from core.gallery.database import Database
from core.gallery.tables import MetaRow
from core.security.sealing import keyed_digest

DATA_KEY_CHECK = "data_key_check"


@dataclass(frozen=True, slots=True)
class Secrets:
    """The gallery's keys; 32 bytes each.

    Attributes:
        gallery_key: Wraps the data key, and lies outside the gallery.
        data_key: Wraps the subjects' keys and digests their names.
        audit_key: Chains the events; stays when the data key is replaced.
        signing_key: Private Ed25519 key of the receipts.
    """

    gallery_key: bytes
    data_key: bytes
    audit_key: bytes
    signing_key: bytes


def data_key_check(data_key: bytes) -> bytes:
    """What the gallery shows to tell whether a data key is still its own."""
    return keyed_digest(data_key, "data key check")


class Store:
    """Sessions over a database whose keys are known.

    Attributes:
        secrets: Replaced as a whole when the keys are.
    """

    def __init__(self, database: Database, secrets: Secrets) -> None:
        self.database = database
        self.secrets = secrets

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one moment. Raises GalleryError, KeysChangedError."""
        with self.database.reading() as session:
            self._need_own_key(session)
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session whose changes all last, or none. Raises GalleryError, KeysChangedError."""
        with self.database.writing() as session:
            self._need_own_key(session)
            yield session

    @contextmanager
    def trying(self) -> Iterator[Session]:
        """A session whose changes are taken back at the end. Raises as `writing` does."""
        with self.database.trying() as session:
            self._need_own_key(session)
            yield session

    def _need_own_key(self, session: Session) -> None:
        """Another process may have replaced the keys since this one read them."""
        row = session.get(MetaRow, DATA_KEY_CHECK)
        expected = data_key_check(self.secrets.data_key)
        if row is None or not hmac.compare_digest(row.value, expected):
            raise KeysChangedError
