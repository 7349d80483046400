"""The result of a denoising evaluation: rows, verdicts, their document and their text."""

__all__ = ["BatchKind", "BatchRow", "Condition", "DenoisingRow", "DenoisingTable", "DenoisingVerdict", "Kind", "Saw"]

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

from copyist.drawing.text import text_table
from copyist.drawing.wording import answer, estimate
from copyist.evaluation.clean_copies import CleanCopies, clean_copies_text
from copyist.evaluation.documents import Document
from copyist.evidence import Interval, Judgement

Kind: TypeAlias = Literal["blend", "gaussian", "shift"]
"""What was done to the images."""

BatchKind: TypeAlias = Literal["all noisy", "half clean", "eights", "alone"]
"""What else was in the batch of a noisy image."""

Saw: TypeAlias = Literal["nothing", "clean images", "setting", "corruption"]
"""What a method was made from: no images; clean ones alone; images under the very corruption that it is measured on, by
which one or two settings were chosen; or such images, to which it was fitted or on which it was trained."""

TITLES: Mapping[Kind, str] = {
    "blend": "Blend: x̃ = αx + (1 − α)n, n ~ N(0.7, 0.2²)",
    "gaussian": "Zero-mean noise: x̃ = x + N(0, σ²)",
    "shift": "Shift without noise: x̃ = αx + (1 − α)·0.7",
}


@final
@dataclass(frozen=True)
class Condition:
    """One way the images were corrupted."""

    kind: Kind
    strength: float
    """α of a blend or shift (less is heavier), σ of zero-mean noise (more is heavier)."""

    def __str__(self) -> str:
        return f"{'σ' if self.kind == 'gaussian' else 'α'} = {self.strength:g}"


@dataclass(frozen=True, kw_only=True)
class DenoisingRow:
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

    saw: Saw | None = None
    """What the method was made from; None where that was not said, as of models in tables older than this."""

    @property
    def condition(self) -> Condition:
        """What was done to the images."""
        return Condition(self.corruption, self.strength)


@dataclass(frozen=True, kw_only=True)
class DenoisingVerdict:
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
class BatchRow:
    """One method on the same noisy images (blend, α = 0.3) in batches of other kinds."""

    method: str
    batch: BatchKind
    size: int
    """Images in one batch."""

    ratio: Interval
    """‖O(x̃) − x‖ / ‖x̃ − x‖, over the noisy images alone."""


