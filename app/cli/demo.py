"""`demo`: the window on a simulated camera, or the same thing in the terminal."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from app.cli.answer import YES_EXIT, Answer
from app.cli.live import EnrolTalk, VerifyTalk
from app.cli.render import Block, Line, Style, show, talk
from app.cli.reports import Demo, DemoStep
from app.cli.request import Request
from app.cli.session import vision_of
from app.cli.verify import verdict_lines
from app.demo.moving import Move
from app.demo.people import ANNA, BRUNO, STRANGER, probe_pictures
from app.demo.script import ENROL, Act, Play
from app.demo.stage import (
    camera_on,
    changing_cameras,
    enrol_from_pictures,
    throw_away_services,
)
from core.attempts.enrol import EnrolRule
from core.domain.result import FrameResult
from core.errors import FAULT_EXIT, DisplayError
from core.wiring import Services

_BANNER = (
    "Demonstration: nobody here exists, the camera is simulated, and this gallery is thrown away. "
    "With every attempt the next person steps before the camera: Anna, a stranger, Bruno."
)


def demo(request: Request, seconds: float | None) -> Answer:
    """Show it in the window where there is a screen, otherwise in the terminal."""
    settings, vision = vision_of(request)
    probe_pictures(ANNA)  # the missing extra is told before anything opens
    with throw_away_services(settings, vision) as services:
        if request.window.screen_available():
            return _in_window(request, services, seconds)
        return _in_terminal(request, services)


def _in_window(request: Request, services: Services, seconds: float | None) -> Answer:
    request.window.ensure_libraries()
    for person in (ANNA, BRUNO):
        enrol_from_pictures(services, person)
    cameras = changing_cameras((ANNA, STRANGER, BRUNO), services.vision.detector)
    code = request.window.open_demo(services, cameras, banner=_BANNER, seconds=seconds)
    document = Demo(steps=(), window="the window was shown", picture=None, export=None)
    return Answer(document, (), code)


def _in_terminal(request: Request, services: Services) -> Answer:
    talk("There is no screen here, so the demonstration runs in the terminal.")
    begin = talk if request.json else _announce
    acts: list[Act] = []
    for act in _acts(services, begin):
        acts.append(act)
        if not request.json:
            # Each answer when it falls: the next act takes seconds.
            show(_act_lines(act))
    kept = Path(tempfile.mkdtemp(prefix="pocketface-demo-"))
    export = kept / "gallery.sqlite"
    people = services.gallery.transfer.export_plain(export)
    picture, finding = _picture(request, services, kept / "window.png")
    document = Demo(
        steps=tuple(_step(act) for act in acts),
        window=None,
        picture=str(picture) if picture else None,
        export=str(export),
    )
    blocks: list[Block] = [
        Line(f"Exported {people} people, unencrypted, to {export}"),
        Line(finding),
    ]
    went_well = all(act.expected for act in acts)
    if not went_well:
        blocks.append(Line("The demonstration did not go as it has to.", Style.BAD))
    return Answer(document, tuple(blocks), YES_EXIT if went_well else FAULT_EXIT)


def _acts(services: Services, begin: Callable[[str], None]) -> Iterator[Act]:
    """All acts, the move to another gallery and model only if everything went well before."""
    went_well = True
    for act in Play(services, begin=begin, follow=_follow).run():
        went_well = went_well and act.expected
        yield act
    if went_well:
        yield from Move(services, begin=begin, follow=_follow).run()


def _announce(title: str) -> None:
    show((Line(title, Style.STRONG),))


def _follow(act: str) -> Callable[[FrameResult], None]:
    """Guidance on stderr for one kind of act."""
    return EnrolTalk(EnrolRule().poses).on_result if act == ENROL else VerifyTalk().on_result


def _picture(request: Request, services: Services, path: Path) -> tuple[Path | None, str]:
    """The window painted without a screen, and the sentence on it."""
    detector = services.vision.detector
    try:
        drawn = request.window.render(
            path,
            services,
            lambda: camera_on(probe_pictures(ANNA), detector, pace=None),
            subject=ANNA.name,
        )
    except DisplayError as error:
        return None, f"The window could not be painted: {error.sentence}"
    return drawn, f"The window, painted without a screen: {drawn}"


def _step(act: Act) -> DemoStep:
    return DemoStep(
        act=act.title,
        headline=act.verdict.headline,
        explanation=act.verdict.explanation,
        rate=act.verdict.rate,
        expected=act.expected,
        elapsed_s=act.elapsed_s,
        computed_ms=act.computed_ms,
    )


def _act_lines(act: Act) -> list[Line]:
    timing = f"Answer after {act.elapsed_s:.1f} s"
    timing += f"; {act.computed_ms:.1f} ms of work for a frame." if act.computed_ms else "."
    return [*verdict_lines(act.verdict), Line(timing), Line("")]
