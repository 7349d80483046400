"""Models whose answers are known on paper, and trials that are given such models in the place of trained ones."""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from copyist.claims.catalogue import experiment
from copyist.claims.model_folder import Resources, TrainedNet
from copyist.claims.result import measured_name
from copyist.claims.trial import Trial
from copyist.data import open_source
from copyist.data.examples import ExampleSet
from copyist.data.splits import Splits
from copyist.models import Model, ModelConfig
from copyist.models.contracts import Autoencoder, Classifier, Diffusion, TrainedOn
from copyist.training import Recipe


class Known(Autoencoder):
    """An autoencoder whose code is the image itself; all is done by the decoder."""

    @property
    def config(self) -> ModelConfig:
        raise NotImplementedError

    def check_input(self, x: Tensor) -> None:
        """Any will do."""

    def encode(self, x: Tensor) -> Tensor:
        return x


@final
class Affine(Known):
    """x̂ = scale·x + shift, for images of any shape."""

    def __init__(self, *, scale: float = 1.0, shift: float = 0.0) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale))
        self.shift = nn.Parameter(torch.tensor(shift))

    def decode(self, z: Tensor) -> Tensor:
        return self.scale * z + self.shift


@final
class Gray(Known):
    """Every channel becomes the mean of the channels: brightness passes, color does not."""

    def decode(self, z: Tensor) -> Tensor:
        return z.mean(1, keepdim=True).expand_as(z)


@final
class Painter(Known):
    """Whatever it is given, it paints the same images, over and over; no pixel of its input has any influence."""

    def __init__(self, images: Tensor) -> None:
        super().__init__()
        self.images = images

    def decode(self, z: Tensor) -> Tensor:
        return self.images[torch.arange(len(z)) % len(self.images)] + 0 * z


@final
class Dreamer(Diffusion):
    """A diffusion model of images that sees the same images in any noise."""

    center, spread, path = 0.5, 0.25, "straight"

    def __init__(self, images: Tensor) -> None:
        super().__init__()
        self.images = images

    @property
    def config(self) -> ModelConfig:
        raise NotImplementedError

    def check_input(self, x: Tensor) -> None:
        """Any will do."""

    def forward(self, x: Tensor, sigma: Tensor | None = None, labels: Tensor | None = None) -> Tensor:
        return self.images[torch.arange(len(x)) % len(self.images)] + 0 * x


@final
class Passing(Known):
    """x̂ = x + share·(x̃ − x) + shift, where x is that image of a source that x̃ is most like.

    The share is its projected gain, and where nothing is shifted its denoising ratio, under any corruption. Clean
    images are copied but for the shift: of −20·log₁₀(shift) decibels.
    """

    def __init__(
        self,
        splits: Splits,
        *,
        share: float | Callable[[Tensor], float] = 0.0,
        shift: float = 0.0,
        training_shift: float = 0.0,
    ) -> None:
        super().__init__()
        held_out, training = splits.test.images(), splits.train.images()
        shifts = [shift] * len(held_out) + [training_shift] * len(training)
        self.clean, self.shifts, self.share = torch.cat([held_out, training]), torch.tensor(shifts), share

    def decode(self, z: Tensor) -> Tensor:
        chosen = (_contrast(z) @ _contrast(self.clean).T).argmax(1)
        clean, shift = self.clean[chosen], self.shifts[chosen].view(-1, 1, 1, 1)
        passed = z - clean
        return clean + (self.share(passed) if callable(self.share) else self.share) * passed + shift


