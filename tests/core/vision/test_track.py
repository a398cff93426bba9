from collections.abc import Callable

import pytest

from core.domain.face import Face
from core.vision.track import MAX_MISSED, Tracker, intersection_over_union

FaceAt = Callable[..., Face]


def test_a_face_that_moves_a_little_keeps_its_label(face_at: FaceAt) -> None:
    tracker = Tracker()

    labels = [tracker.update((face_at(x=100 + 15 * step),)) for step in range(12)]

    assert set(labels) == {labels[0]}


def test_two_people_get_two_labels_that_follow_them_in_any_order(face_at: FaceAt) -> None:
    tracker = Tracker()
    left, right = face_at(x=100), face_at(x=500)

    first = tracker.update((left, right))
    second = tracker.update((right, left))

    assert first[0] != first[1]
    assert second == (first[1], first[0])


def test_a_face_elsewhere_is_somebody_new(face_at: FaceAt) -> None:
    tracker = Tracker()

    (before,) = tracker.update((face_at(x=100),))
    (after,) = tracker.update((face_at(x=500),))

    assert before != after


def test_a_much_larger_face_that_overlaps_little_is_somebody_new(face_at: FaceAt) -> None:
    tracker = Tracker()

    (before,) = tracker.update((face_at(eyes_px=20),))
    (after,) = tracker.update((face_at(eyes_px=120),))

    assert before != after


def test_a_short_gap_of_the_detector_changes_nothing(face_at: FaceAt) -> None:
    tracker = Tracker()
    (before,) = tracker.update((face_at(),))
    for _ in range(MAX_MISSED):
        assert tracker.update(()) == ()

    assert tracker.update((face_at(),)) == (before,)


def test_after_a_long_absence_it_is_somebody_new(face_at: FaceAt) -> None:
    tracker = Tracker()
    (before,) = tracker.update((face_at(),))
    for _ in range(MAX_MISSED + 1):
        tracker.update(())

    assert tracker.update((face_at(),)) != (before,)


def test_one_label_never_names_two_faces_of_a_frame(face_at: FaceAt) -> None:
    tracker = Tracker()
    tracker.update((face_at(x=300),))

    labels = tracker.update((face_at(x=290), face_at(x=310)))

    assert len(set(labels)) == 2


def test_after_a_reset_no_label_comes_back(face_at: FaceAt) -> None:
    tracker = Tracker()
    (before,) = tracker.update((face_at(),))

    tracker.reset()

    assert tracker.update((face_at(),)) != (before,)


def test_a_fast_move_without_overlap_enough_is_followed_by_its_centre(face_at: FaceAt) -> None:
    tracker = Tracker()
    start = face_at(x=100)
    shift = 0.49 * start.box.width
    (before,) = tracker.update((start,))

    after = face_at(x=100 + shift, y=240 + 2)

    assert tracker.update((after,)) == (before,)


def test_overlap_is_shared_over_joint_area(face_at: FaceAt) -> None:
    box = face_at().box

    assert intersection_over_union(box, box) == pytest.approx(1)
    assert intersection_over_union(box, face_at(x=5000).box) == 0
