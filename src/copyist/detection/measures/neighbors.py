"""How far the code of an example is from the codes of normal ones."""

__all__ = ["CodeDistance"]

from dataclasses import dataclass
from typing import final

import torch

from copyist.checks import check_at_least
from copyist.detection.copies import Copies
from copyist.detection.measures.contract import AnomalyMeasure, Statistics
from copyist.metrics.neighbors import check_neighbors, neighbor_distances, neighbor_rank
from copyist.models.contracts import Autoencoder, Reconstructor, needs
from copyist.tensors import PerImage


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
        check_neighbors(self.neighbors)
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
        k = neighbor_rank(self.neighbors, num_references=len(kept))
        return neighbor_distances(codes, kept, ranks=(k,))[:, 0]

    def check_model(self, model: Reconstructor) -> None:
        needs(model, Autoencoder, verb="detect by codes")
