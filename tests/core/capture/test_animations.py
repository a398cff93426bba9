import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.capture.animations import AnimationSource, is_animation
from core.capture.errors import VideoUnreadableError
from core.domain.frame import Frame
from tests.core.capture.picture_bytes import encoded, picture, png_header_only
from tests.fakes.frames import chequered_pixels


def drain(source: AnimationSource) -> list[Frame]:
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    return frames


def moving(
    kind: str, colours: tuple[str, ...] = ("red", "lime", "blue"), **options: object
) -> bytes:
    frames = [Image.new("RGB", (40, 30), colour) for colour in colours]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_an_animation_plays_once_by_its_own_times(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "head.gif"
    path.write_bytes(moving(kind, duration=80, loop=0))
    source = AnimationSource(path)

    frames = drain(source)

    assert [round(frame.captured_at, 2) for frame in frames] == [0.0, 0.08, 0.16]
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert [int(np.argmax(frame.pixels[15, 20])) for frame in frames] == [2, 1, 0]
    assert source.identity == "video head.gif"
    assert not source.live


@pytest.mark.parametrize("duration", [0, 10])
def test_frames_without_a_believable_time_are_shown_as_browsers_do(
    duration: int, tmp_path: Path
) -> None:
    path = tmp_path / "old.gif"
    path.write_bytes(moving("GIF", duration=duration))

    assert [round(f.captured_at, 2) for f in drain(AnimationSource(path))] == [0.0, 0.1, 0.2]


def test_an_animation_with_a_damaged_end_plays_as_far_as_it_goes(tmp_path: Path) -> None:
    frames = [Image.fromarray(chequered_pixels(seed=n)) for n in range(4)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    path = tmp_path / "cut.gif"
    path.write_bytes(data[: int(0.7 * len(data))])

    assert 1 <= len(drain(AnimationSource(path))) <= 3


def test_a_damaged_beginning_gets_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "broken.gif"
    path.write_bytes(moving("GIF")[:40])

    with pytest.raises(VideoUnreadableError) as caught:
        AnimationSource(path).read()

    assert caught.value.code == "video.unreadable"


def test_an_animation_of_too_many_pixels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header_only(12_000, 9_000))

    with pytest.raises(VideoUnreadableError, match="too large"):
        AnimationSource(path).read()


def test_only_pictures_that_move_are_animations(tmp_path: Path) -> None:
    cases = {
        "moving.gif": (moving("GIF"), True),
        "moving.txt": (moving("WEBP"), True),
        "still.gif": (encoded(picture(), "GIF"), False),
        "still.png": (encoded(picture(), "PNG"), False),
        "photo.jpg": (encoded(picture(), "JPEG"), False),
        "broken.gif": (b"GIF89a", False),
        "empty": (b"", False),
    }
    for name, (data, expected) in cases.items():
        (tmp_path / name).write_bytes(data)
        assert is_animation(tmp_path / name) is expected, name
    assert not is_animation(tmp_path)
    assert not is_animation(tmp_path / "missing")


def test_a_closed_animation_gives_nothing_more(tmp_path: Path) -> None:
    path = tmp_path / "moving.gif"
    path.write_bytes(moving("GIF"))
    source = AnimationSource(path)
    source.read()

    source.close()
    source.close()

    assert source.read() is None


def test_a_real_clip_of_a_turning_head_plays() -> None:
    shared = os.environ.get("POCKETFACE_SHARED")
    if shared is None:
        pytest.skip("POCKETFACE_SHARED names no folder with test videos")
    path = Path(shared) / "data" / "videos" / "head-pose-face-detection-female.gif"
    if not path.is_file():
        pytest.skip("the folder of POCKETFACE_SHARED holds no test video")

    frames = drain(AnimationSource(path))

    assert len(frames) == 23
    assert 1.7 < frames[-1].captured_at < 2.0
    assert {(frame.width_px, frame.height_px) for frame in frames} == {(480, 270)}
