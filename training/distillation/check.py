"""How near a student is to its last teacher on people it was never trained on."""

import copy
from typing import cast

import torch

from training.data.shards import centre
from training.distillation.build import Parts
from training.distillation.teachers import ask
from training.engine.state import State
from training.nets.table import Backbone
from training.subjects import EMBED_BATCH, network_of


def held_out_cosine(state: State, parts: Parts, count: int) -> dict[str, float]:
    """Mean cosine to what the last lesson teaches of plain held-out crops; nothing without them.

    The student is measured through its exported graph, as the program runs it.

    Args:
        count: Crops at most.
    """
    indices = parts.faces.held_out[:count]
    if not len(indices) or not parts.state.group.writes:
        return {}
    # A copy, because a network that is moved to the CPU is no longer where it trains.
    network = network_of(copy.deepcopy(cast(Backbone, state.net)).cpu(), "check")
    lesson = parts.source.lessons[-1]
    total = 0.0
    for start in range(0, len(indices), EMBED_BATCH):
        part = indices[start : start + EMBED_BATCH]
        crops = centre(parts.faces.crops(part))
        vectors = torch.from_numpy(network.embed(crops))
        if lesson.clean is not None:
            answers = torch.from_numpy(lesson.clean[part]).float()
        else:
            answers = ask(lesson.teacher, crops, state.device).cpu()
        total += float((vectors * lesson.finished(answers)).sum())
    return {"held_out_cosine": total / len(indices)}
