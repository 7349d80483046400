"""A denoising table as plain text, for a terminal 100 columns wide."""

__all__ = ["WORDS", "aligned", "denoising_text", "plus_minus"]

import unicodedata
from collections.abc import Sequence

from copyist.evaluation.denoising_table import CodeStatistics, DenoisingTable, Kind, PrincipalCopies, Row
from copyist.evidence import Interval, Judgement

TITLES: dict[Kind, str] = {
    "blend": "Blend: x̃ = αx + (1 − α)n, n ~ N(0.7, 0.2²)",
    "gaussian": "Zero-mean noise: x̃ = x + N(0, σ²)",
    "shift": "Shift without noise: x̃ = αx + (1 − α)·0.7",
}
SYMBOLS: dict[Kind, str] = {"blend": "α", "gaussian": "σ", "shift": "α"}
WORDS: dict[Judgement, str] = {"supported": "yes", "refuted": "no", "inconclusive": "?"}
"""A judgement as the answer to a question."""


def denoising_text(table: DenoisingTable, *, details: bool = False) -> str:
    """Write a table out in aligned columns.

    Args:
        table: what was measured.
        details: whether to give every row in full, with distances, PSNR, spectra, noise and the filters' settings.
    """
    sections = [_head(table)]
    sections += [_ratios(table, kind) for kind in TITLES]
    if table.clean:
        sections.append(_clean(table))
    sections.append(_batches(table))
    if details:
        sections.append(_key(table))
        sections += [_details(table, kind) for kind in TITLES]
    return "\n\n".join(sections) + "\n"


def plus_minus(interval: Interval, *, digits: int = 3) -> str:
    """A mean and half of its interval, which may be unknown, to so many digits behind the point."""
    reach = (interval.high - interval.low) / 2
    mean = f"{interval.mean:.{digits}f}"
    return f"{mean} ± {reach:.{digits}f}" if reach == reach else mean


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Columns two spaces apart, the first to the left, the others to the right."""
    widths = [max(_width(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join(map(_padded, line, widths, range(len(line)))).rstrip() for line in lines)


def _head(table: DenoisingTable) -> str:
    shape = "x".join(str(side) for side in table.image_shape)
    return (
        f"Denoising: {table.num_test} test images of {shape}, in batches of {table.batch_size}; "
        f"filters set on {table.num_train} training images; seed {table.seed}\n"
        "ratio = ‖O(x̃) − x‖ / ‖x̃ − x‖, mean over images ± 95 % interval: 1 leaves the corruption, 0 is clean\n"
        "> a model; * the best filter; filters are fitted to each corruption, models are as they were trained\n"
        "beats: yes or no where the 95 % interval over images lies on one side, ? where it straddles the bound"
    )


def _ratios(table: DenoisingTable, kind: Kind) -> str:
    """One line per method and one column per strength; under each model its verdicts."""
    strengths = _strengths(table, kind)
    lines = [["ratio", *(f"{SYMBOLS[kind]} = {strength:g}" for strength in strengths)]]
    best = {
        strength: min((row for row in _rows(table, kind, strength) if row.control), key=lambda row: row.ratio.mean)
        for strength in strengths
    }
    for method in _methods(table):
        rows = [table.row(method, kind, strength) for strength in strengths]
        name = method if rows[0].control else f"> {method}"
        cells = [plus_minus(row.ratio) + ("*" if best[row.strength] is row else " ") for row in rows]
        lines.append([name, *cells])
        if not rows[0].control:
            verdicts = [table.verdict(method, kind, strength) for strength in strengths]
            lines.append(["    beats identity", *(WORDS[v.beats_identity] + " " for v in verdicts)])
            lines.append(["    beats matched blur", *(WORDS[v.beats_matched_blur] + " " for v in verdicts)])
            lines.append(["    beats best filter", *(WORDS[v.beats_best_filter] + " " for v in verdicts)])
    return f"{TITLES[kind]}\n{aligned(lines)}"


def _clean(table: DenoisingTable) -> str:
    """One line per model; under each with a small code PCA's, and whether the model copies better."""
    lines = [["model", "PSNR dB", "SSIM", "gain at σ = 0.1", "units", "mean", "std", "quiet", "active", "dead"]]
    leads: dict[int, str] = {}
    for row in table.clean:
        lines.append([row.model, f"{row.psnr:.2f}", f"{row.ssim:.3f}", plus_minus(row.gain), *_code(row.code)])
        if row.pca is not None:
            pca = [f"{row.pca.psnr:.2f}", f"{row.pca.ssim:.3f}", "", str(row.pca.num_axes)]
            leads[len(lines)] = _lead(row.pca)
            lines.append(["    PCA of equal code", *pca, *[""] * 5])
    title = f"Clean images, in batches of {table.batch_size} (gain: 1 passes all noise on, 0 none; right: the code)"
    texts = aligned(lines).splitlines()
    return "\n".join([title, *(text + leads.get(place, "") for place, text in enumerate(texts))])


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
    lead = plus_minus(pca.lead, digits=5)
    images = f"axes of {pca.num_train} training images"
    return f"\n    beats PCA: {WORDS[pca.beats_pca]}; MSE less PCA's {lead}, image by image, {images}"


