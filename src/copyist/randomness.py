"""Seeds and generators: all randomness is derived from one seed and from names, and nothing is drawn globally."""

__all__ = ["SharedGenerator", "derive", "draw_below", "draw_normal", "draw_normal_law", "draw_uniform", "generator"]

import contextlib
import hashlib
from collections.abc import Generator, Sequence
from typing import final

import torch
from torch import Tensor


def derive(seed: int, *names: str | int) -> int:
    """Derive a new seed, in [0, 2⁶³), from a seed and the names of its purpose.

    Equal arguments give equal seeds on every machine; any difference gives an unrelated one.
    """
    text = "\x1f".join([str(int(seed)), *(str(name) for name in names)])
    return int.from_bytes(hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:8], "little") >> 1


def generator(seed: int, *names: str | int, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator for one purpose, seeded by `derive`."""
    return torch.Generator(device=device).manual_seed(derive(seed, *names))


@final
class SharedGenerator(torch.Generator):
    """The generator of a batch that several processes share, each with an equal part of it in the order of their ranks.

    The functions of this module draw the numbers of the whole batch from it, as one process alone would, and return
    those of this process's examples. So a batch gets the same numbers however many processes share it, and what is
    drawn once for all examples is the same in each. Every process makes the same calls.
    """

    rank: int
    """Which of the processes this is."""

    world_size: int
    """How many share a batch."""

    @classmethod
    def of(cls, seed: int, *, rank: int, world_size: int) -> "SharedGenerator":
        """A generator with this seed, the same one in each process."""
        shared = cls()
        shared.manual_seed(seed)
        shared.rank, shared.world_size = rank, world_size
        return shared

    @contextlib.contextmanager
    def undivided(self) -> Generator[None, None, None]:
        """Context manager: this process has the whole batch at hand, and gets all of its numbers."""
        before = self.rank, self.world_size
        self.rank, self.world_size = 0, 1
        try:
            yield
        finally:
            self.rank, self.world_size = before


def draw_normal(
    shape: Sequence[int],
    *,
    mean: float = 0.0,
    std: float = 1.0,
    generator: torch.Generator | None = None,
    like: Tensor,
    axis: int = 0,
) -> Tensor:
    """Draw from N(mean, std²) on the generator's device, and hand the values over in the device and dtype of `like`.

    Without a generator, seed 0 is used: the same call gives the same values. `axis` numbers the examples, which several
    processes may share.
    """
    source = generator if generator is not None else torch.Generator(device="cpu").manual_seed(0)
    values = torch.randn(_whole(shape, source, axis), generator=source, device=source.device, dtype=torch.float32)
    return _own_part(values, source, axis).mul_(std).add_(mean).to(device=like.device, dtype=like.dtype)


def draw_normal_law(x: Tensor, *, count: int, scale: float = 1.0, generator: torch.Generator) -> Tensor:
    """Draw from the normal law that has the mean m and all covariances S of examples: from N(m, scale²·S).

        m + scale · Σᵢ εᵢ·(xᵢ − m) / √(n − 1),  ε ~ N(0, I)

    has this law, and S need not be written down. It has no more directions than there are examples.

    Args:
        x: examples (n, …), n at least 2.
        count: how many to draw.
        scale: factor on the standard deviations.
        generator: draws ε.

    Returns:
        (count, …), in the device and dtype of `x`.
    """
    mean = x.mean(0)
    weights = draw_normal((count, len(x)), generator=generator, like=x)
    away = weights @ (x - mean).flatten(1) * (scale / (len(x) - 1) ** 0.5)
    return mean + away.view(count, *mean.shape)


def draw_uniform(
    shape: Sequence[int], *, generator: torch.Generator, like: Tensor | None = None, axis: int = 0
) -> Tensor:
    """Draw from [0, 1) on the generator's device, and hand the values over in the device and dtype of `like`, or as
    they are. `axis` numbers the examples, as for `draw_normal`."""
    whole = _whole(shape, generator, axis)
    drawn = torch.rand(whole, generator=generator, device=generator.device, dtype=torch.float32)
    values = _own_part(drawn, generator, axis)
    return values if like is None else values.to(device=like.device, dtype=like.dtype)


def draw_below(high: int, shape: Sequence[int], *, generator: torch.Generator) -> Tensor:
    """Draw whole numbers from [0, high), int64 on the generator's device; the first axis numbers the examples."""
    whole = _whole(shape, generator, 0)
    return _own_part(torch.randint(high, whole, generator=generator, device=generator.device), generator, 0)


def _whole(shape: Sequence[int], generator: torch.Generator, axis: int) -> tuple[int, ...]:
    """The shape of all examples that processes share, from that of those of one process."""
    if not isinstance(generator, SharedGenerator):
        return tuple(shape)
    return tuple(side * generator.world_size if place == axis else side for place, side in enumerate(shape))


def _own_part(values: Tensor, generator: torch.Generator, axis: int) -> Tensor:
    """What this process has of the values of all."""
    if not isinstance(generator, SharedGenerator) or generator.world_size == 1:
        return values
    count = values.shape[axis] // generator.world_size
    return values.narrow(axis, generator.rank * count, count)
