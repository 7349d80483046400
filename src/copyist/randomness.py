"""Seeds and generators: all randomness is derived from one seed and from names, and nothing is drawn globally."""

__all__ = ["derive", "draw_normal", "draw_uniform", "generator"]

import hashlib
from collections.abc import Sequence

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


def draw_normal(
    shape: Sequence[int],
    *,
    mean: float = 0.0,
    std: float = 1.0,
    generator: torch.Generator | None = None,
    like: Tensor,
) -> Tensor:
    """Draw from N(mean, std²) on the generator's device, and hand the values over in the device and dtype of `like`.

    Without a generator, seed 0 is used: the same call gives the same values.
    """
    source = generator if generator is not None else torch.Generator(device="cpu").manual_seed(0)
    values = torch.randn(tuple(shape), generator=source, device=source.device, dtype=torch.float32)
    return values.mul_(std).add_(mean).to(device=like.device, dtype=like.dtype)


def draw_uniform(shape: Sequence[int], *, generator: torch.Generator, like: Tensor) -> Tensor:
    """Draw from [0, 1) on the generator's device, and hand the values over in the device and dtype of `like`."""
    values = torch.rand(tuple(shape), generator=generator, device=generator.device, dtype=torch.float32)
    return values.to(device=like.device, dtype=like.dtype)
