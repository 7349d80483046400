"""What this machine computes and moves at most, as measured."""

__all__ = ["Limits", "Peak", "cache_size", "measure_limits"]

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self, final

import torch

from copyist.bench.operation_work import work_of
from copyist.devices import keep_freed_memory
from copyist.errors import ArgumentError

_PRODUCTS = ((512, 512, 512), (1024, 1024, 1024), (1536, 1536, 1536), (8192, 256, 256), (8192, 512, 512))
"""(M, K, N) of matrix products."""

_LEAST_CALLS = 3
"""However long they take."""

_UNKNOWN_CACHE = 32 * 2**20
"""Bytes, where the system does not tell."""


@final
@dataclass(frozen=True, kw_only=True)
class Peak:
    """The largest rate that was seen."""

    rate: float
    """GFLOP/s, or GB/s."""

    reached_by: str


@final
@dataclass(frozen=True, kw_only=True)
class Limits:
    """Of arithmetic and of memory, with all threads."""

    arithmetic: dict[str, Peak]
    """By dtype, such as `bfloat16`; in GFLOP/s."""

    memory: Peak
    """In GB/s, read and written together."""

    cache: int
    """Bytes of the last level."""

    def joined(self, other: Self | None) -> Self:
        """Of each limit, the larger of these two; this one alone where there is no other."""
        if other is None:
            return self
        arithmetic = {
            name: _larger([limits.arithmetic[name] for limits in (self, other) if name in limits.arithmetic])
            for name in sorted({*self.arithmetic, *other.arithmetic})
        }
        return type(self)(arithmetic=arithmetic, memory=_larger([self.memory, other.memory]), cache=self.cache)

    def seconds(self, *, flops: float, bytes_moved: float, dtype: str | None) -> tuple[float, float]:
        """The least seconds that so much arithmetic takes, and so much memory.

        Raises:
            ArgumentError: there is arithmetic, and its dtype is None or has no measured limit.
        """
        if flops and dtype not in self.arithmetic:
            known = " or ".join(self.arithmetic)
            raise ArgumentError(f"the dtype of arithmetic must be {known}, got {dtype}; measure the limit of that one")
        arithmetic = flops / self.arithmetic[dtype].rate / 1e9 if flops and dtype is not None else 0.0
        return arithmetic, bytes_moved / self.memory.rate / 1e9

    def __str__(self) -> str:
        rates = [f"{name} {peak.rate:.0f} GFLOP/s ({peak.reached_by})" for name, peak in self.arithmetic.items()]
        memory = f"memory {self.memory.rate:.1f} GB/s ({self.memory.reached_by})"
        return f"limits: {', '.join([*rates, memory])}; last-level cache of {self.cache / 2**20:.0f} MiB"


def measure_limits(
    dtypes: Collection[str], convolutions: Sequence[tuple[int, int, int, int]], *, seconds: float = 0.2
) -> Limits:
    """Measure the rates of matrix products, of 3×3 convolutions with the channels last in all three directions, and of
    copies and sums of arrays far larger than the last-level cache; the largest is the limit.

    Args:
        dtypes: names of those to compute in.
        convolutions: (B, C, H, W) of maps that are convolved to as many.
        seconds: that each is repeated for.
    """
    # As training does: a convolution whose result is put into new pages each time is no limit.
    keep_freed_memory()
    cache, arithmetic = cache_size(), dict[str, Peak]()
    for name in dtypes:
        dtype = getattr(torch, name)
        rates = (*_product_rates(dtype, seconds), *_convolution_rates(dtype, convolutions, seconds))
        arithmetic[name] = _larger(rates)
    return Limits(arithmetic=arithmetic, memory=_larger([*_memory_rates(4 * cache, seconds)]), cache=cache)


def cache_size() -> int:
    """Bytes of the last-level cache as the first core sees it; 32 MiB where the system does not tell."""
    folder, units = Path("/sys/devices/system/cpu/cpu0/cache"), {"K": 2**10, "M": 2**20, "G": 2**30}
    texts = [file.read_text().strip() for file in folder.glob("index*/size")]
    sizes = [int(text[:-1]) * units[text[-1]] for text in texts if text[:-1].isdigit() and text[-1] in units]
    return max(sizes, default=_UNKNOWN_CACHE)


def _product_rates(dtype: torch.dtype, seconds: float) -> Iterator[Peak]:
    for m, k, n in _PRODUCTS:
        a, b = torch.ones(m, k, dtype=dtype), torch.ones(k, n, dtype=dtype)
        yield _peak(partial(torch.mm, a, b), 2 * m * k * n, seconds, f"product {m}×{k}×{n}")


def _convolution_rates(
    dtype: torch.dtype, shapes: Sequence[tuple[int, int, int, int]], seconds: float
) -> Iterator[Peak]:
    layout, settings = torch.channels_last, ([1, 1], [1, 1], [1, 1], False, [0, 0], 1)
    forward, backward = torch.ops.aten.convolution.default, torch.ops.aten.convolution_backward.default
    for batch, maps, height, width in shapes:
        x = torch.ones(batch, maps, height, width, dtype=dtype).to(memory_format=layout)
        weight = torch.ones(maps, maps, 3, 3, dtype=dtype).to(memory_format=layout)
        arguments, where = (x, weight, None, *settings), f"{maps} maps of {height}×{width}"
        flops = work_of(forward, arguments, {}, x).flops
        yield _peak(partial(forward, *arguments), flops, seconds, f"convolution, {where}")
        for half, mask in (("inputs", [True, False, False]), ("weights", [False, True, False])):
            back = partial(backward, x, *arguments, mask)
            yield _peak(back, flops, seconds, f"convolution to {half}, {where}")


def _memory_rates(size: int, seconds: float) -> Iterator[Peak]:
    a, b, c = (torch.ones(size // 4) for _ in range(3))
    yield _peak(lambda: c.copy_(a), 2 * 4 * a.numel(), seconds, "copy")
    yield _peak(lambda: torch.add(a, b, out=c), 3 * 4 * a.numel(), seconds, "sum of two arrays")


def _peak(compute: Callable[[], object], amount: float, seconds: float, name: str) -> Peak:
    """The best of at least three calls, after one that does not count."""
    compute()
    best, calls, end = float("inf"), 0, time.perf_counter() + seconds
    while calls < _LEAST_CALLS or time.perf_counter() < end:
        calls += 1
        since = time.perf_counter()
        compute()
        best = min(best, time.perf_counter() - since)
    return Peak(rate=amount / best / 1e9, reached_by=name)


def _larger(peaks: Sequence[Peak]) -> Peak:
    return max(peaks, key=lambda peak: peak.rate)
