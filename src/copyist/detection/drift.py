"""A martingale that grows when new data no longer come as the calibration did.

Each example gets a p-value among those of the calibration and all new ones before it. As long as the order of all of
them could as well be any other, these are independent and uniform, and the martingale, a fortune at fair bets against
that, exceeds 1/δ at any time with probability at most δ (Ville's inequality).

Source:
    Vovk et al. (2021), "Retrain or not retrain: conformal test martingales for change-point detection", section 3
    (the Simple Jumper).
"""

__all__ = ["Drift", "drift"]

import bisect
import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from copyist.checks import check_within
from copyist.errors import ArgumentError
from copyist.randomness import generator
from copyist.tensors import PerImage

_BETS = (-1.0, 0.0, 1.0)
"""Slopes ε of the densities 1 + ε (p − ½) that are betted on: small p-values, uniform ones, large ones."""

_JUMP = 0.01
"""The share of the fortune that is spread over all bets anew at each step."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Drift:
    """What a martingale says of new examples, in their order."""

    log_martingale: Tensor
    """(B,), float64: the natural logarithm of the martingale after each example; 0 before the first."""

    level: float
    """δ: the probability of an alarm, ever, on data that did not change."""

    @property
    def alarm(self) -> int | None:
        """The place of the first example after which the martingale is at least 1/δ; None where there is none."""
        found = (self.log_martingale >= -math.log(self.level)).nonzero()
        return int(found[0, 0]) if len(found) else None


def drift(anomaly: PerImage, calibration: PerImage, *, level: float = 0.01, seed: int = 0) -> Drift:
    """Watch the anomalies of new examples for a change.

    Args:
        anomaly: (B,), of new examples in the order in which they came.
        calibration: (N,), of normal examples.
        level: δ, in (0, 1).
        seed: of the draws that part equal anomalies.

    Returns:
        The martingale and its first alarm.

    Raises:
        ArgumentError: `level` is not in (0, 1).
    """
    check_within("level", level, 0, 1)
    if level in (0, 1):
        raise ArgumentError(f"level must lie between 0 and 1, got {level}; give 0.01")
    fortunes = [1 / len(_BETS)] * len(_BETS)
    scale, path = 0.0, list[float]()
    for p in _online_p_values(anomaly, calibration, seed=seed):
        whole = sum(fortunes)
        spread = [(1 - _JUMP) * fortune + _JUMP * whole / len(_BETS) for fortune in fortunes]
        fortunes = [fortune * (1 + bet * (p - 0.5)) for fortune, bet in zip(spread, _BETS, strict=True)]
        # Kept near 1, so that a long run neither overflows nor vanishes.
        whole = sum(fortunes)
        scale += math.log(whole)
        fortunes = [fortune / whole for fortune in fortunes]
        path.append(scale)
    return Drift(log_martingale=torch.tensor(path, dtype=torch.float64), level=level)


def _online_p_values(anomaly: PerImage, calibration: PerImage, *, seed: int) -> list[float]:
    """Of each example among the calibration, those before it and itself, with equal ones parted at random."""
    seen = sorted(calibration.double().tolist())
    draws = torch.rand(len(anomaly), generator=generator(seed, "drift"), dtype=torch.float64).tolist()
    found: list[float] = []
    for value, draw in zip(torch.where(anomaly.isnan(), torch.inf, anomaly).double().tolist(), draws, strict=True):
        bisect.insort(seen, value)
        above = len(seen) - bisect.bisect_right(seen, value)
        equal = len(seen) - above - bisect.bisect_left(seen, value)
        found.append((above + draw * equal) / len(seen))
    return found
