"""The size of the code of a model in a file, by its header."""

__all__ = ["RecordedCode", "recorded_code", "recorded_model"]

import math
from dataclasses import dataclass
from typing import Any, final

import torch

from copyist import settings
from copyist.checkpoint.header import Header
from copyist.checkpoint.model_file import MODEL_CATALOGUES
from copyist.errors import CopyistError
from copyist.models.code_size import code_shape
from copyist.models.contracts import Model, ModelConfig


@final
@dataclass(frozen=True, kw_only=True)
class RecordedCode:
    """A model's code, beside an example of the shape that it was trained on."""

    shape: tuple[int, ...]
    """Of the code of one example, such as (256, 4, 4)."""

    example_shape: tuple[int, ...]
    """(C, H, W) of the images, or (D,) of the rows."""

    @property
    def ratio(self) -> float:
        """Values of the code per value of the example."""
        return math.prod(self.shape) / math.prod(self.example_shape)

    def to_document(self) -> dict[str, Any]:
        """Shapes, the number of values of the code, and its ratio to those of the example."""
        return {
            "shape": list(self.shape),
            "values": math.prod(self.shape),
            "example_shape": list(self.example_shape),
            "ratio": self.ratio,
        }

    def text(self) -> str:
        """One line, such as `code 4,096 values (256x4x4), 1.33 of the image's 3,072 (3x32x32)`."""
        row = len(self.example_shape) == 1
        code, example = ("x".join(map(str, shape)) for shape in (self.shape, self.example_shape))
        of = f"the row's {example}" if row else f"the image's {math.prod(self.example_shape):,} ({example})"
        maps = f" ({code})" if len(self.shape) > 1 else ""
        return f"code {math.prod(self.shape):,} values{maps}, {self.ratio:.2f} of {of}"


def recorded_code(header: Header) -> RecordedCode | None:
    """The code of the model that a header describes.

    None where it has no code, the shape of its examples was not written down, only its own package could build it, or
    it cannot be built.
    """
    model = recorded_model(header)
    if model is None:
        return None
    try:
        example_shape = tuple(header.data.get("image_shape") or model.example_shape or ())
        shape = code_shape(model, example_shape) if example_shape else None
    except (CopyistError, RuntimeError):
        return None
    return None if shape is None else RecordedCode(shape=shape, example_shape=example_shape)


def recorded_model(header: Header) -> Model | None:
    """The model that a header describes, with fresh weights; None where only its own package could build it, or it
    cannot be built."""
    if ":" in str(header.model.get("kind")):
        return None
    try:
        config = settings.load(ModelConfig, header.model, MODEL_CATALOGUES, name="model")
        # Weights are drawn from torch's global generator, which is left as it was found.
        with torch.random.fork_rng(devices=[]):
            return config.build()
    except (CopyistError, RuntimeError):
        return None
