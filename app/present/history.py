"""Changes of the gallery, and what keys and erasures left behind, in words."""

from core.domain.erasure import ErasureCertificate
from core.domain.history import ChangePreview, EntryKind, HistoryEntry, SubjectChange
from core.domain.key_change import KeyChange

_DEEDS = {
    EntryKind.ENROLLED: "Enrolled {names}",
    EntryKind.REFERENCES_ADDED: "Added pictures to {names}",
    EntryKind.RENAMED: "Renamed {names}",
    EntryKind.TERMS_CHANGED: "Changed consent or last day of {names}",
    EntryKind.MERGED: "Merged {names}",
    EntryKind.SPLIT: "Split {names}",
    EntryKind.DELETED: "Deleted {names}",
    EntryKind.IMPORTED: "Imported {names}",
}
_MOST_NAMES = 3  # more are counted: an import may hold thousands


def entry_words(entry: HistoryEntry) -> str:
    """What was done, without a full stop; names as they are now."""
    try:
        deed = _DEEDS.get(EntryKind(entry.kind), entry.kind)
    except ValueError:  # of a later version
        deed = entry.kind
    return deed.format(names=_names(entry.subjects))


def preview_sentences(preview: ChangePreview) -> tuple[str, ...]:
    """What a change does, one sentence for each person."""
    return tuple(_change_sentence(change) for change in preview.changes)


def certificate_sentences(certificate: ErasureCertificate) -> tuple[str, ...]:
    """What was destroyed, and what was not."""
    sentences = [
        f"Destroyed: the key, {_count(certificate.references, 'reference')}, "
        f"{_count(certificate.pictures, 'picture')} and "
        f"{_count(certificate.journal_entries, 'entry', 'entries')} of the history; the database "
        "was written anew without them.",
    ]
    if certificate.backups_cleaned:
        cleaned = _count(certificate.backups_cleaned, "backup")
        sentences.append(f"Also taken out of {cleaned} made before upgrades.")
    if certificate.backups_left:
        names = ", ".join(certificate.backups_left)
        sentences.append(f"These backups could not be cleaned, so delete them yourself: {names}.")
    if not certificate.log_empty:
        sentences.append(
            "Another program has the gallery open: encrypted remnants stay in the gallery's log "
            "until that program closes it."
        )
    sentences.append(
        f"Audit entry {certificate.event}, {certificate.digest}, {certificate.at:%Y-%m-%d %H:%M} "
        "UTC. Copies you exported or backed up elsewhere are not touched."
    )
    return tuple(sentences)


def key_sentences(change: KeyChange) -> tuple[str, ...]:
    """Where the key is now, and what became of the former one."""
    sentences = [f"The gallery has a new key; it lies in {change.place}."]
    if change.place == "a passphrase":
        sentences = ["The gallery has a new key, under the new passphrase."]
    if change.renewed:
        sentences.append("Everybody's own key was wrapped anew.")
    if not change.former_destroyed:
        sentences.append(
            f"The former key could not be removed from {change.former}; it opens nothing here any "
            "more, but may open copies of the gallery made before."
        )
    if change.backups_left:
        names = ", ".join(change.backups_left)
        sentences.append(f"These backups open with the former key only: {names}.")
    return tuple(sentences)


def _change_sentence(change: SubjectChange) -> str:
    before, after = change.before, change.after
    pictures = _count(after.references, "picture")
    if before is None or (after.enrolled and not before.enrolled):
        return f"{after.name} is enrolled with {pictures}."
    if before.enrolled and not after.enrolled:
        return f"{before.name} is no longer enrolled."
    parts = []
    if before.name != after.name:
        parts.append(f"is called {after.name}")
    if before.references != after.references:
        parts.append(f"has {pictures} instead of {before.references}")
    if before.retain_until != after.retain_until:
        last = after.retain_until
        parts.append(f"is kept until {last}" if last else "is kept without a last day")
    return f"{before.name} {' and '.join(parts) or 'has other notes'}."


def _names(names: tuple[str, ...]) -> str:
    shown = list(names[:_MOST_NAMES])
    if not shown:
        return "somebody who was erased since"
    if len(names) > _MOST_NAMES:
        shown.append(f"{len(names) - _MOST_NAMES} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one}" if number == 1 else f"{number} {many or one + 's'}"
