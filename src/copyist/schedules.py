"""One number per step."""

__all__ = ["cosine", "geometric", "linear", "warmup_cosine"]

import math

from copyist.checks import check_at_least, check_positive


def linear(steps: int) -> tuple[float, ...]:
    """n / N for n = 1 … N: the share of a copy against noise, rising evenly to 1.

    Raises:
        ArgumentError: `steps` is less than 1.
    """
    check_at_least("steps", steps, 1)
    return tuple(n / steps for n in range(1, steps + 1))


def cosine(steps: int) -> tuple[float, ...]:
    """(1 − cos(π n / N)) / 2 for n = 1 … N: slow at both ends.

    Raises:
        ArgumentError: `steps` is less than 1.
    """
    check_at_least("steps", steps, 1)
    return tuple((1 - math.cos(math.pi * n / steps)) / 2 for n in range(1, steps + 1))


def geometric(steps: int, *, last: float = 0.01) -> tuple[float, ...]:
    """1 − last^(n / N) for n < N, then 1: the share of noise falls by an equal factor at each step.

    Raises:
        ArgumentError: `steps` is less than 1, or `last` is not greater than 0.
    """
    check_at_least("steps", steps, 1)
    check_positive("last", last)
    return (*(1 - last ** (n / steps) for n in range(1, steps)), 1.0)


def warmup_cosine(step: int, *, steps: int, warmup: int) -> float:
    """The share of the peak learning rate at `step`, counted from 0: rises evenly over `warmup` steps, then falls to 0.

    The first step has 1 / (warmup + 1) of the peak, and the last is not wholly wasted: the cosine reaches 0 only at
    `steps`, which is never taken.

    Source:
        Loshchilov & Hutter (2017), equation 5, without restarts.
    """
    if step < warmup:
        return (step + 1) / (warmup + 1)
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup)))
