"""What the probe of a model found odd, as sentences."""

from core.vision.probe import ProbeWarning

_WARNINGS = {
    ProbeWarning.CHANNEL_ORDER_IGNORED: "Exchanging red and blue makes no difference to this "
    "model; check that its colour order is stated right.",
    ProbeWarning.ALIGNMENT_IGNORED: "Turning and enlarging the face makes no difference to this "
    "model; it may not look at the face at all.",
    ProbeWarning.WEAK_SEPARATION: "On the built-in faces this model finds two people more alike "
    "than two pictures of one; check mean, standard deviation and colour order.",
}


def warn(warning: ProbeWarning) -> str:
    """What is odd about a model, and what to check."""
    return _WARNINGS[warning]
