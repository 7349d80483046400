"""Models whose every number takes part, and what they are held against: the exported file, run by its own runtime."""

import functools
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import onnxruntime
import pytest
import torch
from torch import Tensor

from copyist.checkpoint import Header
from copyist.detection import Detector
from copyist.detection.copies import Copies
from copyist.detection.measures import AnomalyMeasure
from copyist.detection.no_model import NoModel
from copyist.models import ModelConfig
from copyist.models.contracts import Model, Reconstructor, TrainedOn


@pytest.fixture(scope="session", autouse=True)
def translations_are_read_once() -> Generator[None, None, None]:
    """PyTorch reads those of all operations from their sources at each export, which takes half of that of a small
    net."""
    registration: Any = pytest.importorskip("torch.onnx._internal.exporter._registration")
    operations = registration.onnxscript_apis
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "get_torchlib_ops", functools.cache(operations.get_torchlib_ops))
        yield


def made(config: ModelConfig, *, image_shape: tuple[int, int, int] | None = None) -> Model:
    """A model with weights away from where they begin, some of which is 0."""
    torch.manual_seed(3)
    model = config.build().eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    if image_shape is not None:
        model.trained_on = TrainedOn(image_shape=image_shape, batch_size=8)
    return model


def fitted(model: Model, measure: AnomalyMeasure, x: Tensor, *, groups: Tensor | None = None) -> Detector:
    """On a third each for training, held-out examples and calibration."""
    assert isinstance(model, Reconstructor | NoModel)
    train, held_out, calibration = x.split(len(x) // 3)
    statistics = measure.fit(Copies(model, train), Copies(model, held_out))
    return Detector(
        model=model,
        measure=measure,
        statistics=statistics,
        calibration=measure(Copies(model, calibration), statistics),
        false_alarms=0.1,
        groups=groups,
        header=Header(model={}, batch_size=8),
    )


def run_onnx(path: Path, **inputs: Tensor) -> list[Tensor]:
    session: Any = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return [torch.from_numpy(each) for each in session.run(None, {name: x.numpy() for name, x in inputs.items()})]


def run_torch(path: Path, *inputs: Tensor) -> Sequence[Tensor]:
    return torch.export.load(path).module()(*inputs)