@final
class MeanColor(Classifier):
    """A classifier whose features are the mean of each channel, so that distances of distributions are on paper."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(3, 12)

    @property
    def config(self) -> ModelConfig:
        raise NotImplementedError

    def check_input(self, x: Tensor) -> None:
        """Any will do."""

    def features(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))


@functools.cache
def known_splits(source: str, *, drawn: tuple[str, ...] = ("photos",)) -> Splits:
    """In the place of photographs 16 images of random values to train on, and 16 held out, none like another.

    Landscapes and digits are as they are, since they have rules and classes, unless they are `drawn` like that too.
    """
    found = re.fullmatch(r"(\w+)\?size=(\d+)(.*)", source)
    if found is None or found[1] not in drawn:
        return open_source(source)
    size, channels = int(found[2]), 1 if "channels=1" in found[3] else 3
    draws, shape = np.random.default_rng(0), (16, channels, size, size)
    names = tuple(map(str, range(16)))
    train, test = (
        ExampleSet(source=source, array=draws.random(shape, dtype=np.float32), names=names, fingerprint=part)
        for part in ("train", "test")
    )
    return Splits(train=train, test=test)


@final
@dataclass(frozen=True)
class KnownResources(Resources):
    """Known images, and models by recipe in the place of those that it would make."""

    after: Callable[[Recipe], Model]
    before: Callable[[Recipe], Model]

    at: Callable[[Recipe, float], Model | None] | None = None
    """Models at snapshots, by recipe and PSNR; None where a snapshot was not reached."""

    drawn: tuple[str, ...] = ("photos",)
    """Sources in whose place are random images."""

    def splits(self, source: str) -> Splits:
        return known_splits(source, drawn=self.drawn)

    def trained(
        self, recipe: Recipe, *, seed: int, start: Recipe | None = None, at: float | None = None
    ) -> TrainedNet | None:
        visits = recipe.training.steps * recipe.training.batch_size
        if at is None or self.at is None:
            return TrainedNet(model=self._of_shape(self.after(recipe), recipe), visits=visits, seconds=1.0)
        model = self.at(recipe, at)
        # By a snapshot of so many decibels a net has seen as many images.
        return None if model is None else TrainedNet(model=self._of_shape(model, recipe), visits=round(at), seconds=1.0)

    def untrained(self, recipe: Recipe, *, seed: int) -> Model:
        return self._of_shape(self.before(recipe), recipe)

    def _of_shape(self, model: Model, recipe: Recipe) -> Model:
        train = self.splits(recipe.data).train
        if train.is_table:
            (model.num_columns,) = train.shape
        else:
            model.trained_on = TrainedOn(image_shape=train.image_shape)
        return model


def known_trial(
    after: Callable[[Recipe], Model],
    before: Callable[[Recipe], Model] = lambda _: Affine(scale=0.0, shift=0.5),
    *,
    drawn: tuple[str, ...] = ("photos",),
) -> Trial:
    """A trial at scale smoke in which the trained and the untrained model of a recipe are what a test says.

    Classifiers of landscapes have the mean color for their features; untrained models paint gray unless told otherwise.
    """
    return Trial(
        scale="smoke",
        seed=0,
        resources=KnownResources(
            lambda r: MeanColor() if r.name == "scenes-classifier" else after(r), before, drawn=drawn
        ),
    )


def known_rungs(
    monkeypatch: pytest.MonkeyPatch,
    after: Callable[[Recipe], Model],
    at: Callable[[Recipe, float], Model | None],
    *,
    drawn: tuple[str, ...] = ("photos",),
) -> Trial:
    """The same with snapshots, of which a trial at scale smoke has none; untrained models are the identity."""

    def pick(_: Trial, *, smoke: Any, standard: Any, gpu: Any) -> Any:
        return standard if smoke in ((), None) else smoke

    monkeypatch.setattr(Trial, "pick", pick)
    return Trial(scale="smoke", seed=0, resources=KnownResources(after, lambda _: Affine(), at, drawn))


def measured(name: str, trial: Trial) -> dict[str, float]:
    """What a claim measures in a trial: all that it names, and nothing else; by instruments as `part@instrument`."""
    declared = experiment(name)
    found = declared.run(trial).values
    assert set(found) == set(declared.names)
    values: dict[str, float] = {}
    for key, value in found.items():
        each = value if isinstance(value, Mapping) else {"": value}
        values |= {measured_name(key, by): number for by, number in each.items()}
    return values


def _contrast(x: Tensor) -> Tensor:
    """Images (B, C·H·W) of mean 0 and length 1."""
    rows = x.flatten(1)
    return nn.functional.normalize(rows - rows.mean(1, keepdim=True), dim=1)
