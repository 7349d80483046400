"""Embeddings of the noise level, and of the class, of a noisy example."""

__all__ = ["NoiseLevelEmbedding", "noise_level_features"]

import torch
from torch import Tensor, nn

_SLOWEST, _FASTEST = 0.125, 16.0
"""Radians per unit of log σ of the slowest and of the fastest wave. A period of the slowest is a factor of e^50 in σ,
far more than noise levels differ by: no two have the same features."""


def noise_level_features(level: Tensor, *, features: int) -> Tensor:
    """Sines and cosines of log noise levels (B,), of geometrically spaced frequencies: (B, features).

    Source:
        Vaswani et al. (2017), section 3.5, of log σ as in Karras et al. (2022), table 1.
    """
    half = features // 2
    exponents = torch.arange(half, device=level.device, dtype=level.dtype) / max(1, half - 1)
    phases = level[:, None] * (_SLOWEST * (_FASTEST / _SLOWEST) ** exponents)
    return torch.cat([phases.sin(), phases.cos()], dim=1)


class NoiseLevelEmbedding(nn.Module):
    """An embedding (B, E) of log noise levels (B,), and of classes (B,) where there are any.

        e = W₂·silu(W₁·features(log σ) + c_y)

    Args:
        size: E, an even number.
        num_classes: how many classes there are, whose numbers are below it; None for none.
    """

    def __init__(self, size: int, *, num_classes: int | None = None) -> None:
        super().__init__()
        self.features = size
        self.input = nn.Linear(size, size)
        self.output = nn.Linear(size, size)
        # The last row is that of no class.
        self.classes = None if num_classes is None else nn.Embedding(num_classes + 1, size)
        if self.classes is not None:
            nn.init.normal_(self.classes.weight, std=size**-0.5)

    def forward(self, level: Tensor, labels: Tensor | None = None) -> Tensor:
        """(B, E) for log noise levels (B,) and classes (B,), of which a negative one, or no labels, is no class."""
        h = self.input(noise_level_features(level, features=self.features))
        if self.classes is not None:
            last = self.classes.num_embeddings - 1
            none = torch.full((level.shape[0],), last, device=level.device)
            h = h + self.classes(none if labels is None else torch.where(labels < 0, last, labels))
        return nn.functional.silu(self.output(nn.functional.silu(h)))
