"""A change of model in words: what it would do, and which decisions would be others."""

from core.domain.operating_point import OperatingPoint
from core.domain.retemplating import DecisionChange, Recapture, Recognition, SwapPreview


def coverage(preview: SwapPreview) -> str:
    """How many enrolled pictures the new model will know."""
    known = preview.present + preview.to_embed
    if not preview.references:
        return "Nobody is enrolled, so nothing has to be made anew."
    lead = f"{known:,} of {preview.references:,} enrolled pictures will be known to it"
    if not preview.present:
        return f"{lead}, all made anew from kept pictures." if known else f"{lead}."
    return f"{lead}: {preview.present:,} are already, {preview.to_embed:,} are made anew."


def point_words(point: OperatingPoint) -> str:
    """A threshold with the trials behind it."""
    return (
        f"threshold {point.threshold:.4f} for an FMR of {point.target_fmr:g} "
        f"({point.false_matches:,} false matches in {point.non_mated:,} comparisons, "
        f"{point.false_non_matches:,} misses in {point.mated:,})"
    )


def points(preview: SwapPreview) -> str:
    """The operating point before and after."""
    after = f"It would decide by {point_words(preview.point)}."
    if preview.former_point is None:
        return after
    return f"{after} Now it is {point_words(preview.former_point)}."


def decisions(preview: SwapPreview) -> str:
    """How the two models decide about enrolled pictures shown to each other."""
    if not preview.compared:
        return "Decisions could not be compared: no picture is known to both models."
    return (
        f"Of {preview.compared:,} enrolled pictures shown to all others, "
        f"{preview.right_before:,} match their own person and nobody else now, and "
        f"{preview.right_after:,} would; {len(preview.changes):,} "
        f"{'decision changes' if len(preview.changes) == 1 else 'decisions change'}."
    )


def recognition(found: Recognition) -> str:
    """What one picture matches."""
    own = {True: "matches its person", False: "does not match its person", None: "alone"}[found.own]
    return f"{own}, and {', '.join(found.others)}" if found.others else own


def change_words(change: DecisionChange) -> str:
    """One decision that would be another, in a line."""
    before, after = recognition(change.before), recognition(change.after)
    return f"{change.name}, {change.source}: {before} → {after}"


def recapture_words(person: Recapture) -> str:
    """Somebody who has to come before a camera again, or may."""
    if not person.usable:
        return f"{person.name}: none of {person.references} pictures; capture again"
    return f"{person.name}: {person.usable} of {person.references} pictures"


def lost(preview: SwapPreview) -> int:
    """How many people would not be known at all until they are captured again."""
    return sum(not person.usable for person in preview.recapture)
