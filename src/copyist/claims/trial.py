"""One run of an experiment: at a scale, with a seed, and on models that it shares with other experiments."""

__all__ = ["Experiment", "Measurements", "Pictures", "Trial"]

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, final

import torch

from copyist.claims.model_folder import Resources, build_fresh, recipe_record
from copyist.claims.names import misnamed
from copyist.claims.result import Curves, Scale
from copyist.data.examples import Splits
from copyist.errors import ArgumentError
from copyist.evidence import Claim
from copyist.models.contracts import Autoencoder, Classifier, Model, ModelConfig, Reconstructor, needs
from copyist.randomness import generator
from copyist.tensors import Images
from copyist.training import Recipe

T = TypeVar("T")


@final
@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A claim and how it is measured."""

    claim: Claim

    run: "Callable[[Trial], Measurements]"
    """Trains or borrows models, and measures once: a value for every part that is not open, and every control."""

    seeds: Sequence[int] = range(3)
    """At least three."""

    def __post_init__(self) -> None:
        odd = misnamed(self.run, self.names)
        if odd:
            raise ArgumentError(
                f"{self.run.__module__} must measure each of its parts and controls, and nothing beside them; see "
                f"{', '.join(odd)}, which only its declaration or only its code names"
            )

    @property
    def names(self) -> list[str]:
        """What is measured: each part that is not open, and each control."""
        return [*(part.name for part in self.claim.parts if not part.waits_for), *(c.name for c in self.claim.controls)]


@final
@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Rows of images to look at."""

    caption: str
    """One sentence."""

    rows: Mapping[str, Images]
    """By label, a few images (B, C, H, W) each, all rows alike in shape."""


@final
@dataclass(frozen=True, kw_only=True)
class Measurements:
    """What one run found: a named value per part and control, and what to draw."""

    values: Mapping[str, float]

    curves: Mapping[str, Curves] = field(default_factory=dict[str, Curves])
    """By a short name, which is part of a file's name."""

    pictures: Mapping[str, Pictures] = field(default_factory=dict[str, Pictures])
    """Likewise; those of the first seed are kept."""


@final
@dataclass(frozen=True, kw_only=True)
class Trial:
    """What an experiment is handed."""

    scale: Scale

    seed: int
    """From which everything random in this run is derived."""

    resources: Resources
    """Its data, and its models trained and untrained."""

    recipes: dict[str, Any] = field(default_factory=dict[str, Any])
    """Every recipe that was used, with all its settings, by name and digest: the record of the run."""

    def pick(self, *, smoke: T, standard: T, gpu: T) -> T:
        """The setting for this scale."""
        return {"smoke": smoke, "standard": standard, "gpu": gpu}[self.scale]

    def generator(self, *names: str | int) -> torch.Generator:
        """Randomness for one purpose, the same in every run with this seed."""
        return generator(self.seed, *names)

    @property
    def device(self) -> torch.device:
        """Where models are, and images belong."""
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")

    def splits(self, source: str) -> Splits:
        """What a source holds."""
        return self.resources.splits(source)

    def model(self, recipe: Recipe, *, start: Recipe | None = None) -> Model:
        """The model that a recipe makes with this seed: trained once, and kept for every other claim.

        Args:
            recipe: what is trained, and how.
            start: a recipe whose model hands over its weights, wherever the names agree; it is trained first.

        Raises:
            CopyistError: as `train`.
        """
        if start is not None:
            self.note(start)
        self.note(recipe)
        return self.resources.trained(recipe, seed=self.seed, start=start)

    def trained(self, recipe: Recipe) -> Reconstructor:
        """The trained model of a recipe, as one that copies.

        Raises:
            ContractError: it does not.
        """
        return needs(self.model(recipe), Reconstructor, verb="an experiment")

    def autoencoder(self, recipe: Recipe) -> Autoencoder:
        """The trained model of a recipe, as one with a code.

        Raises:
            ContractError: it has none.
        """
        return needs(self.model(recipe), Autoencoder, verb="an experiment")

    def classifier(self, recipe: Recipe) -> Classifier:
        """The trained model of a recipe, as one that names classes.

        Raises:
            ContractError: it does not.
        """
        return needs(self.model(recipe), Classifier, verb="an experiment")

    def untrained(self, recipe: Recipe) -> Model:
        """The same model with the weights it has before training."""
        self.note(recipe)
        return self.resources.untrained(recipe, seed=self.seed)

    def built(self, config: ModelConfig) -> Model:
        """A fresh model of this shape, whose weights depend on the seed alone."""
        return build_fresh(config, seed=self.seed)

    def note(self, recipe: Recipe) -> None:
        """Put a recipe on record, under its name and a digest of its settings."""
        name, document = recipe_record(recipe)
        self.recipes[name] = document
