"""The tables of a report, as rows of ready words."""

__all__ = ["Block", "Cell", "Chip", "Line", "Measure", "blocks", "measures"]

from collections.abc import Iterable
from dataclasses import dataclass, field

from copyist.report.results import Answer, Corruption, Evaluation, Row, Verdict
from copyist.report.wording import interval, number

FAMILIES = {
    "blend": (
        "Blend with bright noise",
        "x̃ = α·x + (1 − α)·n, with n ~ N(0.7, 0.2²): the image fades to light grey and noise is added.",
    ),
    "gaussian": ("Noise alone", "x̃ = x + N(0, σ²): noise around zero, so that brightness and contrast stay."),
    "shift": ("Shift alone", "x̃ = α·x + (1 − α)·0.7: the same fading as the blend's, with no noise in it."),
}
"""Title and meaning of each family of corruptions, in the order of the page."""

MEASURES = (
    ("ratio", "Ratio of distances", "‖x̂ − x‖ / ‖x̃ − x‖; below 1 is closer to the clean image", 2, min),
    ("distance", "Distance", "‖x̂ − x‖, of an image; smaller is closer", 2, min),
    ("psnr", "PSNR", "in decibels; larger is closer", 1, max),
    ("high_frequency", "High frequencies", "their energy against the clean image's; 1 is as sharp", 2, None),
    ("residual_noise", "Remaining noise", "standard deviation in units of pixel value; 0 is none", 3, min),
)


@dataclass(frozen=True)
class Chip:
    """A verdict in two words."""

    words: str
    answer: Answer


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One measured value."""

    value: str
    interval: str = ""
    psnr: str = ""
    best: bool = False
    chips: list[Chip] = field(default_factory=list[Chip])


@dataclass(frozen=True, kw_only=True)
class Line:
    """One method: its values from left to right."""

    method: str
    role: str
    is_model: bool
    cells: list[Cell]


@dataclass(frozen=True, kw_only=True)
class Block:
    """The denoising table under one family of corruptions."""

    family: str
    title: str
    meaning: str
    columns: list[str]
    lines: list[Line]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One measure under every corruption."""

    title: str
    meaning: str
    groups: list[tuple[str, list[str]]]
    """Title of each family and its columns."""

    lines: list[Line]


def blocks(evaluation: Evaluation, roles: dict[str, str]) -> list[Block]:
    """The denoising table, one block per family of corruptions; models first, the best of each column marked.

    Args:
        evaluation: what was measured.
        roles: what each model is for, by its name.
    """
    made: list[Block] = []
    for family, (title, meaning) in FAMILIES.items():
        corruptions = [corruption for corruption in evaluation.corruptions if corruption.family == family]
        lines = [
            Line(
                method=method,
                role=roles.get(method, ""),
                is_model=is_model,
                cells=[_cell(evaluation, method, corruption) for corruption in corruptions],
            )
            for method, is_model in methods(evaluation).items()
            if any(evaluation.row(method, corruption.name) for corruption in corruptions)
        ]
        if lines:
            columns = [column(corruption) for corruption in corruptions]
            made.append(Block(family=family, title=title, meaning=meaning, columns=columns, lines=lines))
    return made


def measures(evaluation: Evaluation) -> list[Measure]:
    """Every measure under every corruption, the best of each column marked."""
    families = [family for family in FAMILIES if any(c.family == family for c in evaluation.corruptions)]
    ordered = [c for family in families for c in evaluation.corruptions if c.family == family]
    groups = [(FAMILIES[family][0], [column(c) for c in ordered if c.family == family]) for family in families]
    made: list[Measure] = []
    for name, title, meaning, digits, better in MEASURES:
        if all(getattr(row, name) is None for row in evaluation.rows):
            continue
        best = {c.name: better(_values(evaluation, name, c), default=None) if better else None for c in ordered}
        lines: list[Line] = []
        for method, is_model in methods(evaluation).items():
            values = [_value(evaluation.row(method, c.name), name) for c in ordered]
            cells = [
                Cell(value=number(value, digits), best=value is not None and value == best[c.name])
                for value, c in zip(values, ordered, strict=True)
            ]
            lines.append(Line(method=method, role="", is_model=is_model, cells=cells))
        made.append(Measure(title=title, meaning=meaning, groups=groups, lines=lines))
    return made


def methods(evaluation: Evaluation) -> dict[str, bool]:
    """Every method and whether it is a model; models first."""
    kinds = {row.method: row.kind == "model" for row in evaluation.rows}
    return {name: kind for wanted in (True, False) for name, kind in kinds.items() if kind is wanted}


def column(corruption: Corruption) -> str:
    """What stands above the column of a corruption."""
    return f"{'σ' if corruption.family == 'gaussian' else 'α'} = {corruption.value:g}"


def _cell(evaluation: Evaluation, method: str, corruption: Corruption) -> Cell:
    row = evaluation.row(method, corruption.name)
    if row is None:
        return Cell(value="–")
    return Cell(
        value=number(row.ratio),
        interval=interval(row.ratio_low, row.ratio_high),
        psnr=f"{number(row.psnr, 1)} dB" if row.psnr is not None else "",
        best=row.ratio == min(_values(evaluation, "ratio", corruption)),
        chips=list(_chips(evaluation.verdict(method, corruption.name), corruption)),
    )


def _chips(verdict: Verdict | None, corruption: Corruption) -> Iterable[Chip]:
    if verdict is None:
        return
    act, refusal = (
        ("restores", "does not restore") if corruption.family == "shift" else ("denoises", "does not denoise")
    )
    words = {"yes": act, "no": refusal, "unclear": f"{act}?"}
    yield Chip(words[verdict.beats_identity], verdict.beats_identity)
    words = {"yes": "beyond filters", "no": "not beyond filters", "unclear": "beyond filters?"}
    yield Chip(words[verdict.beats_best_filter], verdict.beats_best_filter)


def _values(evaluation: Evaluation, name: str, corruption: Corruption) -> list[float]:
    values = [_value(row, name) for row in evaluation.rows if row.corruption == corruption.name]
    return [value for value in values if value is not None]


def _value(row: Row | None, name: str) -> float | None:
    return getattr(row, name) if row else None
