"""Several measures of anomaly as one, each in the units of held-out normal examples."""

__all__ = ["Combined"]

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from copyist.detection.copies import Copies
from copyist.detection.measures.contract import AnomalyMeasure, Statistics
from copyist.errors import ArgumentError
from copyist.models.contracts import Model
from copyist.tensors import PerImage


@final
@dataclass(frozen=True, kw_only=True)
class Combined(AnomalyMeasure):
    """The mean of several measures' anomalies, each divided by its median over held-out normal examples.

    It grows without bound wherever one of them does.
    """

    measures: tuple[AnomalyMeasure, ...]

    def __post_init__(self) -> None:
        if not self.measures:
            raise ArgumentError("a combination must have at least one measure, got none")

    @property
    def uses_model(self) -> bool:
        return any(measure.uses_model for measure in self.measures)

    def fit(self, train: Copies, held_out: Copies) -> Statistics:
        """The statistics of each measure, and the median of its anomalies, or a tenth of their mean if that is more."""
        found: dict[str, Tensor] = {}
        medians: list[Tensor] = []
        for place, measure in enumerate(self.measures):
            own = measure.fit(train, held_out)
            found |= {f"{place}.{name}": tensor for name, tensor in own.items()}
            anomalies = measure(held_out, own)
            # Where most examples have a twin, half of the distances are 0.
            medians.append(torch.maximum(anomalies.median(), anomalies.mean() / 10))
        units = torch.stack(medians)
        # Its name has no place in front, so that no measure's own statistics have it.
        return found | {"units": torch.where(units > 0, units, 1)}

    def __call__(self, copies: Copies, statistics: Statistics) -> PerImage:
        found = [
            measure(copies, _own(statistics, place)) / statistics["units"][place].to(copies.x)
            for place, measure in enumerate(self.measures)
        ]
        return torch.stack(found).mean(0)

    def parts(self, copies: Copies, statistics: Statistics) -> Tensor | None:
        """The mean of those of the measures that can tell."""
        found: list[Tensor] = []
        for place, measure in enumerate(self.measures):
            parts = measure.parts(copies, _own(statistics, place))
            if parts is not None:
                found.append(parts / statistics["units"][place].to(parts))
        return torch.stack(found).mean(0) if found else None

    def check_model(self, model: Model) -> None:
        for measure in self.measures:
            measure.check_model(model)


def _own(statistics: Statistics, place: int) -> dict[str, Tensor]:
    start = f"{place}."
    return {name.removeprefix(start): tensor for name, tensor in statistics.items() if name.startswith(start)}
