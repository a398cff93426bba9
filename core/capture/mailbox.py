"""A one-place mailbox between two threads: the newest item wins."""

from threading import Condition
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Mailbox(Generic[Item]):
    """Holds at most one item, so that a slow consumer sees the newest and memory stays flat.

    Attributes:
        overwritten: How many items were replaced before anybody took them.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._waiting: tuple[Item] | None = None
        self._closed = False
        self.overwritten = 0

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        with self._changed:
            return self._closed

    def put(self, item: Item) -> None:
        """Leave an item, replacing one that still waits; after `close` it is dropped."""
        with self._changed:
            if self._closed:
                return
            if self._waiting is not None:
                self.overwritten += 1
            self._waiting = (item,)
            self._changed.notify()

    def take(self, timeout: float | None = None) -> Item | None:
        """The waiting item, at once or as soon as there is one.

        Args:
            timeout: Seconds to wait; None waits until there is an item or the mailbox closes.

        Returns:
            None after the timeout, or once the mailbox is closed and empty.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._waiting is not None or self._closed, timeout)
            if self._waiting is None:
                return None
            (item,) = self._waiting
            self._waiting = None
            return item

    def close(self) -> None:
        """Wake every waiting consumer; an item that waits can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
