"""What a denoising evaluation found: rows, verdicts, and their JSON."""

__all__ = [
    "BatchKind",
    "BatchRow",
    "CleanRow",
    "CodeStatistics",
    "DenoisingTable",
    "Kind",
    "PrincipalCopies",
    "Row",
    "Verdict",
]

import math
from dataclasses import dataclass
from typing import Any, Literal, Self, TypeAlias, cast

from pydantic import TypeAdapter, ValidationError

from copyist.errors import DataError
from copyist.evidence import Interval, Judgement

SCHEMA = "copyist.denoising"
VERSION = 1

Kind: TypeAlias = Literal["blend", "gaussian", "shift"]
"""What was done to the images."""

BatchKind: TypeAlias = Literal["all noisy", "half clean", "eights", "alone"]
"""What else was in the batch of a noisy image."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One method under one corruption; all numbers are means over the test images."""

    method: str
    control: bool
    """Whether it is one of the classical filters."""

    corruption: Kind
    strength: float
    """α of a blend or shift (less is heavier), σ of zero-mean noise (more is heavier)."""

    setting: str
    """What was chosen on training images, in words; empty where nothing was."""

    ratio: Interval
    """‖O(x̃) − x‖ / ‖x̃ − x‖, image by image: 1 for the identity, 0 for a perfect answer."""

    distance_before: float
    """‖x̃ − x‖, over all values of an image, in units of pixel value."""

    distance_after: float
    """‖O(x̃) − x‖, likewise."""

    psnr: float
    """Of O(x̃) against x, in decibels."""

    high_frequency_share: float
    """Energy of all answers above half of Nyquist's frequency over that of all clean images."""

    noise_level: float
    """Estimated noise left in O(x̃), in units of pixel value; compare with the clean images' own."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether a model denoises, and whether it does so beyond filtering, under one corruption."""

    model: str
    corruption: Kind
    strength: float
    leads: dict[str, Interval]
    """The model's ratio minus each control's, image by image, by the control's name; below 0 the model is better."""

    best_filter: str
    """The control of lowest mean ratio on these very images, which favors the controls."""

    beats_identity: Judgement
    """Does it denoise at all: is its ratio below 1?"""

    beats_matched_blur: Judgement
    """Does it do more than blur and restore the data's brightness and contrast: is that lead below 0?"""

    beats_best_filter: Judgement
    """Does it do more than any filter fitted to this corruption: is the lead on `best_filter` below 0?"""


@dataclass(frozen=True, kw_only=True)
class CodeStatistics:
    """What the codes of the clean images look like."""

    num_units: int
    """Numbers in one image's code."""

    mean: float
    """Over images and units."""

    std: float
    """Over images and units."""

    quiet_share: float
    """Share of units whose standard deviation over images is at most 1 % of the liveliest unit's."""

    active_share: float | None = None
    """Mean share of units above 1 % of the loudest; None in tables that are older than this measure."""

    effective_share: float | None = None
    """Mean share of units in use, each counted by how loud it is: (Σ|z|)² / (K·Σz²); None likewise."""

    dead_units: int | None = None
    """How many units no image activates; None likewise."""


@dataclass(frozen=True, kw_only=True)
class PrincipalCopies:
    """What principal component analysis makes of the same clean images, with as many axes as a code has units."""

    num_axes: int
    """As many as the code has units, or fewer where the training images span no more."""

    num_train: int
    """Training images the axes are fitted to."""

    psnr: float
    """In decibels."""

    ssim: float
    lead: Interval | None = None
    """The model's squared error minus that of the axes, image by image; below 0 the model copies better. None in tables
    that are older than this measure."""

    beats_pca: Judgement | None = None
    """Is that lead below 0? None likewise."""


@dataclass(frozen=True, kw_only=True)
class CleanRow:
    """One model on clean images."""

    model: str
    psnr: float
    """In decibels."""

    ssim: float
    gain: Interval
    """⟨O(x + δ) − O(x), δ⟩ / ‖δ‖² for δ ~ N(0, 0.1²): 1 for the identity, 0 when all noise is ignored."""

    code: CodeStatistics | None
    """None where the model has no code, or none was asked about."""

    pca: PrincipalCopies | None = None
    """None where there is no code, or it has as many units as an image has values: then PCA copies without error."""


@dataclass(frozen=True, kw_only=True)
class BatchRow:
    """One method on the same noisy images (blend, α = 0.3) in other company."""

    method: str
    batch: BatchKind
    size: int
    """Images in one batch."""

    ratio: Interval
    """‖O(x̃) − x‖ / ‖x̃ − x‖, over the noisy images alone."""


@dataclass(frozen=True, kw_only=True)
class DenoisingTable:
    """All that was measured, and on what."""

    image_shape: tuple[int, int, int]
    """(C, H, W)."""

    num_train: int
    """Training images given to the controls."""

    num_test: int
    """Test images every mean is over."""

    batch_size: int
    """The batches in which all rows but those of `batches` were computed."""

    seed: int
    clean_noise_level: float
    """What the noise estimate says of the clean test images: the floor of `Row.noise_level`."""

    rows: tuple[Row, ...]
    verdicts: tuple[Verdict, ...]
    clean: tuple[CleanRow, ...]
    batches: tuple[BatchRow, ...]

    def verdict(self, model: str, corruption: Kind, strength: float) -> Verdict:
        """The verdict on one model under one corruption; there must be one."""
        wanted = (model, corruption, strength)
        return next(v for v in self.verdicts if (v.model, v.corruption, v.strength) == wanted)

    def row(self, method: str, corruption: Kind, strength: float) -> Row:
        """The row of one method under one corruption; there must be one."""
        wanted = (method, corruption, strength)
        return next(row for row in self.rows if (row.method, row.corruption, row.strength) == wanted)

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists and numbers. A number that is not finite is a string: "inf", "-inf" or "nan"."""
        document = TypeAdapter(DenoisingTable).dump_python(self, mode="json")
        return {"schema": SCHEMA, "version": VERSION, **_spelled(document)}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """Read back what `to_json` made.

        Raises:
            DataError: it is something else, or comes from a newer version.
        """
        if document.get("schema") != SCHEMA:
            raise DataError(f"a denoising table must have schema {SCHEMA!r}, got {document.get('schema')!r}")
        if document.get("version") != VERSION:
            raise DataError(
                f"a denoising table must have version {VERSION}, got {document.get('version')!r}; update copyist"
            )
        try:
            return TypeAdapter(cls).validate_python(document)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise DataError(
                f"a denoising table must be complete, got {place}: {first['msg']}; write it again"
            ) from error


def _spelled(value: Any) -> Any:
    """The same document with numbers that are not finite, which JSON lacks, as strings."""
    if isinstance(value, dict):
        return {key: _spelled(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_spelled(item) for item in cast("list[Any]", value)]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
