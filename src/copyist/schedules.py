"""One number per step."""

__all__ = ["cosine", "exploding_levels", "geometric", "linear", "straight_levels", "warmup_cosine"]

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


def straight_levels(steps: int, *, largest: float) -> tuple[float, ...]:
    """Noise levels s₀ > … > s_N = 0 for N steps, evenly spaced in t = s / (1 + s), which is the straight path's.

    Args:
        steps: N.
        largest: s₀, in units of the data's standard deviation.

    Returns:
        N + 1 levels in those units.

    Raises:
        ArgumentError: `steps` is less than 1, or the largest is not greater than 0.

    Source:
        Lipman et al. (2023), "Flow Matching for Generative Modeling", example II, for the path.
    """
    check_at_least("steps", steps, 1)
    check_positive("largest", largest)
    first = largest / (1 + largest)
    times = (first * (1 - n / steps) for n in range(steps + 1))
    return tuple(t / (1 - t) for t in times)


def exploding_levels(
    steps: int, *, largest: float, smallest: float = 0.004, exponent: float = 7.0
) -> tuple[float, ...]:
    """Noise levels s₀ > … > s_{N−1} > s_N = 0 for N steps, evenly spaced in s^(1/ρ) but for the last.

        sₙ = (s₀^(1/ρ) + n / (N − 1)·(s_{N−1}^(1/ρ) − s₀^(1/ρ)))^ρ

    Args:
        steps: N; with one step the levels are the largest and 0.
        largest: s₀, in units of the data's standard deviation.
        smallest: s_{N−1}, the last before 0.
        exponent: ρ.

    Returns:
        N + 1 levels in those units.

    Raises:
        ArgumentError: `steps` is less than 1, or a level or the exponent is not greater than 0.

    Source:
        Karras et al. (2022), equation 5; their levels of 80 and 0.002 are 160 and 0.004 standard deviations.
    """
    check_at_least("steps", steps, 1)
    for name, value in (("largest", largest), ("smallest", smallest), ("exponent", exponent)):
        check_positive(name, value)
    first, last = largest ** (1 / exponent), smallest ** (1 / exponent)
    shares = (n / max(1, steps - 1) for n in range(steps))
    return (*((first + share * (last - first)) ** exponent for share in shares), 0.0)


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
