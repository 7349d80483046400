"""How float32 is computed: in full, or in products whose factors are rounded to TF32."""

__all__ = ["full_float32", "tf32"]

import contextlib
from collections.abc import Generator, Sequence
from typing import Any, cast

import torch


@contextlib.contextmanager
def full_float32() -> Generator[None, None, None]:
    """Context manager: float32 is computed in full, without TF32 or bfloat16, on any device.

    The settings belong to the process, and are put back as they were found.
    """
    with _float32(_operations(), "ieee", joint=("highest", False)):
        yield


@contextlib.contextmanager
def tf32() -> Generator[None, None, None]:
    """Context manager: GPUs of NVIDIA compute products and convolutions of float32 in TF32, which keeps 10 of
    the 23 bits of a factor and all of a sum. Machines without such a GPU compute as before.

    The settings belong to the process, and are put back as they were found.
    """
    if not torch.cuda.is_available():
        yield
        return
    products: Any = torch.backends.cuda.matmul
    operations = [products, cast("Any", torch.backends.cudnn).conv] if hasattr(torch.backends.cudnn, "conv") else []
    # The older settings hold for CPUs too.
    with _float32(operations, "tf32", joint=None if operations else ("high", True)):
        yield


@contextlib.contextmanager
def _float32(operations: Sequence[Any], kind: str, *, joint: tuple[str, bool] | None) -> Generator[None, None, None]:
    """Context manager: operations compute float32 as that kind, and by older settings if `joint` has them."""
    each_before = [operation.fp32_precision for operation in operations]
    joint_before = None if joint is None else _joint()
    if joint is not None and joint_before is not None:
        _set_joint(*joint)
    for operation in operations:
        operation.fp32_precision = kind
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
