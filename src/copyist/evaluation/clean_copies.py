"""How models copy clean images, beside principal axes, and what their codes look like."""

__all__ = ["CleanCopies", "CodeStatistics", "PrincipalCopies", "clean_copies_text"]

from collections.abc import Sequence
from dataclasses import dataclass

from copyist.drawing.text import text_table
from copyist.drawing.wording import answer, estimate
from copyist.evidence import Below, Interval, Judgement

LESS = Below(0.0)
"""The criterion on differences of errors or ratios: the model is better where the difference is below 0."""


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
    """Share of units whose standard deviation over images is at most 1 % of the largest unit's."""

    active_share: float | None = None
    """Mean share of units above 1 % of the most active; None in tables that are older than this measure."""

    effective_share: float | None = None
    """Mean share of units in use, each weighted by its activation: (Σ|z|)² / (K·Σz²); None likewise."""

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
class CleanCopies:
    """One model on clean images."""

    model: str
    psnr: float
    """In decibels."""

    ssim: float
    gain: Interval
    """⟨O(x + δ) − O(x), δ⟩ / ‖δ‖² for δ ~ N(0, 0.1²): 1 for the identity, 0 when all noise is ignored."""

    code: CodeStatistics | None
    """None where the model has no code, or it was not measured."""

    error: float | None = None
    """Root mean square error of the copies over all images and values: noise of a smaller σ cannot be removed by
    construction. None in tables that are older than this measure."""

    pca: PrincipalCopies | None = None
    """None where there is no code, or it has as many units as an image has values: then PCA copies without error."""


def clean_copies_text(rows: Sequence[CleanCopies]) -> str:
    """One line per model; under each with a small code PCA's, and whether the model copies better."""
    lines = [["model", "PSNR dB", "SSIM", "gain at σ = 0.1", "units", "mean", "std", "quiet", "active", "dead"]]
    leads: dict[int, str] = {}
    for row in rows:
        gain = estimate(row.gain, 3, half_width=True)
        lines.append([row.model, f"{row.psnr:.2f}", f"{row.ssim:.3f}", gain, *_code(row.code)])
        if row.pca is not None:
            pca = [f"{row.pca.psnr:.2f}", f"{row.pca.ssim:.3f}", "", str(row.pca.num_axes)]
            leads[len(lines)] = _lead(row.pca)
            lines.append(["    PCA of equal code", *pca, *[""] * 5])
    return "\n".join(text + leads.get(place, "") for place, text in enumerate(text_table(lines).splitlines()))


def _code(code: CodeStatistics | None) -> list[str]:
    if code is None:
        return ["–"] * 6
    return [
        str(code.num_units),
        f"{code.mean:.3g}",
        f"{code.std:.3g}",
        f"{100 * code.quiet_share:.0f} %",
        "–" if code.active_share is None else f"{100 * code.active_share:.1f} %",
        "–" if code.dead_units is None else str(code.dead_units),
    ]


def _lead(pca: PrincipalCopies) -> str:
    """Another line, where the lead is known."""
    if pca.lead is None or pca.beats_pca is None:
        return ""
    lead = estimate(pca.lead, 5, half_width=True)
    images = f"axes of {pca.num_train} training images"
    return f"\n    beats PCA: {answer(pca.beats_pca)}; MSE less PCA's {lead}, image by image, {images}"
