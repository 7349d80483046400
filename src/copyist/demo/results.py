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
    "Family",
    "History",
    "Model",
    "Neighbor",
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

from copyist.evidence import Interval, Judgement

Family: TypeAlias = Literal["blend", "gaussian", "shift"]
"""What was done to the images."""

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
    """By name: "rows", "passes", "skips", "steps", "samples" and "neighbors" have their place on the page; others
    follow at its end."""

    walk: Walk | None = None


@dataclass(frozen=True)
class Corruption:
    """One way the images were corrupted."""

    family: Family
    strength: float
    """α of a blend or a shift, σ of zero-mean noise."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One method under one corruption."""

    method: str
    control: bool
    """Whether it is a filter, not a model."""

    corruption: Family
    strength: float
    setting: str = ""
    """What was chosen on training images, in words."""

    ratio: Interval
    """‖x̂ − x‖ / ‖x̃ − x‖."""

    distance_before: float
    distance_after: float
    psnr: float
    high_frequency_share: float
    noise_level: float

    @property
    def under(self) -> Corruption:
        """The corruption."""
        return Corruption(self.corruption, self.strength)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether a model did better than doing nothing, than a blur, and than the best filter."""

    model: str
    corruption: Family
    strength: float
    best_filter: str
    beats_identity: Judgement
    beats_matched_blur: Judgement
    beats_best_filter: Judgement


@dataclass(frozen=True, kw_only=True)
class Clean:
    """How a model copies clean images, and how much of small noise it passes on."""

    model: str
    psnr: float
    ssim: float
    gain: Interval
    """The projected gain: 1 for the identity, 0 when noise is ignored."""

    code: dict[str, Setting] | None = None


@dataclass(frozen=True, kw_only=True)
class Batch:
    """The same images judged in another batch."""

    method: str
    batch: str
    size: int
    ratio: Interval


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """evaluation.json, as an evaluation of denoising writes it."""

    schema: Literal["copyist.denoising"]
    version: Literal[1]
    num_test: int
    batch_size: int
    clean_noise_level: float | None = None
    rows: list[Row]
    verdicts: list[Verdict] = field(default_factory=list[Verdict])
    clean: list[Clean] = field(default_factory=list[Clean])
    batches: list[Batch] = field(default_factory=list[Batch])

    @property
    def corruptions(self) -> list[Corruption]:
        """Every corruption, in the order of the rows."""
        return list(dict.fromkeys(row.under for row in self.rows))

    def verdict(self, model: str, under: Corruption) -> Verdict | None:
        """The verdict on a model under a corruption, if there is one."""
        judged = (v for v in self.verdicts if v.model == model)
        return next((v for v in judged if (v.corruption, v.strength) == (under.family, under.strength)), None)

    def row(self, method: str, under: Corruption) -> Row | None:
        """The row of a method under a corruption, if it was measured."""
        return next((row for row in self.rows if row.method == method and row.under == under), None)


@dataclass(frozen=True, kw_only=True)
class Neighbor:
    """A sample's nearest training image."""

    index: int
    distance: float
    neighbor_name: str = ""


@dataclass(frozen=True, kw_only=True)
class Spread:
    """The distances of held-out images to their nearest training images."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Samples:
    """samples.json."""

    samples: list[Neighbor]
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
