"""The base class of objectives, and the optional parts of one."""

__all__ = ["PROBE_SCALE", "Objective", "ObjectiveLoss", "Repair", "corrupted_rows"]

import abc
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol, final

import torch
from torch import Tensor, nn

from copyist.corruption import Blend
from copyist.models.contracts import Classifier, Model, Reconstructor, needs
from copyist.models.in_batches import evaluation_mode, in_batches
from copyist.tensors import Images

PROBE_SCALE = 1000.0
"""Images so many times as strong show before training whether a code, or a copy, has bounds."""

_ALPHA = 0.3
"""Share of the image in the noisy row of a picture."""


class Repair(Protocol):
    """A change of a model after a step of the optimizer that gradients cannot make."""

    def __call__(self, model: Model, x: Images, *, step: int, generator: torch.Generator) -> None:
        """Change `model` in place; gradients are off.

        Args:
            model: its weights have been stepped.
            x: the images of the step, (B, C, H, W).
            step: how many steps have been taken.
            generator: of any draws; the same on every device.
        """


@dataclass(frozen=True, kw_only=True)
class Objective(abc.ABC):
    """A number per batch, the smaller the better; it trains any model that keeps the contract it requires.

    An objective is its loss, `__call__`, and the contract `trains`. The other methods have an answer that fits most; an
    objective around another one is a `Wrapper`, which answers as that one does.
    """

    trains: ClassVar[type[Model]] = Reconstructor
    """The contract it requires; a `Classifier` is trained on labels."""

    @abc.abstractmethod
    def __call__(self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        """The loss, a scalar, of `model` on images (B, C, H, W), and on their classes (B,) where they have any."""

    @property
    def uses_labels(self) -> bool:
        """Whether the images must have labels."""
        return issubclass(self.trains, Classifier)

    @property
    def differentiates(self) -> bool:
        """Whether a call differentiates the model by itself, before the loss is: where processes divide the weights,
        all must then be whole as long as it lasts."""
        return False

    @final
    def check_model(self, model: Model) -> None:
        """Refuse, before training, a model that does not keep the contract this objective requires.

        Raises:
            ContractError: it is no classifier where one is required, or vice versa, or has no code, layers or
                likelihood.
        """
        needs(model, self.trains, verb=type(self).__name__)
        self.check_settings(model)

    @final
    @torch.no_grad()
    def check_data(self, model: Model, x: Images, *, labels: Tensor | None = None) -> None:
        """Refuse, before training, images (B, C, H, W) that it cannot train `model` on, by a look at one batch.

        Raises:
            CopyistError: whatever a call raises.
        """
        rows = slice(model.batch_size)
        model.check_batch(x[rows])
        with evaluation_mode(model):
            self.try_batch(model, x[rows], labels=None if labels is None else labels[rows])

    def check_settings(self, model: Model) -> None:  # noqa: B027 most objectives ask for nothing more
        """Refuse a model that keeps the contract but does not go with these settings; `check_model` asks.

        Raises:
            ContractError: the model lacks what a setting needs.
        """

    def try_batch(self, model: Model, x: Images, *, labels: Tensor | None) -> None:
        """Refuse a batch that it cannot train `model` on: by its loss, which is thrown away; `check_data` asks.

        Raises:
            CopyistError: whatever a call raises.
        """
        self(model, x, generator=torch.Generator().manual_seed(0), labels=labels)

    def frozen_weights(self, model: Model) -> Iterable[nn.Parameter]:
        """The weights that it leaves as they are: none, unless it trains a part of a model."""
        return ()

    def at_progress(self, progress: float) -> "Objective":
        """This objective when a share of the training, in [0, 1], is over: itself, unless it warms up.

        Held-out images are judged by the objective at 1, so that losses of one run can be compared.
        """
        return self

    def measures(
        self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None
    ) -> dict[str, float]:
        """What the history records of held-out images beside the loss, by name: means over the images of a batch."""
        return {}

    def pictures(self, model: Model, x: Images, *, generator: torch.Generator) -> Mapping[str, Images]:
        """Rows of pictures by their names, of held-out images (B, C, H, W), that show a reconstructor's progress.

        Here these are the images and their copies, and the same of the images in noise.
        """
        return {
            "image": x,
            "copy": in_batches(model, model, x),
            **corrupted_rows(f"noisy, α = {_ALPHA}", model, Blend(alpha=_ALPHA)(x, generator=generator)),
        }

    @property
    def repair(self) -> Repair | None:
        """What is called after every step of the optimizer; None for nothing."""
        return None


def corrupted_rows(name: str, model: Model, x_tilde: Images) -> Mapping[str, Images]:
    """Two rows of pictures: corrupted images, under this name, and their reconstructions."""
    return {name: x_tilde, "its copy": in_batches(model, model, x_tilde)}


@final
class ObjectiveLoss(nn.Module):
    """An objective and its model as one module, so that what spreads a forward pass over devices sees all of it."""

    def __init__(self, objective: Objective, model: Model) -> None:
        super().__init__()
        self.objective = objective
        self.model = model

    def forward(
        self, x: Images, *, progress: float, generator: torch.Generator, labels: Tensor | None = None
    ) -> Tensor:
        """The loss, a scalar, when a share `progress` of the training is over."""
        return self.objective.at_progress(progress)(self.model, x, generator=generator, labels=labels)
