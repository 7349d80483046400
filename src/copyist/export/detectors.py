"""A detector as a part that can leave PyTorch: anomalies, p-values, what is flagged, and where the anomaly lies."""

__all__ = ["DETECTOR", "check_size_of_training", "detector_part", "network_of"]

import copy
from collections.abc import Hashable, Mapping, Sequence

import torch
from torch import Tensor, nn

from copyist.detection import Detector, p_values
from copyist.detection.copies import Copies, at_least_float32
from copyist.detection.no_model import NoModel
from copyist.errors import ContractError
from copyist.export.examples import draw_examples
from copyist.export.part import Part, Value
from copyist.models.contracts import Model, Reconstructor
from copyist.tensors import Examples

DETECTOR = "detector"
"""The name of the part."""

_CLOSE = 1e-3
"""Of the largest anomaly, how near a calibration anomaly one must lie for its p-value to hang on rounding."""


def detector_part(detector: Detector) -> Part:
    """A detector as a function of examples of the shape it was fitted on, in batches of any number.

    Each run takes its examples as one batch. Of a table these are rows as the model takes them, which the detector's
    encoding makes of a table as it is.

    Raises:
        ContractError: its measure cannot leave PyTorch, by name and with the reason.
    """
    model = copy.deepcopy(detector.model).cpu().float().eval().requires_grad_(False)
    shape = model.example_shape
    if shape is None:
        raise ContractError("a detector is exported at the shape of its training, and its model does not say which")
    judge = _Judge(detector, model, shape)
    outputs = [
        Value(name="anomaly", what="(B,), larger is stranger"),
        Value(name="p_value", what="float64 (B,), conformal, in (0, 1]", is_decision=True),
        Value(
            name="flagged",
            what=f"bool (B,), whether the p-value is at most {detector.false_alarms:g}",
            is_decision=True,
        ),
    ]
    if judge.has_parts:
        where = "rows (B, D), of each column" if model.takes_tables else "heatmaps (B, H, W), of each pixel"
        name = "column_parts" if model.takes_tables else "heatmap"
        outputs.append(Value(name=name, what=f"where the anomaly lies: {where}, not negative, larger is stranger"))
    what = "rows (B, D) as the model takes them" if model.takes_tables else "images (B, C, H, W) in [0, 1]"
    return Part(
        name=DETECTOR,
        what="how strange each example is, how rare that is among normal ones, and whether it is flagged",
        model=judge,
        function=judge.forward,
        inputs=(Value(name="x", what=what),),
        outputs=tuple(outputs),
        draw=lambda count, shape: (draw_examples(model, count, shape),),
        shape=shape,
        is_decided=judge.is_decided,
    )


def network_of(model: Model | Detector) -> Model:
    """The model of a detector, or the model itself."""
    return model.model if isinstance(model, Detector) else model


def check_size_of_training(size: tuple[int, int] | None) -> None:
    """Refuse another size for a detector, whose statistics are of the places of images of its training.

    Raises:
        ContractError: one is named.
    """
    if size is not None:
        raise ContractError("a detector is exported at the size of its training, got another; leave --size out")


class _Judge(nn.Module):
    """Examples (B, ...) to anomalies, p-values, flags and, where the measure can tell, parts.

    What the measure draws from fixed seeds is drawn once, here, and is a constant of the program.
    """

    calibration: Tensor
    p_values: Tensor

    def __init__(self, detector: Detector, model: Reconstructor | NoModel, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.model, self._measure, self._false_alarms = model, detector.measure, detector.false_alarms
        ordered = _comparable(detector.calibration).cpu().sort(descending=True).values
        self.register_buffer("calibration", ordered)
        # By how many of the calibration are as strange or stranger.
        reached = torch.cat([torch.full((1,), torch.inf).double(), ordered])
        self.register_buffer("p_values", p_values(reached, detector.calibration, groups=detector.groups).cpu())
        self._statistics = list(detector.statistics)
        for place, name in enumerate(self._statistics):
            self.register_buffer(f"statistics_{place}", detector.statistics[name].cpu())
        self._drawn: list[Hashable] = []
        drawn: dict[Hashable, Tensor] = {}
        found = Copies(model, draw_examples(model, 2, shape), batch_size=2, drawn=drawn)
        with torch.no_grad():
            self._measure(found, self._own_statistics())
            self.has_parts = self._measure.parts(found, self._own_statistics()) is not None
        for place, (key, tensor) in enumerate(drawn.items()):
            self._drawn.append(key)
            self.register_buffer(f"drawn_{place}", tensor)

    def forward(self, x: Examples) -> tuple[Tensor, ...]:
        drawn = {key: self.get_buffer(f"drawn_{place}") for place, key in enumerate(self._drawn)}
        # One batch, whose statistics a model may use, however many it was trained with at a time.
        at_once = None if torch.compiler.is_compiling() else x.shape[0]
        copies, statistics = Copies(self.model, x, batch_size=at_once, drawn=drawn), self._own_statistics()
        anomaly = at_least_float32(self._measure(copies, statistics))
        above = (self.calibration[None] >= _comparable(anomaly)[:, None]).sum(1)
        p = self.p_values[above]
        parts = self._measure.parts(copies, statistics)
        answers = (anomaly, p, p <= self._false_alarms)
        return answers if parts is None else (*answers, at_least_float32(parts))

    def is_decided(self, outputs: Sequence[Tensor]) -> Tensor:
        """(B,), bool: whose anomalies lie so far from all of the calibration that rounding does not move them past."""
        anomaly = _comparable(outputs[0])
        gap = (self.calibration[None] - anomaly[:, None]).abs().min(1).values
        return gap > _CLOSE * anomaly.abs().max()

    def _own_statistics(self) -> Mapping[str, Tensor]:
        return {name: self.get_buffer(f"statistics_{place}") for place, name in enumerate(self._statistics)}


def _comparable(anomaly: Tensor) -> Tensor:
    """In float64, in which one that is not a number counts as the strangest."""
    return torch.where(anomaly.isnan(), torch.inf, anomaly).double()
