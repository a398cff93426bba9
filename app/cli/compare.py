"""`compare`: are two pictures of the same person?"""

from pathlib import Path

from app.cli.answer import NO_EXIT, YES_EXIT, Answer
from app.cli.documents import Compared, ComparedPicture
from app.cli.looking import Looked, look_at
from app.cli.render import Line, Style
from app.cli.request import Request
from app.cli.session import vision_of
from app.cli.verify import rate_document, verdict_lines
from app.present.guidance import remedy
from app.present.verdict import Verdict, describe_comparison
from core.domain.decision import Score
from core.errors import UNDECIDED_EXIT
from core.matching.compare import similarity
from core.vision.assess import VERIFY_LIMITS
from core.wiring import Vision


def compare(request: Request, one: Path, other: Path) -> Answer:
    """Compare the faces of two pictures; nothing is stored and no gallery is opened."""
    settings, vision = vision_of(request)
    parts = vision.parts(settings.face_policy, VERIFY_LIMITS)
    first, second = look_at(one, parts), look_at(other, parts)
    score = _score(first, second)
    verdict = describe_comparison(score, vision.point, vision.points)
    lines = verdict_lines(verdict)
    for looked in (first, second):
        lines.extend(Line(f"{looked.path}: {sentence}", Style.PLAIN) for sentence in _said(looked))
    document = _document(vision, score, verdict, (first, second))
    return Answer(document, tuple(lines), _exit(document.match))


def _score(first: Looked, second: Looked) -> Score | None:
    one, other = first.analysis.embedding, second.analysis.embedding
    return None if one is None or other is None else similarity(one, other)


def _exit(match: bool | None) -> int:
    if match is None:
        return UNDECIDED_EXIT
    return YES_EXIT if match else NO_EXIT


def _said(looked: Looked) -> list[str]:
    """What is to be told of one picture: obstacles, several faces, how it was read."""
    sentences = [remedy(issue) for issue in sorted(looked.analysis.issues)]
    faces = len(looked.analysis.faces)
    if faces > 1 and looked.analysis.chosen is not None:
        sentences.append(f"{faces} faces are in view; only one of them was compared.")
    return [*sentences, *looked.notes]


def _document(
    vision: Vision, score: Score | None, verdict: Verdict, pictures: tuple[Looked, Looked]
) -> Compared:
    match = None if score is None else score.value >= vision.point.threshold
    rate = rate_document(score.value, vision.points, 1) if score is not None and match else None
    first, second = pictures
    return Compared(
        match=match,
        score=score.value if score else None,
        threshold=vision.point.threshold,
        target_fmr=vision.point.target_fmr,
        headline=verdict.headline,
        explanation=verdict.explanation,
        rate=verdict.rate,
        stated_rate=rate,
        model=vision.pack.name,
        pictures=(_picture(first), _picture(second)),
    )


def _picture(looked: Looked) -> ComparedPicture:
    quality = looked.analysis.quality
    issues = sorted(looked.analysis.issues)
    return ComparedPicture(
        path=str(looked.path),
        faces_in_view=len(looked.analysis.faces),
        quality=quality.unified if quality else None,
        issues=tuple(issue.value for issue in issues),
        advice=tuple(remedy(issue) for issue in issues),
        notes=looked.notes,
    )