def _batches(table: DenoisingTable) -> str:
    methods = list(dict.fromkeys(row.method for row in table.batches))
    first = [row for row in table.batches if row.method == methods[0]]
    lines = [["ratio", *(row.batch if row.batch == "alone" else f"{row.batch} ({row.size})" for row in first)]]
    for method in methods:
        lines.append([method, *(plus_minus(row.ratio) for row in table.batches if row.method == method)])
    return f"The same noisy images (blend, α = 0.3) in batches of other kinds\n{aligned(lines)}"


def _key(table: DenoisingTable) -> str:
    return (
        "In full. Distances are over all values of an image. detail: energy above half of Nyquist's frequency, the\n"
        "clean images' being 1. noise: the level estimated from the finest diagonal Haar coefficients, "
        f"{table.clean_noise_level:.4f} for clean ones."
    )


def _details(table: DenoisingTable, kind: Kind) -> str:
    header = ["method", "‖x̃ − x‖", "‖O(x̃) − x‖", "ratio", "PSNR dB", "detail", "noise", "setting"]
    blocks: list[str] = []
    for strength in _strengths(table, kind):
        lines = [header]
        for row in _rows(table, kind, strength):
            numbers = [
                f"{row.distance_before:.3f}",
                f"{row.distance_after:.3f}",
                plus_minus(row.ratio),
                f"{row.psnr:.2f}",
            ]
            lines.append(
                [row.method, *numbers, f"{row.high_frequency_share:.3f}", f"{row.noise_level:.4f}", row.setting]
            )
        blocks.append(
            f"{TITLES[kind]}, {SYMBOLS[kind]} = {strength:g}, batches of {table.batch_size}\n{aligned(lines)}"
        )
    return "\n\n".join(blocks)


def _methods(table: DenoisingTable) -> list[str]:
    return list(dict.fromkeys(row.method for row in table.rows))


def _strengths(table: DenoisingTable, kind: Kind) -> list[float]:
    return list(dict.fromkeys(row.strength for row in table.rows if row.corruption == kind))


def _rows(table: DenoisingTable, kind: Kind, strength: float) -> list[Row]:
    return [row for row in table.rows if (row.corruption, row.strength) == (kind, strength)]


def _padded(cell: str, width: int, column: int) -> str:
    blank = " " * (width - _width(cell))
    return cell + blank if column == 0 else blank + cell


def _width(text: str) -> int:
    """Columns on a terminal, where a tilde above a letter takes none."""
    return sum(not unicodedata.combining(character) for character in text)
