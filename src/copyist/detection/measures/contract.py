"""What a measure of anomaly is: settings, statistics of normal examples, and one number per example."""

__all__ = ["AnomalyMeasure", "Statistics"]

import abc
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from torch import Tensor

from copyist.detection.copies import Copies
from copyist.models.contracts import Model
from copyist.tensors import PerImage

Statistics: TypeAlias = Mapping[str, Tensor]
"""What a measure has learned of normal examples, by name; it travels in the detector's file."""


@dataclass(frozen=True, kw_only=True)
class AnomalyMeasure(abc.ABC):
    """How strange an example is to a trained model: settings one calls, with the statistics that `fit` found.

    The answer for one example does not depend on the others in its batch. What is random is drawn from a fixed seed
    and is the same for all examples.
    """

    @property
    def uses_model(self) -> bool:
        """Whether the model has a part in it; where it has none, the model need not copy."""
        return True

    @abc.abstractmethod
    def fit(self, train: Copies, held_out: Copies) -> Statistics:
        """Learn what is normal.

        Args:
            train: the examples that the model was trained on.
            held_out: normal examples that it was not trained on, which show what is normal for new ones; those of the
                calibration are not among them.

        Raises:
            ContractError: the model lacks what the measure asks of it.
        """

    @abc.abstractmethod
    def __call__(self, copies: Copies, statistics: Statistics) -> PerImage:
        """The anomaly of each example, (B,), float32 at least, larger is stranger."""

    def parts(self, copies: Copies, statistics: Statistics) -> Tensor | None:
        """Where the anomaly lies: of rows (B, D), a share for each column; of images (B, H, W), one for each pixel.

        Not negative, larger is stranger. None where the measure cannot tell.
        """
        return None

    def check_model(self, model: Model) -> None:  # noqa: B027 most measures ask for nothing more
        """Refuse, before training, a model that lacks what the measure asks of it.

        Raises:
            ContractError: it does.
        """
