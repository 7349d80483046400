"""How long, how fast and how carefully to train."""

__all__ = ["CATALOGUES", "FirstStage", "Optimization", "Pretraining", "Recipe", "Training"]

from dataclasses import dataclass, field
from typing import Literal

from copyist.checks import check_at_least, check_choice, check_positive, check_within
from copyist.corruption import CORRUPTIONS, Corruption
from copyist.devices import Precision
from copyist.errors import ArgumentError
from copyist.models.catalogue import MODELS
from copyist.models.contracts import ModelConfig, PretrainableConfig, needs
from copyist.models.latent_diffusion import LatentDiffusionConfig
from copyist.objectives import OBJECTIVES, Objective
from copyist.settings import Catalogues, later

CATALOGUES: Catalogues = {ModelConfig: MODELS, Objective: OBJECTIVES, Corruption: CORRUPTIONS}
"""The classes that may stand in a recipe, by name."""


@dataclass(frozen=True, kw_only=True)
class Optimization:
    """From gradients to steps."""

    optimizer: Literal["adam", "adamw", "sgd"] = "adam"
    """Adam and AdamW with β = (0.9, 0.999); SGD with a momentum of 0.9."""

    learning_rate: float = 1e-3
    """At its peak."""

    warmup: float = 0.1
    """Share of the steps over which the rate rises from 0 to its peak."""

    schedule: Literal["cosine", "constant"] = "cosine"
    """What the rate does after the warm-up."""

    weight_decay: float = 0.0
    """Of AdamW, per unit of the learning rate."""

    clip: float = 1.0
    """Largest norm of all gradients together; 0 for none."""

    accumulation: int = 1
    """Batches whose gradients are averaged for one step."""

    def __post_init__(self) -> None:
        check_choice("optimizer", self.optimizer, ("adam", "adamw", "sgd"))
        check_choice("schedule", self.schedule, ("cosine", "constant"))
        check_positive("learning_rate", self.learning_rate)
        check_within("warmup", self.warmup, 0, 1)
        check_at_least("weight_decay", self.weight_decay, 0)
        check_at_least("clip", self.clip, 0)
        check_at_least("accumulation", self.accumulation, 1)


@dataclass(frozen=True, kw_only=True)
class Training:
    """One run of the loop."""

    steps: int = 1000
    """Steps of the optimizer."""

    batch_size: int = 64
    """Images or rows per batch, over all devices together."""

    flip: bool = True
    """Whether half of the images are mirrored left to right, drawn anew at each step; rows of a table never are."""

    precision: Precision = "auto"
    """`auto` is bf16 where the hardware computes in it, and float32 elsewhere, in TF32 on GPUs of NVIDIA."""

    channels_last: bool = True
    """Keep the channels of a position side by side in memory."""

    compile: bool = False
    """Hand the model to torch.compile."""

    averaging: float = 0.0
    """Decay per step of an average of the weights, which then is the model; 0 for none."""

    validate_every: int = 100
    """Steps between two looks at held-out images."""

    validation_images: int = 512
    """How many held-out images are looked at."""

    patience: int = 0
    """Stop after so many looks without a better loss, and keep the best weights; 0 for never."""

    save_every: int = 100
    """Steps between two states to resume from."""

    snapshots: tuple[float, ...] = later(())
    """PSNR of copies of images, in dB: at the first look where one is reached, the model is kept beside the run."""

    snapshot_split: Literal["held-out", "training"] = later("held-out")
    """Which images' copies that is: a net that knows few images by heart copies these ever better, and others not."""

    trimmed: float = later(0.0)
    """Of the rows of a table, the share that is not learned, those farthest from the others, where outliers may be
    among them; in [0, 1)."""

    batch_statistics: Literal["synchronized", "per-device"] = later("synchronized")
    """On several devices, whether what normalizes by the batch in training does so by the whole batch, as one device
    would, or each device by its own part, which saves an exchange in each of these layers."""

    sharding: Literal["none", "full"] = later("none")
    """On several devices, whether each keeps all weights, with their gradients and the optimizer's moments, or only its
    part of each, for models that are too large otherwise."""

    optimization: Optimization = field(default_factory=Optimization)

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "validate_every", "validation_images", "save_every"):
            check_at_least(name, getattr(self, name), 1)
        check_choice("precision", self.precision, ("auto", "float32", "bf16"))
        check_choice("batch_statistics", self.batch_statistics, ("synchronized", "per-device"))
        check_choice("sharding", self.sharding, ("none", "full"))
        check_choice("snapshot_split", self.snapshot_split, ("held-out", "training"))
        check_within("averaging", self.averaging, 0, 1)
        check_at_least("patience", self.patience, 0)
        check_within("trimmed", self.trimmed, 0, 1)
        if list(self.snapshots) != sorted(set(self.snapshots)):
            raise ArgumentError(
                f"snapshots must be PSNRs in rising order, each once, got {list(self.snapshots)}; sort them"
            )


@dataclass(frozen=True, kw_only=True)
class Pretraining:
    """Settings of greedy layer-wise pretraining; others are as in the training of all layers together."""

    objectives: tuple[Objective, ...]
    """What each layer minimizes on the representation below it, the outermost first; a single one is for all."""

    steps: int = 1000
    """Steps of the optimizer for each layer."""

    optimization: Optimization | None = None
    """From gradients to steps in the layers' runs; None is as in the training of all together."""

    def __post_init__(self) -> None:
        check_at_least("steps", self.steps, 1)
        if not self.objectives:
            raise ArgumentError("pretraining must have at least one objective, got none; give one for all layers")

    def check_layers(self, num_layers: int) -> None:
        """Refuse a stack of another number of layers.

        Raises:
            ArgumentError: there are several objectives, and not one for each layer.
        """
        if len(self.objectives) not in (1, num_layers):
            raise ArgumentError(
                f"pretraining must have one objective per layer, {num_layers} in all, or a single one, "
                f"got {len(self.objectives)}; change the objectives (--set pretraining.objectives=…) or the widths"
            )


@dataclass(frozen=True, kw_only=True)
class FirstStage:
    """The run that trains the first stage of a latent diffusion model, on the same data."""

    model: ModelConfig
    """An autoencoder whose code is maps, or tokens of patches."""

    objective: Objective
    """What it minimizes."""

    training: Training = field(default_factory=Training)
    """How."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides what a training run makes, but for its seed."""

    name: str
    """As `copyist recipes` lists it."""

    data: str
    """The source of the images, or of a table."""

    model: ModelConfig
    """What is trained."""

    objective: Objective
    """What is minimized."""

    training: Training = field(default_factory=Training)
    """How."""

    pretraining: Pretraining | None = None
    """What the layers of the model learn before, one by one; None begins with all of them."""

    first_stage: FirstStage | None = later(None)
    """The run before, of the autoencoder in whose codes a latent diffusion model works; None where one is given."""

    def __post_init__(self) -> None:
        if self.first_stage is not None and not isinstance(self.model, LatentDiffusionConfig):
            raise ArgumentError(
                f"a first stage belongs to a latent diffusion model, and {type(self.model).__name__} describes none; "
                "leave it out (--set first_stage=none)"
            )
        if self.pretraining is not None:
            self.pretraining.check_layers(len(needs(self.model, PretrainableConfig, verb="pretraining").stacks()))
