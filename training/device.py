"""Which device trains, and how repeatably."""

import os
import random

import numpy as np
import torch

from core.errors import UsageError
from training.recipe.sections import RunSection

SEED_SPAN = 2**63  # torch takes seeds below it


def choose_device(run: RunSection, local_rank: int = 0) -> torch.device:
    """The device a recipe asks for.

    Args:
        local_rank: Number of this process on its machine; it chooses among the GPUs.

    Raises:
        UsageError: A GPU is asked for and there is none.
    """
    there = torch.cuda.is_available()
    if run.device == "cuda" and not there:
        raise UsageError(reason="run.device is cuda, and torch sees no GPU here")
    if run.device == "cpu" or not there:
        return torch.device("cpu")
    return torch.device("cuda", local_rank % torch.cuda.device_count())


def prepare(run: RunSection) -> None:
    """Seed everything, and choose algorithms, before the first weight is drawn."""
    random.seed(run.seed)
    np.random.seed(run.seed % 2**32)  # noqa: NPY002 - for libraries that draw from it
    torch.manual_seed(run.seed)
    if run.deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what cuBLAS needs to repeat
    torch.use_deterministic_algorithms(run.deterministic)
    torch.backends.cudnn.benchmark = not run.deterministic
    # Matrices in TF32: three digits less in products, about twice the speed, on GPUs that have it.
    torch.backends.cuda.matmul.allow_tf32 = not run.deterministic
    torch.backends.cudnn.allow_tf32 = not run.deterministic


def seed_step(seed: int, step: int) -> None:
    """Make what a step draws from torch a function of the run's seed and of the step."""
    drawn = np.random.SeedSequence((seed, step)).generate_state(1, np.uint64)[0]
    torch.manual_seed(int(drawn) % SEED_SPAN)
