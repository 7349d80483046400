"""Noise that belongs to each sample: the same values however many samples are drawn, and in whatever batches."""

__all__ = ["ExampleNoise", "draw_seed"]

from typing import final

import numpy as np
import torch
from torch import Tensor


def draw_seed(generator: torch.Generator) -> int:
    """A seed of noise, in [0, 2⁶²), drawn from a generator on whatever device."""
    return int(torch.randint(2**62, (), generator=generator, device=generator.device))


@final
class ExampleNoise:
    """Draws from N(0, I), each a function of the seed, of the sample's number, and of how many draws came before.

    Source:
        Salmon et al. (2011), "Parallel Random Numbers: As Easy as 1, 2, 3", for counter-based generators: Philox.
    """

    def __init__(self, seed: int, numbers: range) -> None:
        """Draw for the samples of these numbers."""
        self._seed = seed
        self._numbers = numbers
        self._draws = 0

    def __call__(self, like: Tensor) -> Tensor:
        """ε (B, ...), in the shape, dtype and device of `like`; B is how many numbers there are."""
        values = torch.empty(like.shape)
        for place, number in enumerate(self._numbers):
            # The lower half of the counter is left to the values of this draw.
            bits = np.random.Philox(key=self._seed, counter=[0, 0, self._draws, number])
            np.random.Generator(bits).standard_normal(dtype=np.float32, out=values[place].numpy())
        self._draws += 1
        return values.to(device=like.device, dtype=like.dtype)
