"""How far the code of an example is from the codes of normal ones."""

__all__ = ["CodeDistance", "neighbor_distances"]

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from copyist.checks import check_at_least
from copyist.detection.copies import Copies
from copyist.detection.measures.contract import AnomalyMeasure, Statistics
from copyist.errors import ArgumentError
from copyist.models.contracts import Autoencoder, Reconstructor, needs
from copyist.tensors import PerImage

_CHUNK = 2**22
"""Distances that are computed at once."""


@final
@dataclass(frozen=True, kw_only=True)
class CodeDistance(AnomalyMeasure):
    """The distance of a code to its k-th nearest among the codes of the training examples.

    Codes are taken in units of the standard deviations of the training examples' codes.
    """

    neighbors: float = 5
    """k; below 1, the share of the training examples that it is."""

    most: int = 10_000
    """Training examples whose codes are kept, spread evenly over all of them."""

    def __post_init__(self) -> None:
        if not self.neighbors > 0 or (self.neighbors >= 1 and self.neighbors != int(self.neighbors)):
            raise ArgumentError(
                f"neighbors must be a whole number of at least 1, or a share below 1, got {self.neighbors}"
            )
        check_at_least("most", self.most, 1)

    def fit(self, train: Copies, held_out: Copies) -> Statistics:
        """The codes of the training examples, and their mean and standard deviation."""
        codes = train.z.flatten(1)
        mean, std = codes.mean(0), codes.std(0, correction=0)
        std = torch.where(std > 0, std, 1)
        kept = torch.arange(min(len(codes), self.most)) * len(codes) // min(len(codes), self.most)
        return {"mean": mean, "std": std, "codes": ((codes - mean) / std)[kept.to(codes.device)]}

    def __call__(self, copies: Copies, statistics: Statistics) -> PerImage:
        codes = (copies.z.flatten(1) - statistics["mean"].to(copies.z)) / statistics["std"].to(copies.z)
        kept = statistics["codes"].to(codes)
        k = int(self.neighbors) if self.neighbors >= 1 else math.ceil(self.neighbors * len(kept))
        return neighbor_distances(codes, kept, ranks=(min(k, len(kept)),))[:, 0]

    def check_model(self, model: Reconstructor) -> None:
        needs(model, Autoencoder, verb="detect by codes")


@torch.no_grad()
def neighbor_distances(queries: Tensor, references: Tensor, *, ranks: Sequence[int]) -> Tensor:
    """Euclidean distances to the k-th nearest references.

    Args:
        queries: (B, D).
        references: (N, D).
        ranks: the k, each from 1 to N.

    Returns:
        (B, len(ranks)), float32.
    """
    rows = max(1, _CHUNK // len(references))
    places = [rank - 1 for rank in ranks]
    found: list[Tensor] = []
    for part in queries.split(rows):
        nearest = torch.cdist(part, references, compute_mode="donot_use_mm_for_euclid_dist")
        found.append(nearest.topk(max(ranks), largest=False).values[:, places])
    return torch.cat(found)