@final
@dataclass(frozen=True, kw_only=True)
class DenoisingTable(Document):
    """All that was measured, and on what."""

    schema: Literal["copyist.denoising"] = "copyist.denoising"
    version: Literal[1] = 1

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
    """The noise estimate of the clean test images: the floor of `DenoisingRow.noise_level`."""

    rows: tuple[DenoisingRow, ...]
    verdicts: tuple[DenoisingVerdict, ...]
    clean: tuple[CleanCopies, ...]
    batches: tuple[BatchRow, ...]

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Every condition that was measured, in the order of the rows."""
        return tuple(dict.fromkeys(row.condition for row in self.rows))

    @property
    def methods(self) -> dict[str, bool]:
        """The name of every method, and whether it is a model and no control, in the order of the rows."""
        return {row.method: not row.control for row in self.rows}

    def find_row(self, method: str, condition: Condition) -> DenoisingRow | None:
        """The row of one method under one condition, if it was measured."""
        return next((row for row in self.rows if row.method == method and row.condition == condition), None)

    def row(self, method: str, corruption: Kind, strength: float) -> DenoisingRow:
        """The row of one method under one condition; there must be one."""
        found = self.find_row(method, Condition(corruption, strength))
        assert found is not None
        return found

    def least_ratio(self, model: str, condition: Condition) -> float | None:
        """The ratio that a model's error on clean images makes by itself under a condition, noise or no noise.

        At 1 or above the corruption is smaller than that error, and cannot be removed by construction.

        Returns:
            The error over ‖x̃ − x‖, both root mean square per value; None where the error was not measured.
        """
        copies = next((each for each in self.clean if each.model == model), None)
        row = self.find_row(model, condition)
        if copies is None or copies.error is None or row is None:
            return None
        size = row.distance_before / math.sqrt(math.prod(self.image_shape))
        return copies.error / size if size > 0 else math.inf

    def best_control(self, condition: Condition) -> DenoisingRow:
        """The control of the lowest mean ratio under a condition that was measured."""
        rows = [row for row in self.rows if row.control and row.condition == condition]
        return min(rows, key=lambda row: row.ratio.mean)

    def find_verdict(self, model: str, condition: Condition) -> DenoisingVerdict | None:
        """The verdict on one model under one condition, if there is one."""
        wanted = (model, condition.kind, condition.strength)
        return next((v for v in self.verdicts if (v.model, v.corruption, v.strength) == wanted), None)

    def verdict(self, model: str, corruption: Kind, strength: float) -> DenoisingVerdict:
        """The verdict on one model under one condition; there must be one."""
        found = self.find_verdict(model, Condition(corruption, strength))
        assert found is not None
        return found

    def text(self, *, details: bool = False) -> str:
        """The table for a terminal 100 columns wide.

        Args:
            details: whether to give every row in full, with distances, PSNR, spectra, noise and the filters' settings.
        """
        sections = [_head(self), *(_ratios(self, kind) for kind in TITLES)]
        if self.clean:
            title = (
                f"Clean images, in batches of {self.batch_size} (gain: 1 passes all noise on, 0 none; right: the code)"
            )
            sections.append(f"{title}\n{clean_copies_text(self.clean)}")
        sections.append(_batches(self))
        if details:
            sections += [_key(self), *(_details(self, condition) for condition in self.conditions)]
        return "\n\n".join(sections) + "\n"


def _head(table: DenoisingTable) -> str:
    shape = "x".join(str(side) for side in table.image_shape)
    return (
        f"Denoising: {table.num_test} test images of {shape}, in batches of {table.batch_size}; "
        f"filters set on {table.num_train} training images; seed {table.seed}\n"
        "ratio = ‖O(x̃) − x‖ / ‖x̃ − x‖, mean over images ± 95 % interval: 1 leaves the corruption, 0 is clean\n"
        "> a model; * the best filter; filters are fitted to each corruption, models are as they were trained\n"
        "saw: nothing, clean images, or this corruption: by it a setting was chosen, or to it all was fitted\n"
        "beats: yes or no where the 95 % interval over images lies on one side, ? where it straddles the bound"
    )


def _ratios(table: DenoisingTable, kind: Kind) -> str:
    """One line per method and one column per strength; under each model its verdicts."""
    conditions = [condition for condition in table.conditions if condition.kind == kind]
    lines = [["ratio", *map(str, conditions), "saw"]]
    best = [table.best_control(condition) for condition in conditions]
    for method, is_model in table.methods.items():
        rows = [table.row(method, kind, condition.strength) for condition in conditions]
        cells = [_ratio(row.ratio) + ("*" if row in best else " ") for row in rows]
        lines.append([f"> {method}" if is_model else method, *cells, rows[0].saw or "–"])
        if is_model:
            verdicts = [table.verdict(method, kind, condition.strength) for condition in conditions]
            lines.append(["    beats identity", *(answer(v.beats_identity) + " " for v in verdicts), ""])
            lines.append(["    beats matched blur", *(answer(v.beats_matched_blur) + " " for v in verdicts), ""])
            lines.append(["    beats best filter", *(answer(v.beats_best_filter) + " " for v in verdicts), ""])
    errors = _own_errors(table) if kind == "gaussian" else ""
    return f"{TITLES[kind]}\n{text_table(lines)}{errors}"


def _own_errors(table: DenoisingTable) -> str:
    """Below which σ no noise can be removed, one line per model."""
    return "".join(
        f"\n{each.model}: its copies of clean images are off by {each.error:.3f}; less noise than that it cannot remove"
        for each in table.clean
        if each.error is not None
    )


def _batches(table: DenoisingTable) -> str:
    methods = list(dict.fromkeys(row.method for row in table.batches))
    first = [row for row in table.batches if row.method == methods[0]]
    lines = [["ratio", *(row.batch if row.batch == "alone" else f"{row.batch} ({row.size})" for row in first)]]
    for method in methods:
        lines.append([method, *(_ratio(row.ratio) for row in table.batches if row.method == method)])
    return f"The same noisy images (blend, α = 0.3) in batches of other kinds\n{text_table(lines)}"


def _key(table: DenoisingTable) -> str:
    return (
        "In full. Distances are over all values of an image. detail: energy above half of Nyquist's frequency, the\n"
        "clean images' being 1. noise: the level estimated from the finest diagonal Haar coefficients, "
        f"{table.clean_noise_level:.4f} for clean ones."
    )


def _details(table: DenoisingTable, condition: Condition) -> str:
    lines = [["method", "‖x̃ − x‖", "‖O(x̃) − x‖", "ratio", "PSNR dB", "detail", "noise", "setting"]]
    for row in table.rows:
        if row.condition == condition:
            distances = [f"{row.distance_before:.3f}", f"{row.distance_after:.3f}"]
            rest = [f"{row.psnr:.2f}", f"{row.high_frequency_share:.3f}", f"{row.noise_level:.4f}", row.setting]
            lines.append([row.method, *distances, _ratio(row.ratio), *rest])
    return f"{TITLES[condition.kind]}, {condition}, batches of {table.batch_size}\n{text_table(lines)}"


def _ratio(measured: Interval) -> str:
    return estimate(measured, 3, half_width=True)
