"""The results that the demo's report is made of, as they lie on disk.

A folder of results holds

    report.json         what was done: a `DemoReport`, which names the files below
    evaluation.json     the denoising table: an `Evaluation`; optional
    real.json           the same on real images: an `Evaluation`; optional
    samples.json        nearest training images of samples: a `SampleNeighbors`; optional
    any PNG and MP4     pictures and films, at the relative paths that report.json gives

Keys that are not known are passed over.
"""

__all__ = [
    "PLAIN_COPIES",
    "SAMPLE_STEPS",
    "SCHEDULED",
    "WALKED",
    "CopiedData",
    "DemoReport",
    "Film",
    "HeldOutDistances",
    "InOrder",
    "LossCurve",
    "Neighbor",
    "SampleNeighbors",
    "Setting",
    "Shown",
    "Stage",
    "Strip",
    "TrainedModel",
    "WalkStage",
]

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, final

from copyist.evaluation.documents import Document

SAMPLE_STEPS = 30
"""Of every sample."""

SCHEDULED = f"{SAMPLE_STEPS} steps on the schedule"
"""The samples, among the images of which it is counted how many keep the rules of landscapes."""

PLAIN_COPIES = f"{SAMPLE_STEPS} plain copies, no new noise"
"""What comes of the same first noise with no schedule."""

WALKED = "walked"
"""The images at the end of the walk."""

Setting: TypeAlias = str | int | float | bool | list[int] | list[float] | list[str] | None
"""A setting of a recipe."""


@final
@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage of the work and how long it took."""

    name: str
    seconds: float


@final
@dataclass(frozen=True, kw_only=True)
class CopiedData:
    """What was copied."""

    source: str
    num_train: int
    num_test: int
    shape: tuple[int, int, int]
    """(C, H, W) of one image."""

    split: str = ""
    """How train and test were split, as a phrase."""

    fingerprint: str = ""


@final
@dataclass(frozen=True, kw_only=True)
class LossCurve:
    """The loss over the steps of one training."""

    steps: tuple[int, ...]
    loss: tuple[float, ...]
    """One for each of these steps."""

    validation: tuple[tuple[int, float], ...]
    """Step and held-out loss, where it was measured."""


@final
@dataclass(frozen=True, kw_only=True)
class TrainedModel:
    """One trained model."""

    name: str
    """As in evaluation.json."""

    kind: str
    role: str
    """"copier" is the one the page is about; another role is shown as it is."""

    num_parameters: int
    steps: int
    batch_size: int
    seconds: float
    """Its training took."""

    shipped: bool = False
    """Whether it was loaded as it comes with the package, not trained here."""

    psnr: float | None = None
    """Of its copies of held-out images, in decibels."""

    file: str = ""
    curve: LossCurve | None = None
    recipe: Mapping[str, Setting] = field(default_factory=dict[str, Setting])
    """What else the reader should know of its training, by name."""


@final
@dataclass(frozen=True)
class Strip:
    """A PNG file of images side by side, and what they are."""

    file: str
    label: str = ""


@final
@dataclass(frozen=True, kw_only=True)
class Shown:
    """Strips below one another, and what to see in them."""

    strips: tuple[Strip, ...]
    heads: tuple[str, ...] = ()
    """What stands over the columns of every strip, from left to right."""

    caption: str = ""


@final
@dataclass(frozen=True, kw_only=True)
class Film:
    """A film, and as a picture for paper."""

    video: str
    """An MP4 file."""

    sheet: str
    """A PNG file."""

    label: str = ""
    caption: str = ""


@final
@dataclass(frozen=True, kw_only=True)
class InOrder:
    """How many of some images keep every rule of the landscapes."""

    name: str
    kept: int
    of: int


@final
@dataclass(frozen=True, kw_only=True)
class WalkStage:
    """One stage in the training of the small network, and which images walked under it."""

    steps: int
    """Of training, in all."""

    psnr: float
    """Of copies of training images, in decibels."""

    walked: int
    """Training images that walked without noise."""

    of: int
    held_out_psnr: float
    held_out_walked: int
    held_out_of: int
    film: Film


@final
@dataclass(frozen=True, kw_only=True)
class DemoReport(Document):
    """report.json: what was done."""

    schema: Literal["copyist.demo"] = "copyist.demo"
    version: Literal[2] = 2

    title: str
    command: str
    seed: int
    date: str
    """Day and time in UTC."""

    data: CopiedData
    models: tuple[TrainedModel, ...]
    """The first with the role "copier" is the one the page is about; without any, the first."""

    stages: tuple[Stage, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict[str, str])
    pictures: Mapping[str, Shown] = field(default_factory=dict[str, Shown])
    """By name; those that the page has a place for are listed there, and others follow at its end."""

    films: Mapping[str, Film] = field(default_factory=dict[str, Film])
    """"arising": images out of noise; "walk": the walk."""

    in_order: tuple[InOrder, ...] = ()
    """Of landscapes alone: held-out ones, samples, what else makes some of noise, and what has walked."""

    walk_stages: tuple[WalkStage, ...] = ()
    """The earliest first."""

    identity: str = ""
    """A hash of the models and of what measured them: with the same one nothing need be measured again."""


@final
@dataclass(frozen=True, kw_only=True)
class Neighbor:
    """A sample's nearest training image."""

    index: int
    distance: float
    neighbor_name: str = ""


@final
@dataclass(frozen=True, kw_only=True)
class HeldOutDistances:
    """Quartiles of the distances of held-out images to their nearest training images."""

    low: float
    median: float
    high: float


@final
@dataclass(frozen=True, kw_only=True)
class SampleNeighbors(Document):
    """samples.json: whether samples are memories."""

    schema: Literal["copyist.samples"] = "copyist.samples"
    version: Literal[1] = 1

    samples: tuple[Neighbor, ...]
    held_out: HeldOutDistances
    verdict: str
    """In a sentence."""
