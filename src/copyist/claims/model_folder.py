"""What claims draw on: sources, and a folder in which each model is trained once for all claims that ask for it."""

__all__ = ["ModelFolder", "Resources", "TrainedNet", "build_fresh", "recipe_record"]

import abc
import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import torch
from filelock import FileLock

from copyist.data import open_source
from copyist.data.splits import Splits
from copyist.models.contracts import Model, ModelConfig, TrainedOn
from copyist.randomness import derive
from copyist.settings import dump
from copyist.training import CATALOGUES, Observer, Recipe, Run, finished_run, train


@final
@dataclass(frozen=True, kw_only=True)
class TrainedNet:
    """A trained model, and what its training took."""

    model: Model

    visits: int
    """Images seen in training, each as often as it was."""

    seconds: float
    """Time in training."""


class Resources(abc.ABC):
    """The data and the models that a trial is given."""

    @abc.abstractmethod
    def splits(self, source: str) -> Splits:
        """What a source holds.

        Raises:
            CopyistError: as `open_source`.
        """

    @abc.abstractmethod
    def trained(
        self, recipe: Recipe, *, seed: int, start: Recipe | None = None, at: float | None = None
    ) -> TrainedNet | None:
        """The model that a recipe makes with this seed.

        Args:
            recipe: what is trained, and how.
            seed: from which its weights and the order of its data are derived.
            start: a recipe whose model hands over its weights, wherever the names agree; it is trained first.
            at: one of the recipe's snapshots, a PSNR in dB; None is the model at the end.

        Returns:
            None where its copies did not reach the snapshot.

        Raises:
            CopyistError: as `train`.
        """

    @abc.abstractmethod
    def untrained(self, recipe: Recipe, *, seed: int) -> Model:
        """The same model with the weights it has before training."""


@final
@dataclass(frozen=True)
class ModelFolder(Resources):
    """Models trained once on sources, and kept by recipe and seed; several processes may share the folder."""

    path: Path

    def splits(self, source: str) -> Splits:
        return _open_source(source)

    def trained(
        self, recipe: Recipe, *, seed: int, start: Recipe | None = None, at: float | None = None
    ) -> TrainedNet | None:
        run = self.run(recipe, seed=seed, start=start)
        model = run.load() if at is None else run.snapshot(at)
        if model is None:
            return None
        training = run.store.read_header().training if at is None else run.store.read_snapshot_header(at).training
        return TrainedNet(
            model=model, visits=training["steps"] * recipe.training.batch_size, seconds=training["seconds"]
        )

    def untrained(self, recipe: Recipe, *, seed: int) -> Model:
        splits = self.splits(recipe.data)
        shape = splits.train.image_shape
        config = recipe.model.fitted(shape)
        if recipe.objective.uses_labels:
            config = config.with_classes(splits.num_classes())
        model = build_fresh(config, seed=seed)
        model.trained_on = TrainedOn(batch_size=recipe.training.batch_size, image_shape=shape)
        return model

    def run(self, recipe: Recipe, *, seed: int, start: Recipe | None = None, observer: Observer | None = None) -> Run:
        """The finished run of a recipe, trained now unless it was before; where it was interrupted it goes on.

        Args:
            recipe: what is trained, and how.
            seed: from which its weights and the order of its data are derived.
            start: a recipe whose model hands over its weights; it is trained first.
            observer: follows how training goes.

        Raises:
            CopyistError: as `train`.
        """
        begin = None if start is None else self.run(start, seed=seed).model_file
        origin = "" if start is None else f"-from-{recipe_record(start)[0]}"
        folder = self.path / f"{recipe_record(recipe)[0]}{origin}-seed-{seed}"
        self.path.mkdir(parents=True, exist_ok=True)
        with FileLock(self.path / f"{folder.name}.lock"):
            splits = self.splits(recipe.data)
            run = finished_run(folder, recipe, seed=seed, fingerprint=splits.train.fingerprint, start=begin)
            if run is None:
                begun = (folder / "state" / "state.safetensors").exists()
                run = train(recipe, data=splits, out=folder, seed=seed, start=begin, resume=begun, observer=observer)
        return run


def build_fresh(config: ModelConfig, *, seed: int) -> Model:
    """A model of this shape, whose weights depend on the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(seed, "weights"))
        return config.build().to("cuda" if torch.cuda.is_available() else "cpu").eval()


def recipe_record(recipe: Recipe) -> tuple[str, dict[str, Any]]:
    """A recipe's name with a digest of its settings, and all of them as JSON holds them."""
    document = dump(recipe, CATALOGUES)
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:12]
    return f"{recipe.name}-{digest}", document


@functools.lru_cache(maxsize=8)
def _open_source(source: str) -> Splits:
    """A source, opened once per process."""
    return open_source(source)
