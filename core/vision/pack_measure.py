"""Writing what was measured into the card of one of the user's packs."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from core.domain.operating_point import OperatingPoint
from core.errors import ModelContractError, UsageError
from core.vision.pack_install import told_plainly, write_durably
from core.vision.packs import CARD_FILE, ModelPack, dump_card, find_pack, read_pack

_HALF_WRITTEN = ".card-new"  # beside the card, so that renaming it is one step


def find_measurable(name: str, models_dir: Path) -> ModelPack:
    """One of the user's recognisers.

    Raises:
        UsageError: It came with the program.
        ModelContractError: It is a detector.
        ModelMissingError, CardInvalidError, PackUnreadableError: As of `find_pack`.
    """
    pack = find_pack(name, models_dir)
    if pack.built_in:
        reason = f"The model '{name}' came with the program and is measured already"
        raise UsageError(reason=reason)
    if pack.card.role != "embedder":
        raise ModelContractError(name=name, reason="it finds faces and compares none")
    return pack


def write_points(name: str, models_dir: Path, points: Sequence[OperatingPoint]) -> ModelPack:
    """Replace the operating points of a card, in one step.

    Returns:
        The pack as it is now.

    Raises:
        PackUnwritableError: The folder refuses a write; the former card is untouched.
        UsageError, VisionError: As of `find_measurable`.
    """
    pack = find_measurable(name, models_dir)
    card = msgspec.structs.replace(pack.card, operating_points=tuple(points))
    folder = models_dir / name
    with told_plainly(models_dir):
        staged = folder / _HALF_WRITTEN
        try:
            staged.unlink(missing_ok=True)  # of a process that was killed
            write_durably(staged, dump_card(card))
            staged.replace(folder / CARD_FILE)
        finally:
            staged.unlink(missing_ok=True)
    return read_pack(folder, built_in=False)
