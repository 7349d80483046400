"""In which precision to compute, by what the hardware does natively."""

__all__ = ["Precision", "autocast", "full_float32", "resolve"]

import contextlib
from collections.abc import Generator
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


@contextlib.contextmanager
def full_float32() -> Generator[None, None, None]:
    """A context in which float32 is computed in full: neither TF32 nor bfloat16 stands in for it, on any device.

    The settings belong to the process, and are put back as they were found.
    """
    operations = _operations()
    each_before = [operation.fp32_precision for operation in operations]
    joint_before = _joint()
    if joint_before is not None:
        _set_joint("highest", False)
    for operation in operations:
        operation.fp32_precision = "ieee"
    try:
        yield
    finally:
        if joint_before is not None:
            _set_joint(*joint_before)
        for operation, before in zip(operations, each_before, strict=True):
            operation.fp32_precision = before


def _operations() -> list[Any]:
    """What has a precision of its own, where PyTorch is new enough (2.9)."""
    backends: Any = torch.backends
    if not hasattr(backends.cudnn, "conv"):
        return []
    return [getattr(backend, name) for backend in (backends.cudnn, backends.mkldnn) for name in ("conv", "rnn")] + [
        backends.cuda.matmul,
        backends.mkldnn.matmul,
    ]


def _joint() -> tuple[str, bool] | None:
    """The older settings, for products and for cuDNN; None where the newer ones have made them unreadable."""
    try:
        return torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    except RuntimeError:
        return None


def _set_joint(products: str, cudnn: bool) -> None:
    torch.set_float32_matmul_precision(products)
    torch.backends.cudnn.allow_tf32 = cudnn


@cache
def _cpu_does_bf16() -> bool:
    # Linux names the instructions; elsewhere, and without them, float32 is the faster choice.
    flags = Path("/proc/cpuinfo")
    if not flags.exists():
        return False
    words = set(flags.read_text().split())
    return bool(words & {"avx512_bf16", "amx_bf16", "bf16"})
