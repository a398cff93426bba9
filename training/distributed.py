"""Several processes, on one machine or many, as `torchrun` starts them.

The only thing that is shared is a mean, asked for by name; so it serves torch, a GPU and the fused
kernels alike.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, distributed

from core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Group:
    """The processes of a run. One alone costs nothing.

    Attributes:
        rank: Number of this process; 0 alone writes files.
        size: How many there are.
        local_rank: Number of this process on its machine.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def writes(self) -> bool:
        """Whether this process writes files and shows progress."""
        return self.rank == 0

    def mean_(self, tensors: Sequence[Tensor]) -> None:
        """Put into each tensor its mean over all processes, in place."""
        if self.size == 1 or not tensors:
            return
        # One long message: a thousand small ones would cost more than the step of a small network.
        joined = torch.cat([tensor.detach().reshape(-1).float() for tensor in tensors])
        distributed.all_reduce(joined)
        joined /= self.size
        parts = torch.split(joined, [tensor.numel() for tensor in tensors])
        with torch.no_grad():
            for tensor, part in zip(tensors, parts, strict=True):
                tensor.copy_(part.view_as(tensor))

    def any(self, *flags: bool, device: torch.device) -> tuple[bool, ...]:
        """Each flag as it is in any process, so that all take the same way."""
        if self.size == 1:
            return flags
        joined = torch.tensor(flags, dtype=torch.float32, device=device)
        distributed.all_reduce(joined, distributed.ReduceOp.MAX)
        return tuple(bool(flag) for flag in joined)

    def wait(self) -> None:
        """Go on when all processes have come here."""
        if self.size > 1:
            distributed.barrier()

    def close(self) -> None:
        """Leave the group."""
        if self.size > 1:
            distributed.destroy_process_group()


ALONE = Group()


def join_group(backend: str, environment: Mapping[str, str] = os.environ) -> Group:
    """The group that `torchrun` describes in the environment; one process alone without it.

    Args:
        backend: "nccl" for GPUs, "gloo" for processors.

    Raises:
        UsageError: The environment describes no group that can be joined.
    """
    if int(environment.get("WORLD_SIZE", "1")) == 1:
        return ALONE
    try:
        distributed.init_process_group(backend)
        local = int(environment.get("LOCAL_RANK", "0"))
    except (RuntimeError, ValueError) as error:
        raise UsageError(reason=f"the group of processes cannot be joined: {error}") from error
    return Group(distributed.get_rank(), distributed.get_world_size(), local)
