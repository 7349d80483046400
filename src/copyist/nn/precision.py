"""In which precision to compute, by what the hardware does natively."""

__all__ = ["Precision", "autocast", "resolve"]

import contextlib
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch

Precision: TypeAlias = Literal["auto", "float32", "bf16"]
"""`bf16` computes convolutions and products in bfloat16 and keeps weights, sums and losses in float32."""


def resolve(precision: Precision, device: torch.device) -> Precision:
    """`bf16` or `float32`: what `auto` means on this device."""
    if precision != "auto":
        return precision
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    return "bf16" if device.type == "cpu" and _cpu_does_bf16() else "float32"


def autocast(precision: Precision, device: torch.device) -> contextlib.AbstractContextManager[Any]:
    """A context in which modules compute in that precision."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=resolve(precision, device) == "bf16")


@cache
def _cpu_does_bf16() -> bool:
    # Linux names the instructions; elsewhere, and without them, float32 is the faster choice.
    flags = Path("/proc/cpuinfo")
    if not flags.exists():
        return False
    words = set(flags.read_text().split())
    return bool(words & {"avx512_bf16", "amx_bf16", "bf16"})
