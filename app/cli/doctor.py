"""`doctor`: what works here and what does not, with a self-test on built-in pictures."""

import platform
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version

from app.cli.answer import YES_EXIT, Answer
from app.cli.libraries import library_error
from app.cli.render import Block, Line, Style, Table
from app.cli.reports import Check, Doctor
from app.cli.request import Request
from app.cli.session import folders_of, open_store, settings_of
from app.version import program_version
from core.errors import FAULT_EXIT, PocketfaceError
from core.settings import Folders, Settings

_PACKAGES = (
    "onnxruntime",
    "opencv-python",
    "numpy",
    "pillow",
    "pyside6-essentials",
    "sqlalchemy",
    "cryptography",
    "keyring",
)
_EXTRAS = {"heif": "pillow-heif", "demo": "openpeople", "insightface": "insightface"}
_MARKS = {"good": "ok", "note": "note", "bad": "BAD"}
_COLUMNS = ("", "what", "finding")

Findings = Iterator[Check]


def doctor(request: Request) -> Answer:
    """Look at everything; one broken part does not hide the others."""
    folders = folders_of(request)
    timings: dict[str, float] = {}
    checks: list[Check] = [_good("program", f"pocketface {program_version()}, {_system()}")]
    try:
        settings = settings_of(request, folders)
    except PocketfaceError as error:
        checks.append(_bad("settings", error.sentence))
        settings = Settings()
    parts: tuple[tuple[str, Callable[[], Findings]], ...] = (
        ("models", lambda: _models(settings, folders)),
        ("self-test", lambda: _self_test(settings, folders, timings)),
        ("gallery", lambda: _gallery(request, settings, folders)),
        ("cameras", _cameras),
        ("window", lambda: _window(request)),
        ("extras", _extras),
    )
    for subject, look in parts:
        checks.extend(_looked(subject, look))
    return _answer(Doctor(checks=tuple(checks), versions=_versions(), timings_ms=timings))


def _looked(subject: str, look: Callable[[], Findings]) -> list[Check]:
    """What one part found, its failure included."""
    found: list[Check] = []
    try:
        found.extend(look())
    except PocketfaceError as error:
        found.append(_bad(subject, error.sentence))
    except (ImportError, OSError) as error:
        named = library_error(error, f"The part '{subject}'")
        if named is None:
            raise
        found.append(_bad(subject, named.sentence))
    return found


def _models(settings: Settings, folders: Folders) -> Findings:
    from core.vision.detect import open_detector  # noqa: PLC0415 - see _looked
    from core.vision.embed import open_embedder  # noqa: PLC0415
    from core.vision.onnx_model import runtime_facts  # noqa: PLC0415
    from core.vision.packs import DETECTOR_PACK, find_pack, list_packs  # noqa: PLC0415

    facts = runtime_facts()
    yield _good("onnxruntime", f"{facts.version}; providers: {', '.join(facts.providers)}")
    detector = find_pack(DETECTOR_PACK, folders.models)
    session = open_detector(settings.threads).session
    yield _good("detector", _session_words(detector.name, detector.card.sha256, session))
    pack = find_pack(settings.model, folders.models)
    session = open_embedder(pack, settings.threads).session
    yield _good("recogniser", _session_words(pack.name, pack.card.sha256, session))
    for broken in list_packs(folders.models).broken:
        yield _note("models", f"{broken.name}: {broken.error.sentence}")


def _session_words(name: str, sha256: str, session: object) -> str:
    asked = getattr(session, "provider_asked", "")
    got = getattr(session, "provider_got", "")
    threads = getattr(session, "threads", 0)
    return f"{name}, SHA-256 {sha256}; {threads} thread(s); asked for {asked}, got {got}"


