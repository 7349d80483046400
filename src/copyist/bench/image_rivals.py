"""Simple detectors of images that place what they find by the measures of trained nets."""

__all__ = ["image_rivals"]

from dataclasses import replace
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from copyist.baselines.linear_copier import LinearCopier, principal_copier
from copyist.data import Splits
from copyist.detection import Detector
from copyist.detection.copies import Copies
from copyist.detection.measures import AnomalyMeasure, LocalCodeDistance, LocalError
from copyist.models.contracts import Model, Reconstructor
from copyist.models.mlp import MLPConfig
from copyist.tensors import Images

_AXES = 64
_PATCH = 8


def image_rivals(detector: Detector, splits: Splits) -> dict[str, Detector]:
    """Simple detectors by name, fitted on the normal images that a detector was fitted on.

    They are the projection on 64 principal axes, whose error is measured as that of a net's copies is (`LocalError`),
    and the nearest neighbor of patches of 8×8 pixels, measured as a net's codes are (`LocalCodeDistance`). So both have
    units for each place.

    Args:
        detector: whose shape of images and rate of false alarms they take.
        splits: those it was fitted on, with one for calibration.
    """
    train = splits.train.images()
    error, codes = LocalError(), LocalCodeDistance(layers=("patches",), neighbors=(1,))
    rivals: dict[str, tuple[Reconstructor, AnomalyMeasure]] = {
        f"{_AXES} principal axes": (_Projection(detector.model, principal_copier(train, num_axes=_AXES)), error),
        "nearest patch": (_Patches(detector.model), codes),
    }
    return {name: _refitted(detector, *each, splits) for name, each in rivals.items()}


class _Known(Reconstructor):
    """A net that is not trained."""

    def __init__(self, like: Model) -> None:
        super().__init__()
        self.trained_on = like.trained_on

    @property
    def config(self) -> Any:
        return MLPConfig()

    def check_input(self, x: Images) -> None:
        pass


@final
class _Projection(_Known):
    """Copies by principal axes."""

    def __init__(self, like: Model, copier: LinearCopier) -> None:
        super().__init__(like)
        self._copier = copier

    def forward(self, x: Images) -> Images:
        return self._copier(x)


@final
class _Patches(_Known):
    """Copies everything; its layer has the patch around each pixel as maps."""

    def __init__(self, like: Model) -> None:
        super().__init__(like)
        self.patches = _Unfold()

    def forward(self, x: Images) -> Images:
        self.patches(x)
        return x.clone()


class _Unfold(nn.Module):
    def forward(self, x: Images) -> Tensor:
        """(B, C·8·8, H / 4, W / 4)."""
        low = _PATCH // 2 - _PATCH // 4
        padded = F.pad(x, (low, low, low, low), mode="replicate")
        size = [side // (_PATCH // 2) for side in x.shape[2:]]
        return F.unfold(padded, _PATCH, stride=_PATCH // 2).unflatten(2, size)


def _refitted(detector: Detector, model: Reconstructor, measure: AnomalyMeasure, splits: Splits) -> Detector:
    assert splits.calibration is not None
    with torch.no_grad():
        found = measure.fit(Copies(model, splits.train.images()), Copies(model, splits.test.images()))
        anomaly = measure(Copies(model, splits.calibration.images()), found)
    return replace(detector, model=model, measure=measure, statistics=found, calibration=anomaly)
