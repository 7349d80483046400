"""The base class of objectives that wrap another one, and the one that trains the innermost layer of a stack."""

__all__ = ["TopLayer", "Wrapper"]

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self, final

import torch
from torch import Tensor, nn

from copyist.errors import ArgumentError
from copyist.models.contracts import Autoencoder, Model, Stack, needs
from copyist.objectives.base import PROBE_SCALE, Objective, Repair
from copyist.tensors import Images


@dataclass(frozen=True, kw_only=True)
class Wrapper(Objective):
    """Another objective, given a part of the model or with something added to it.

    Every method here delegates to the objective inside. A wrapper defines what that one is given
    (`part`, `part_input`), and what is added (`added_…`); by default all of the model, and nothing.
    """

    objective: Objective
    """What is minimized."""

    def part(self, model: Model) -> Model:
        """What the objective inside is given of the model."""
        return model

    def part_input(self, model: Model, x: Images) -> Images:
        """What that part takes, for images (B, C, H, W) of the model."""
        return x

    def part_pictures(self, model: Model, x: Images, rows: Mapping[str, Images]) -> Mapping[str, Images]:
        """Rows of pictures of images `x`, from the rows of what the part takes and gives."""
        return rows

    def tried_inputs(self, model: Model, x: Images) -> Sequence[Images]:
        """The batches that are tried before training, for one batch of images."""
        return (x,)

    def added_frozen_weights(self, model: Model) -> Iterable[nn.Parameter]:
        """The weights that are left as they are beside those of the objective inside."""
        return ()

    def added_measures(self, model: Model, x: Images) -> dict[str, float]:
        """What is measured beside what the objective inside measures."""
        return {}

    @property
    def added_repair(self) -> Repair | None:
        """What is repaired after the objective inside has repaired."""
        return None

    @final
    def __call__(self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        return self.objective(self.part(model), self.part_input(model, x), generator=generator, labels=labels)

    @final
    @property
    def uses_labels(self) -> bool:
        return self.objective.uses_labels

    @final
    @property
    def differentiates(self) -> bool:
        return self.objective.differentiates

    @final
    def check_settings(self, model: Model) -> None:
        self.objective.check_model(self.part(model))

    @final
    def try_batch(self, model: Model, x: Images, *, labels: Tensor | None) -> None:
        for each in self.tried_inputs(model, x):
            self.objective.check_data(self.part(model), self.part_input(model, each), labels=labels)

    @final
    def frozen_weights(self, model: Model) -> Iterator[nn.Parameter]:
        yield from self.objective.frozen_weights(self.part(model))
        yield from self.added_frozen_weights(model)

    @final
    def at_progress(self, progress: float) -> Self:
        return replace(self, objective=self.objective.at_progress(progress))

    @final
    def measures(
        self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None
    ) -> dict[str, float]:
        part, h = self.part(model), self.part_input(model, x)
        inside = self.objective.measures(part, h, generator=generator, labels=labels)
        return inside | self.added_measures(model, x)

    @final
    def pictures(self, model: Model, x: Images, *, generator: torch.Generator) -> Mapping[str, Images]:
        rows = self.objective.pictures(self.part(model), self.part_input(model, x), generator=generator)
        return self.part_pictures(model, x, rows)

    @final
    @property
    def repair(self) -> Repair | None:
        inside, added = self.objective.repair, self.added_repair
        if inside is None:
            return added

        def both(model: Model, x: Images, *, step: int, generator: torch.Generator) -> None:
            inside(self.part(model), self.part_input(model, x), step=step, generator=generator)
            if added is not None:
                added(model, x, step=step, generator=generator)

        return both


@final
@dataclass(frozen=True, kw_only=True)
class TopLayer(Wrapper):
    """Another objective, for the innermost layer of a stack alone; the layers below it stay as they are.

    That layer copies h = Eₙ₋₁(… E₁(x)), as images (B, units, 1, 1), where the images x are clean: a corruption falls
    on h.

    Source:
        Vincent et al. (2010), "Stacked Denoising Autoencoders", section 3.4 and figure 3.
    """

    trains: ClassVar[type[Model]] = Stack

    def __post_init__(self) -> None:
        if self.objective.uses_labels:
            raise ArgumentError(
                f"a layer must be trained to copy, got {type(self.objective).__name__}, which needs labels; "
                "take copying, denoising or cross-entropy"
            )

    def part(self, model: Model) -> Autoencoder:
        return _layers(model)[-1]

    @torch.no_grad()
    def part_input(self, model: Model, x: Images) -> Images:
        for layer in _layers(model)[:-1]:
            x = layer.encode(x).float()[:, :, None, None]  # (B, units, 1, 1)
        return x

    @torch.no_grad()
    def part_pictures(self, model: Model, x: Images, rows: Mapping[str, Images]) -> Mapping[str, Images]:
        """Above the first layer, what the layers below decode from each row, under the images themselves."""
        below = _layers(model)[:-1]
        if not below:
            return rows
        for layer in reversed(below):
            rows = {name: layer.decode(h.flatten(1)) for name, h in rows.items()}
        return {"image": x, **{f"{name}, decoded": row for name, row in rows.items()}}

    def tried_inputs(self, model: Model, x: Images) -> Sequence[Images]:
        # Codes that have no bounds may leave those of the objective at any step.
        return (x, PROBE_SCALE * x) if len(_layers(model)) > 1 else (x,)

    def added_frozen_weights(self, model: Model) -> Iterator[nn.Parameter]:
        for layer in _layers(model)[:-1]:
            yield from layer.parameters()


def _layers(model: Model) -> tuple[Autoencoder, ...]:
    return needs(model, Stack, verb="TopLayer").layers
