"""Whether an exported graph answers as its network does."""

import numpy as np
import torch
from numpy.typing import NDArray

from core.errors import ModelContractError
from core.vision.tensors import to_blob
from training.nets.table import Backbone
from training.subjects import Network

COSINE_LIMIT = 1e-5  # largest 1 − cos between torch and onnxruntime that is only rounding
BATCH = 8  # also shows that the batch is free


def cosine_gap(net: Backbone, network: Network, crops: NDArray[np.uint8]) -> float:
    """Largest 1 − cos between torch in evaluation mode and the exported graph.

    Args:
        crops: uint8 (N, 112, 112, 3), BGR: real faces.

    Raises:
        ModelContractError: The gap is above rounding.
    """
    net.eval()
    worst = 0.0
    for start in range(0, len(crops), BATCH):
        part = crops[start : start + BATCH]
        with torch.no_grad():
            vectors = net(torch.from_numpy(to_blob(part, network.spec))).double()
        other = torch.from_numpy(network.embed(part)).double()
        cosines = torch.cosine_similarity(vectors, other)
        worst = max(worst, float((1 - cosines).max()))
    if worst > COSINE_LIMIT:
        raise ModelContractError(
            name=network.name, reason=f"its graph differs from the network by {worst:.1e} in cosine"
        )
    return worst
