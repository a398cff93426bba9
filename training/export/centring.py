"""The mean face taken out of the embedding, once, when a network is exported.

A student that is unsure answers with the teacher's mean: a direction that all faces share and that
says nothing about who it is. Taking the mean over training faces out of the last BatchNorm's shift
is exact, costs nothing at run time, and leaves the cosine to what differs between people.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from core.vision.tensors import to_blob
from training.nets.table import Backbone
from training.subjects import EMBED_BATCH, network_of


def centre_output(net: Backbone, crops: NDArray[np.uint8]) -> None:
    """Shift the network's output, in place, so that its mean over the crops is 0.

    Args:
        crops: uint8 (N, 112, 112, 3), BGR: faces that were trained on, never those judged.
    """
    network = network_of(net, "uncentred")
    total = np.zeros(net.embedding, dtype=np.float64)
    for start in range(0, len(crops), EMBED_BATCH):
        blob = to_blob(crops[start : start + EMBED_BATCH], network.spec)
        total += network.session.run(blob)[0].sum(axis=0, dtype=np.float64)
    with torch.no_grad():
        net.tail.norm.bias.sub_(torch.from_numpy(total / len(crops)))
