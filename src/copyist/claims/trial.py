"""One run of an experiment: at a scale, with a seed, and on models that it shares with other experiments."""

__all__ = ["SCALES", "Experiment", "Scale", "Trial"]

import functools
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar, get_args

import torch
from filelock import FileLock

from copyist.checkpoint import load
from copyist.claims.measurements import Measurements
from copyist.data import open_source
from copyist.data.examples import Splits
from copyist.evidence import Claim
from copyist.models.contracts import Autoencoder, Classifier, Model, ModelConfig, Reconstructor, TrainedOn, needs
from copyist.randomness import derive, generator
from copyist.settings import dump
from copyist.training import CATALOGUES, Recipe, Run, finished_run, train

Scale: TypeAlias = Literal["smoke", "cpu", "gpu"]
"""smoke: seconds, for tests · cpu: all claims overnight on two cores · gpu: the sizes of the source."""

SCALES: tuple[Scale, ...] = get_args(Scale)
"""Their names, the smallest first."""

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A claim and how it is measured."""

    claim: Claim

    run: "Callable[[Trial], Measurements]"
    """Trains or borrows models, and measures once: a value for every part that is not open, and every control."""

    seeds: Sequence[int] = range(3)
    """At least three."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What an experiment is handed."""

    scale: Scale

    seed: int
    """From which everything random in this run is derived."""

    models: Path
    """A folder in which trained models are kept, by recipe and seed."""

    recipes: dict[str, Any] = field(default_factory=dict[str, Any])
    """Every recipe that was asked for, with all its settings, by name and digest: the record of the run."""

    def pick(self, *, smoke: T, cpu: T, gpu: T) -> T:
        """The setting for this scale."""
        return {"smoke": smoke, "cpu": cpu, "gpu": gpu}[self.scale]

    def generator(self, *names: str | int) -> torch.Generator:
        """Randomness for one purpose, the same in every run with this seed."""
        return generator(self.seed, *names)

    @property
    def device(self) -> torch.device:
        """Where models are, and images belong."""
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")

    def splits(self, source: str) -> Splits:
        """A source, opened once per process."""
        return _opened(source)

    def model(self, recipe: Recipe, *, start: Recipe | None = None) -> Model:
        """The model that a recipe makes with this seed: trained once, and kept for every other claim.

        Args:
            recipe: what is trained, and how.
            start: a recipe whose model hands over its weights, wherever the names agree; it is trained first.

        Raises:
            CopyistError: as `train`.
        """
        return load(self._run(recipe, start).model_file)

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
        self.noted(recipe)
        splits = self.splits(recipe.data)
        shape = splits.train.image_shape
        config = recipe.model.fitted(shape)
        if recipe.objective.uses_labels:
            config = config.with_classes(splits.num_classes())
        model = self.built(config)
        model.trained_on = TrainedOn(batch_size=recipe.training.batch_size, image_shape=shape)
        return model

    def built(self, config: ModelConfig) -> Model:
        """A fresh model of this shape, whose weights depend on the seed alone."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive(self.seed, "weights"))
            return config.build().to(self.device).eval()

    def noted(self, recipe: Recipe) -> str:
        """Put a recipe on record, under its name and a digest of its settings, which is returned."""
        document = dump(recipe, CATALOGUES)
        digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:12]
        self.recipes[f"{recipe.name}-{digest}"] = document
        return f"{recipe.name}-{digest}"

    def _run(self, recipe: Recipe, start: Recipe | None) -> Run:
        """The finished run of a recipe, trained now unless it was before."""
        begin = None if start is None else self._run(start, None).model_file
        origin = "" if start is None else f"-from-{self.noted(start)}"
        folder = self.models / f"{self.noted(recipe)}{origin}-seed-{self.seed}"
        self.models.mkdir(parents=True, exist_ok=True)
        with FileLock(self.models / f"{folder.name}.lock"):
            fingerprint = self.splits(recipe.data).train.fingerprint
            run = finished_run(folder, recipe, seed=self.seed, fingerprint=fingerprint, start=begin)
            if run is None:
                begun = (folder / "state" / "state.safetensors").exists()
                run = train(recipe, out=folder, seed=self.seed, start=begin, resume=begun)
        return run


@functools.lru_cache(maxsize=8)
def _opened(source: str) -> Splits:
    return open_source(source)
