"""A fused training step for PocketNet on a CPU: C++ kernels behind an ordinary `nn.Module`."""

from training.engine_cpu.engine import FusedEngine
from training.engine_cpu.native import available

__all__ = ["FusedEngine", "available"]
