import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from core.attempts.receipt import (
    MAX_BYTES,
    Circumstances,
    follows,
    is_genuine,
    make_receipt,
    read_receipt,
    same_score,
    write_receipt,
)
from core.domain.decision import Decision, FrameEvidence, Outcome, Reason, Score
from core.domain.operating_point import OperatingPoint
from core.domain.receipt import ReceiptModel, SignedReceipt
from core.domain.template import ModelId, SubjectId
from core.errors import ReceiptUnreadableError, ReceiptUnwritableError
from tests.fakes.files import is_private
from tests.fakes.ledger import MemoryLedger

MODEL = ModelId("model-a")
POINT = OperatingPoint(
    target_fmr=1e-3,
    threshold=0.4,
    false_matches=50,
    non_mated=50_000,
    fmr_low=8e-4,
    fmr_high=1.3e-3,
    false_non_matches=20,
    mated=2_000,
    measured_on="pairs",
)


def decision(outcome: Outcome = Outcome.ACCEPTED) -> Decision:
    accepted = outcome is Outcome.ACCEPTED
    score = Score(0.55 if accepted else 0.2, MODEL)
    evidence = tuple(
        FrameEvidence(index, index / 10, score, accepted, 70, frozenset()) for index in range(3)
    )
    return Decision(
        outcome=outcome,
        claim=SubjectId("s1"),
        subject=SubjectId("s1"),
        score=score,
        runner_up=None,
        point=POINT,
        comparisons=2,
        reasons=(Reason.FRAMES_AGREED if accepted else Reason.BELOW_THRESHOLD,),
        issues=(),
        evidence=evidence,
        agreeing=3 if accepted else 0,
        needed=3,
        faces_in_view=1,
        elapsed_s=0.2,
    )


def receipt(outcome: Outcome = Outcome.ACCEPTED) -> SignedReceipt:
    told = Circumstances(
        program_version="0.2.0",
        at=datetime(2026, 5, 1, tzinfo=UTC),
        claim_name="Anna",
        model=ReceiptModel(name="tiny", model_id="model-a", sha256="0" * 64),
        source="camera 046d:0825",
        source_sha256="",
        quality={"Sharpness": 80},
        frame=2,
        picture_png=b"\x89PNG",
    )
    return make_receipt(decision(outcome), told, MemoryLedger())


def test_a_receipt_comes_back_genuine_and_says_everything(tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    write_receipt(file, receipt())

    again = read_receipt(file)

    assert again == receipt()
    assert is_genuine(again)
    assert is_private(file)
    content = json.loads(file.read_text())["receipt"]
    assert content["point"]["non_mated"] == 50_000
    assert content["model"]["sha256"] == "0" * 64
    assert (content["score"], len(content["frames"]), content["agreeing"]) == (0.55, 3, 3)
    assert content["quality"] == {"Sharpness": 80}


def change_everywhere(content: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """The path of every value in a document."""
    if isinstance(content, dict):
        return [p for key, item in content.items() for p in change_everywhere(item, (*path, key))]
    if isinstance(content, list):
        return [p for i, item in enumerate(content) for p in change_everywhere(item, (*path, i))]
    return [path]


PATHS = change_everywhere(json.loads(msgspec.json.encode(receipt())))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_any_altered_value_fails(path: tuple[object, ...], tmp_path: Path) -> None:
    content = json.loads(msgspec.json.encode(receipt()))
    place = content
    for step in path[:-1]:
        place = place[step]
    old = place[path[-1]]
    match old:
        case bool():
            new: object = not old
        case int() | float():
            new = old + 1e-6 if isinstance(old, float) else old + 1
        case None:
            new = 1
        case str() if len(old) >= 64:
            new = ("1" if old[0] != "1" else "2") + old[1:]
        case _:
            new = f"{old}AAAA"
    place[path[-1]] = new
    (tmp_path / "r.json").write_text(json.dumps(content))

    try:
        genuine = is_genuine(read_receipt(tmp_path / "r.json"))
    except ReceiptUnreadableError:
        genuine = False

    assert not genuine


def test_the_layout_of_the_file_does_not_matter(tmp_path: Path) -> None:
    content = json.loads(msgspec.json.encode(receipt()))
    shuffled = dict(reversed(content["receipt"].items()))
    (tmp_path / "r.json").write_text(json.dumps({**content, "receipt": shuffled}, indent=7))

    assert is_genuine(read_receipt(tmp_path / "r.json"))


def with_fields(**fields: object) -> Callable[[SignedReceipt], bool]:
    return lambda signed: follows(msgspec.structs.replace(signed.receipt, **fields))


def test_an_outcome_has_to_follow_from_its_scores() -> None:
    accepted, rejected = receipt(), receipt(Outcome.REJECTED)

    assert follows(accepted.receipt)
    assert follows(rejected.receipt)
    assert not with_fields(outcome="rejected")(accepted)
    assert not with_fields(outcome="accepted")(rejected)
    assert not with_fields(score=0.39)(accepted)
    assert not with_fields(agreeing=2)(accepted)
    assert not with_fields(frames=accepted.receipt.frames[:2])(accepted)


def test_scores_are_the_same_but_for_rounding() -> None:
    assert same_score(0.5, 0.5004)
    assert not same_score(0.5, 0.502)
    assert same_score(None, None)
    assert not same_score(None, 0.5)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[1]", b"\xff\xfe", b'{"format": "pocketface receipt 2"}', b"[" * 100_000],
    ids=["empty", "no fields", "list", "no text", "another version", "deep"],
)
def test_what_is_no_receipt_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "r.json").write_bytes(content)

    with pytest.raises(ReceiptUnreadableError, match="no receipt"):
        read_receipt(tmp_path / "r.json")


def test_an_endless_or_missing_file_is_told(tmp_path: Path) -> None:
    with (tmp_path / "long.json").open("wb") as file:
        file.truncate(MAX_BYTES + 1)

    with pytest.raises(ReceiptUnreadableError, match="too long"):
        read_receipt(tmp_path / "long.json")
    with pytest.raises(ReceiptUnreadableError, match="No such file"):
        read_receipt(tmp_path / "none.json")


def test_a_receipt_that_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    with pytest.raises(ReceiptUnwritableError, match="stands"):
        write_receipt(tmp_path / "none" / "r.json", receipt())
    (tmp_path / "folder").mkdir()
    with pytest.raises(ReceiptUnwritableError):
        write_receipt(tmp_path / "folder", receipt())

    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
