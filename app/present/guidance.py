"""What to do next: every issue, pose, refusal and reason as one sentence for the person."""

from core.domain.decision import Reason
from core.domain.quality import QualityIssue
from core.domain.result import EnrolRefusal, Pose

_REMEDIES = {
    QualityIssue.NO_FACE: "No face is in view; look towards the camera.",
    QualityIssue.SEVERAL_FACES: "Several faces are in view; make sure that only one is.",
    QualityIssue.IMPLAUSIBLE_FACE: "The face could not be made out; hold the head upright and "
    "keep it uncovered.",
    QualityIssue.TOO_SMALL: "The face is too small; come closer.",
    QualityIssue.OUTSIDE_FRAME: "The face is cut off; move to the middle of the picture.",
    QualityIssue.BLURRED: "The picture is blurred; hold still, or clean the lens.",
    QualityIssue.TOO_DARK: "The face is too dark; turn towards a light.",
    QualityIssue.TOO_BRIGHT: "The face is too bright; turn away from the light.",
    QualityIssue.LOW_CONTRAST: "The face is too flat to be seen well; use a more even, stronger "
    "light.",
    QualityIssue.TURNED_AWAY: "The head is turned too far; look straight at the camera.",
    QualityIssue.TILTED_UP_DOWN: "The head is tilted up or down; look straight at the camera.",
    QualityIssue.TILTED_SIDEWAYS: "The head leans to one side; hold it upright.",
    QualityIssue.UNUSABLE_EMBEDDING: "The model gave no usable answer for this face; try another "
    "picture.",
}

_REQUESTS = {
    Pose.FRONT: "Look straight at the camera.",
    Pose.LEFT: "Turn your head a little to your left.",
    Pose.RIGHT: "Turn your head a little to your right.",
    Pose.UP: "Lift your chin a little.",
    Pose.DOWN: "Lower your chin a little.",
}

_REFUSALS = {
    EnrolRefusal.OTHER_POSE: "The head does not point the way that was asked for yet.",
    EnrolRefusal.OTHER_PERSON: "This face does not resemble the pictures taken so far; only one "
    "person is enrolled at a time.",
    EnrolRefusal.TOO_SOON: "This is too much like the picture just taken; move a little.",
}

_REASONS = {
    Reason.FRAMES_AGREED: "Enough frames agreed.",
    Reason.BELOW_THRESHOLD: "The face is not similar enough to the enrolled pictures.",
    Reason.RUNNER_UP_TOO_CLOSE: "Two enrolled people are about equally similar.",
    Reason.NOBODY_SIMILAR: "Nobody enrolled is similar enough.",
    Reason.NO_FACE: "No face was found.",
    Reason.SEVERAL_FACES: "Several faces were in view.",
    Reason.POOR_QUALITY: "The face could not be seen well enough.",
    Reason.TIMED_OUT: "The time was over before enough frames could be used.",
    Reason.SOURCE_ENDED: "There were no more pictures before enough of them could be used.",
    Reason.NO_REFERENCES: "There are no enrolled pictures made with the model in use; enrol "
    "first, or choose the model that was used then.",
}


def remedy(issue: QualityIssue) -> str:
    """What keeps a face from being used, and what the person can do about it."""
    return _REMEDIES[issue]


def ask_for(pose: Pose) -> str:
    """What a guided enrolment asks for, from the subject's point of view."""
    return _REQUESTS[pose]


def explain(refusal: EnrolRefusal) -> str:
    """Why a good picture was still not taken for enrolment."""
    return _REFUSALS[refusal]


def reason_sentence(reason: Reason) -> str:
    """Why an attempt ended as it did."""
    return _REASONS[reason]
