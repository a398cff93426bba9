import threading

from core.capture.mailbox import Mailbox


def test_the_newest_item_wins_and_the_others_are_counted() -> None:
    box: Mailbox[int] = Mailbox()

    for item in (1, 2, 3):
        box.put(item)

    assert box.take(timeout=0) == 3
    assert box.overwritten == 2
    assert box.take(timeout=0) is None


def test_an_item_that_was_taken_is_not_counted_as_overwritten() -> None:
    box: Mailbox[int] = Mailbox()

    for item in (1, 2):
        box.put(item)
        box.take(timeout=0)

    assert box.overwritten == 0


def test_falsy_items_are_items() -> None:
    box: Mailbox[int] = Mailbox()

    box.put(0)

    assert box.take(timeout=0) == 0


def test_a_waiting_consumer_gets_the_next_item() -> None:
    box: Mailbox[int] = Mailbox()
    taken: list[int | None] = []
    consumer = threading.Thread(target=lambda: taken.append(box.take(timeout=5)))

    consumer.start()
    box.put(7)
    consumer.join(5)

    assert taken == [7]


def test_close_wakes_a_consumer_that_waits_without_limit() -> None:
    box: Mailbox[int] = Mailbox()
    taken: list[int | None] = []
    consumer = threading.Thread(target=lambda: taken.append(box.take()))

    consumer.start()
    box.close()
    consumer.join(5)

    assert not consumer.is_alive()
    assert taken == [None]


def test_what_waits_at_closing_can_still_be_taken_and_later_items_are_dropped() -> None:
    box: Mailbox[int] = Mailbox()

    box.put(1)
    box.close()
    box.put(2)

    assert box.closed
    assert box.take() == 1
    assert box.take() is None
