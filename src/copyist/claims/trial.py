"""One run of an experiment: at a scale, with a seed, and on models that it shares with other experiments."""

__all__ = ["Experiment", "Measurements", "Pictures", "Rung", "Trial"]

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, final

import torch

from copyist.claims.model_folder import Resources, TrainedNet, build_fresh, recipe_record
from copyist.claims.names import misnamed
from copyist.claims.net_record import record_of
from copyist.claims.result import Curves, InstrumentCheck, NetRecord, Scale
from copyist.data.splits import Splits
from copyist.errors import ArgumentError, RegimeError
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

    values: Mapping[str, float | Mapping[str, float]]
    """By part and control; of a part with instruments what each of them measures, by its name."""

    curves: Mapping[str, Curves] = field(default_factory=dict[str, Curves])
    """By a short name, which is part of a file's name."""

    pictures: Mapping[str, Pictures] = field(default_factory=dict[str, Pictures])
    """Likewise; those of the first seed are kept."""


@final
@dataclass(frozen=True, kw_only=True)
class Rung:
    """A net on its way through training."""

    level: float | None
    """The PSNR in dB of its snapshot; None at the end."""

    model: Model

    record: NetRecord
    """How well it copies, and what its training took."""


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

    nets: dict[str, NetRecord] = field(default_factory=dict[str, NetRecord])
    """Every trained net that was used, by its name: what the regime is judged by."""

    instruments: dict[str, InstrumentCheck] = field(default_factory=dict[str, InstrumentCheck])
    """Every instrument that was checked, by its name."""

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

    def model(
        self, recipe: Recipe, *, start: Recipe | None = None, at: float | None = None, control: bool = False
    ) -> Model:
        """The model that a recipe makes with this seed: trained once, and kept for every other claim.

        Unless it is a control, it is judged: the claim's verdict stands only if it is of the claim's regime.

        Args:
            recipe: what is trained, and how.
            start: a recipe whose model hands over its weights, wherever the names agree; it is trained first.
            at: one of the recipe's snapshots, a PSNR in dB; None is the model at the end, as it is at scale smoke.
            control: whether the claim is about others, and this one stands beside.

        Raises:
            RegimeError: the net's copies did not reach the snapshot.
            CopyistError: as `train`.
        """
        if start is not None:
            self.note(start)
        self.note(recipe)
        level = self.pick(smoke=None, standard=at, gpu=at)
        net = self.resources.trained(recipe, seed=self.seed, start=start, at=level)
        if net is None:
            assert level is not None
            last = self.resources.trained(recipe, seed=self.seed, start=start)
            assert last is not None
            end = self._record(last, recipe, start=start, at=None, control=control).record
            reached = end.psnr if recipe.training.snapshot_split == "held-out" else end.psnr_training
            raise RegimeError(f"{recipe.name} reached {reached:.1f} dB, and {level:g} dB was asked for")
        return self._record(net, recipe, start=start, at=level, control=control).model

    def rungs(self, recipe: Recipe) -> list[Rung]:
        """A net on its way: each of its snapshots that was reached, in rising order, and its end.

        None of them is judged by the regime; ask for the end by `model` to have that judged.
        """
        self.note(recipe)
        levels = [*self.pick(smoke=(), standard=recipe.training.snapshots, gpu=recipe.training.snapshots), None]
        found = [(level, self.resources.trained(recipe, seed=self.seed, at=level)) for level in levels]
        return [self._record(net, recipe, at=level, control=True) for level, net in found if net is not None]

    def trained(self, recipe: Recipe, *, at: float | None = None, control: bool = False) -> Reconstructor:
        """The trained model of a recipe, as one that copies; as `model`.

        Raises:
            ContractError: it does not.
        """
        return needs(self.model(recipe, at=at, control=control), Reconstructor, verb="an experiment")

    def autoencoder(self, recipe: Recipe, *, at: float | None = None, control: bool = False) -> Autoencoder:
        """The trained model of a recipe, as one with a code; as `model`.

        Raises:
            ContractError: it has none.
        """
        return needs(self.model(recipe, at=at, control=control), Autoencoder, verb="an experiment")

    def classifier(self, recipe: Recipe) -> Classifier:
        """The trained model of a recipe, as one that names classes.

        Raises:
            ContractError: it does not.
        """
        return needs(self.model(recipe, control=True), Classifier, verb="an experiment")

    def untrained(self, recipe: Recipe) -> Model:
        """The same model with the weights it has before training."""
        self.note(recipe)
        return self.resources.untrained(recipe, seed=self.seed)

    def built(self, config: ModelConfig) -> Model:
        """A fresh model of this shape, whose weights depend on the seed alone."""
        return build_fresh(config, seed=self.seed)

    def check(self, instrument: InstrumentCheck) -> bool:
        """Put on record what an instrument says of cases whose answer is known; parts that it measures need it.

        Returns:
            Whether it passes.
        """
        self.instruments[instrument.name] = instrument
        return instrument.passed

    def note(self, recipe: Recipe) -> None:
        """Put a recipe on record, under its name and a digest of its settings."""
        name, document = recipe_record(recipe)
        self.recipes[name] = document

    def _record(
        self, net: TrainedNet, recipe: Recipe, *, start: Recipe | None = None, at: float | None, control: bool
    ) -> Rung:
        """A net on record; one that was judged once stays so."""
        origin = "" if start is None else f" from {recipe_record(start)[0]}"
        name = recipe_record(recipe)[0] + origin + ("" if at is None else f" at {at:g} dB")
        before = self.nets.get(name)
        if before is None:
            before = record_of(net, name, self.splits(recipe.data), judged=not control, device=self.device)
        self.nets[name] = replace(before, judged=before.judged or not control)
        return Rung(level=at, model=net.model, record=self.nets[name])
