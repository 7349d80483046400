"""The results that a report is made of, as they lie on disk.

A folder of results holds

    report.json         what was done: a `Report`, which names the files below
    evaluation.json     the denoising table: an `Evaluation`; optional
    samples.json        nearest training images of samples: a `Samples`; optional
    any PNG, MP4, CSV   pictures, the walk and the histories, at the relative paths that report.json gives

Each class below is one JSON object with those keys; a key with a default may be left out, and keys that are not known
are passed over. A history is a CSV file with the columns step, loss, validation_loss (may be empty), learning_rate and
seconds.
"""

__all__ = [
    "Batch",
    "Clean",
    "Corruption",
    "Data",
    "Evaluation",
    "History",
    "Model",
    "Neighbour",
    "Picture",
    "Report",
    "Row",
    "Samples",
    "Spread",
    "Stage",
    "Verdict",
    "Walk",
]

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Answer: TypeAlias = Literal["yes", "no", "unclear"]
Setting: TypeAlias = str | int | float | bool | list[int] | list[float] | list[str] | None


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage of the work and how long it took."""

    name: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Data:
    """What was copied."""

    source: str
    num_train: int
    num_test: int
    shape: tuple[int, int, int]
    """(C, H, W) of one image."""

    split: str = ""
    """How train and test were told apart, as a phrase."""

    fingerprint: str = ""


@dataclass(frozen=True, kw_only=True)
class Model:
    """One trained model."""

    name: str
    """As in evaluation.json."""

    kind: str
    role: str
    """"copier", "control with skips" or "trained denoiser"; another role is shown as it is."""

    num_parameters: int
    steps: int
    batch_size: int
    seconds: float
    file: str = ""
    history: str | None = None
    """The path of its history."""

    recipe: dict[str, Setting] = field(default_factory=dict[str, Setting])
    """What else the reader should know of its training, by name."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A PNG file and what to see in it."""

    file: str
    caption: str = ""


@dataclass(frozen=True, kw_only=True)
class Walk:
    """A walk as a film, and as a contact sheet for paper."""

    contact_sheet: str
    video: str | None = None
    """An MP4 file."""

    poster: str | None = None
    """A PNG file shown before the film plays."""

    caption: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """report.json."""

    title: str
    command: str
    seed: int
    date: str
    """In ISO 8601."""

    data: Data
    models: list[Model]
    """The first with the role "copier" is the one the page is about; without any, the first."""

    stages: list[Stage] = field(default_factory=list[Stage])
    versions: dict[str, str] = field(default_factory=dict[str, str])
    pictures: dict[str, Picture] = field(default_factory=dict[str, Picture])
    """By name: "rows", "passes", "skips", "steps", "samples" and "neighbours" have their place on the page; others
    follow at its end."""

    walk: Walk | None = None


@dataclass(frozen=True, kw_only=True)
class Corruption:
    """One way the images were corrupted."""

    name: str
    family: Literal["blend", "gaussian", "shift"]
    value: float
    """α of a blend or a shift, σ of zero-mean noise."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One method under one corruption."""

    method: str
    kind: Literal["control", "model"]
    corruption: str
    ratio: float
    ratio_low: float | None = None
    ratio_high: float | None = None
    distance: float | None = None
    psnr: float | None = None
    high_frequency: float | None = None
    residual_noise: float | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether a model did better than doing nothing, and than the best filter."""

    model: str
    corruption: str
    beats_identity: Answer
    beats_best_filter: Answer
    best_filter: str = ""


@dataclass(frozen=True, kw_only=True)
class Clean:
    """How a model copies clean images, and how much of small noise it passes on."""

    model: str
    psnr: float
    ssim: float | None = None
    gain: float | None = None
    """The projected gain: 1 for the identity, 0 when noise is ignored."""

    code: dict[str, Setting] | None = None


@dataclass(frozen=True, kw_only=True)
class Batch:
    """The same images judged in another batch."""

    model: str
    batch: str
    ratio: float
    ratio_low: float | None = None
    ratio_high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """evaluation.json."""

    batch_size: int
    num_images: int
    corruptions: list[Corruption]
    rows: list[Row]
    verdicts: list[Verdict] = field(default_factory=list[Verdict])
    clean: list[Clean] = field(default_factory=list[Clean])
    batches: list[Batch] = field(default_factory=list[Batch])

    def verdict(self, model: str, corruption: str) -> Verdict | None:
        """The verdict on a model under a corruption, if there is one."""
        return next((v for v in self.verdicts if (v.model, v.corruption) == (model, corruption)), None)

    def row(self, method: str, corruption: str) -> Row | None:
        """The row of a method under a corruption, if it was measured."""
        return next((row for row in self.rows if (row.method, row.corruption) == (method, corruption)), None)


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """A sample's nearest training image."""

    index: int
    distance: float
    neighbour_name: str = ""


@dataclass(frozen=True, kw_only=True)
class Spread:
    """The distances of held-out images to their nearest training images."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Samples:
    """samples.json."""

    samples: list[Neighbour]
    held_out: Spread
    verdict: str


@dataclass(frozen=True, kw_only=True)
class History:
    """The loss over the steps of one training."""

    model: str
    steps: list[int]
    loss: list[float]
    validation: list[tuple[int, float]]
    """Step and held-out loss, where it was measured."""
