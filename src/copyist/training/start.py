"""Where the weights of a run start: at those of a model that was trained before, wherever the names agree."""

__all__ = ["InitialWeights"]

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, final

import torch
from torch import Tensor

from copyist.checkpoint import MODEL_CATALOGUES, model_file, read_model, sum_of_tensors
from copyist.errors import CheckpointError
from copyist.models.contracts import Model
from copyist.settings import dump


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class InitialWeights:
    """The weights of a model file."""

    path: Path

    settings: dict[str, Any]
    """The kind and config of its model."""

    columns: tuple[str, ...]
    """Of the table it was trained on; empty for images."""

    tensors: dict[str, Tensor]

    fingerprint: str
    """A sum of the weights: equal weights, equal fingerprint, wherever the file lies."""

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Take the weights from a model file, or from the one in a run's folder.

        Raises:
            CheckpointError: the file is missing, damaged, or no model.
        """
        file = model_file(path)
        header, tensors = read_model(file)
        columns = tuple(map(str, header.data.get("columns", ())))
        fingerprint = sum_of_tensors(tensors)
        return cls(path=file, settings=header.model, columns=columns, tensors=tensors, fingerprint=fingerprint)

    @torch.no_grad()
    def hand_over(self, model: Model) -> None:
        """Put each weight into `model` where it has one of the same name; its others stay, and so do those left here.

        Raises:
            CheckpointError: there is no such weight, or one has another shape in `model`.
            ShapeError: both were made for tables, of other columns.
        """
        if self.columns and model.takes_tables:
            model.check_columns(self.columns)
        weights = model.state_dict()
        # Rows are learned standardized: their statistics are measured anew when the model is written.
        shared = sorted(
            name for name in weights.keys() & self.tensors.keys() if not name.startswith("standardization.")
        )
        if not shared:
            raise CheckpointError(
                f"{self.path} holds a {self.settings.get('kind')}, which shares no weights with a "
                f"{type(model).__name__}; start from a model that does, as a vit-classifier from a masked-vit"
            )
        for name in shared:
            if weights[name].shape != self.tensors[name].shape:
                raise CheckpointError(
                    f"{self.path} has {name} of shape {tuple(self.tensors[name].shape)}, and the model to train "
                    f"{tuple(weights[name].shape)}; {self._remedy(model)}"
                )
        for name in shared:
            weights[name].copy_(self.tensors[name])

    def _remedy(self, model: Model) -> str:
        """Which settings would make the shapes agree."""
        ours = dump(model.config, MODEL_CATALOGUES)
        sizes = {name: value for name, value in self.settings.items() if name in ours and type(value) is int}
        differing = [f"--set model.{name}={value}" for name, value in sizes.items() if ours[name] != value]
        return f"add {' '.join(differing)}" if differing else "train on images of the same shape"