def _self_test(settings: Settings, folders: Folders, timings: dict[str, float]) -> Findings:
    from app.cli.specimen import specimen  # noqa: PLC0415 - see _looked
    from core.matching.compare import similarity  # noqa: PLC0415
    from core.pipeline import analyse  # noqa: PLC0415
    from core.vision.assess import VERIFY_LIMITS  # noqa: PLC0415
    from core.wiring import build_vision  # noqa: PLC0415

    started = time.perf_counter()
    vision = build_vision(settings, folders)
    timings["open_models"] = (time.perf_counter() - started) * 1e3
    pictures = (specimen(0, 0), specimen(0, 1), specimen(1, 0))
    parts = [vision.parts("exactly-one", VERIFY_LIMITS) for _ in pictures]
    # The first frame pays for allocations, so the last one's times are reported.
    seen = [analyse(frame, own) for frame, own in zip(pictures, parts, strict=True)]
    timings.update(seen[-1].stage_ms)
    probes = [analysis.embedding for analysis in seen]
    one, same, other = probes
    if one is None or same is None or other is None:
        yield _bad("self-test", "a built-in face was not found or not usable")
        return
    mated, non_mated = similarity(one, same).value, similarity(one, other).value
    words = f"same person {mated:.3f}, two people {non_mated:.3f}, threshold "
    words += f"{vision.point.threshold:.3f} at an FMR of {vision.point.target_fmr:g}"
    # A poor recogniser still works, and its thresholds say how well; the person is told.
    yield _good("self-test", words) if mated > non_mated else _note("self-test", words)


def _gallery(request: Request, settings: Settings, folders: Folders) -> Findings:
    if not folders.gallery_file.exists():
        yield _note("gallery", f"none yet; the first enrolment makes it in {folders.data}")
        return
    store = open_store(request, folders, settings)
    with closing(store.gallery):
        subjects = store.gallery.subjects()
        damaged = store.gallery.damaged()
        yield _good("gallery", f"{folders.gallery_file}; people: {len(subjects)}")
        if damaged:
            yield _bad("gallery", f"entries that do not open: {', '.join(damaged)}")
    yield _good("key store", store.key_place)
    if store.notice is not None:
        yield _note("key store", store.notice)


def _cameras() -> Findings:
    from core.capture.cameras import list_cameras  # noqa: PLC0415 - see _looked
    from core.capture.diagnosis import virtual_machine  # noqa: PLC0415

    found = list_cameras()
    for camera in found:
        yield _good("camera", f"{camera.number}: {camera.name} ({camera.kind.value})")
    if not found:
        machine = virtual_machine()
        hint = f"; this is a virtual machine ({machine}), which hides them" if machine else ""
        yield _note("camera", f"none is connected, or none may be seen by this account{hint}")


def _window(request: Request) -> Findings:
    """A screen makes the window something needed; without one it is only told."""
    if not request.window.screen_available():
        yield _note("window", "there is no screen here; the command line does everything else")
        return
    request.window.ensure_libraries()
    yield _good("window", "a screen is there, and so are Qt's system libraries")


def _extras() -> Findings:
    for extra, package in _EXTRAS.items():
        installed = _version(package)
        if installed is None:
            yield _note(f"extra {extra}", f"not installed: pip install 'pocketface[{extra}]'")
        else:
            yield _good(f"extra {extra}", f"{package} {installed}")


def _versions() -> dict[str, str]:
    found = {package: _version(package) for package in _PACKAGES}
    known = {package: number for package, number in found.items() if number is not None}
    return {"pocketface": program_version(), "python": platform.python_version(), **known}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _system() -> str:
    return f"Python {platform.python_version()}, {platform.platform()}"


def _good(subject: str, finding: str) -> Check:
    return Check(subject=subject, state="good", finding=finding)


def _note(subject: str, finding: str) -> Check:
    return Check(subject=subject, state="note", finding=finding)


def _bad(subject: str, finding: str) -> Check:
    return Check(subject=subject, state="bad", finding=finding)


def _answer(document: Doctor) -> Answer:
    bad = [check for check in document.checks if check.state == "bad"]
    rows = tuple((_MARKS[entry.state], entry.subject, entry.finding) for entry in document.checks)
    versions = ", ".join(f"{package} {number}" for package, number in document.versions.items())
    timings = ", ".join(f"{stage} {spent:.1f}" for stage, spent in document.timings_ms.items())
    blocks: list[Block] = [Table(_COLUMNS, rows), Line(f"Versions: {versions}.")]
    if timings:
        blocks.append(Line(f"Milliseconds: {timings}."))
    if bad:
        blocks.append(Line(f"Needs attention: {len(bad)}.", Style.BAD))
        return Answer(document, tuple(blocks), FAULT_EXIT)
    blocks.append(Line("Everything needed works.", Style.GOOD))
    return Answer(document, tuple(blocks), YES_EXIT)
