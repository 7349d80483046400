"""The tables of a report, as rows of ready words."""

__all__ = ["Block", "Cell", "Chip", "Line", "Measure", "blocks", "measures", "methods", "settings"]

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from copyist.drawing.wording import bounds, number
from copyist.evaluation.denoising_table import Condition, DenoisingRow, DenoisingTable, DenoisingVerdict, Kind
from copyist.evidence import Judgement

FAMILIES: Mapping[Kind, tuple[str, str]] = {
    "blend": (
        "Blend with bright noise",
        "x̃ = α·x + (1 − α)·n, with n ~ N(0.7, 0.2²): the image fades to light gray and noise is added.",
    ),
    "gaussian": ("Noise alone", "x̃ = x + N(0, σ²): noise around zero, so that brightness and contrast stay."),
    "shift": ("Shift alone", "x̃ = α·x + (1 − α)·0.7: the same fading as the blend's, with no noise in it."),
}
"""Title and meaning of each kind of corruption, in the order of the page."""

MEASURES = (
    ("ratio", "Ratio of distances", "‖x̂ − x‖ / ‖x̃ − x‖; below 1 is closer to the clean image", 2, min),
    ("distance_after", "Distance", "‖x̂ − x‖, of an image; smaller is closer", 2, min),
    ("psnr", "PSNR", "in decibels; larger is closer", 1, max),
    ("high_frequency_share", "High frequencies", "their energy against the clean image's; 1 is as sharp", 2, None),
    ("noise_level", "Noise", "its estimated standard deviation in units of pixel value", 3, None),
)


@dataclass(frozen=True)
class Chip:
    """A verdict in two words."""

    words: str
    judgement: Judgement


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
    """The denoising table under one kind of corruption."""

    kind: Kind
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
    """Title of each kind of corruption and its columns."""

    lines: list[Line]


def blocks(table: DenoisingTable, roles: Mapping[str, str]) -> list[Block]:
    """The denoising table, one block per kind of corruption; models first, the best of each column marked.

    Args:
        table: what was measured.
        roles: what each model is for, by its name.
    """
    made: list[Block] = []
    for kind, (title, meaning) in FAMILIES.items():
        conditions = [condition for condition in table.conditions if condition.kind == kind]
        lines = [
            Line(
                method=method,
                role=roles.get(method, ""),
                is_model=is_model,
                cells=[_cell(table, method, condition) for condition in conditions],
            )
            for method, is_model in methods(table).items()
            if any(table.find_row(method, condition) for condition in conditions)
        ]
        if lines:
            columns = [str(condition) for condition in conditions]
            made.append(Block(kind=kind, title=title, meaning=meaning, columns=columns, lines=lines))
    return made


def measures(table: DenoisingTable) -> list[Measure]:
    """Every measure under every corruption, the best of each column marked."""
    kinds = _kinds(table)
    ordered = [c for kind in kinds for c in table.conditions if c.kind == kind]
    groups = [(FAMILIES[kind][0], [str(c) for c in ordered if c.kind == kind]) for kind in kinds]
    made: list[Measure] = []
    for name, title, meaning, digits, better in MEASURES:
        best = {c: better(_values(table, name, c), default=None) if better else None for c in ordered}
        lines: list[Line] = []
        for method, is_model in methods(table).items():
            values = [_value(table.find_row(method, c), name) for c in ordered]
            cells = [
                Cell(value=number(value, digits), best=value is not None and value == best[c])
                for value, c in zip(values, ordered, strict=True)
            ]
            lines.append(Line(method=method, role="", is_model=is_model, cells=cells))
        made.append(Measure(title=title, meaning=meaning, groups=groups, lines=lines))
    return made


def settings(table: DenoisingTable) -> list[tuple[str, list[list[str]]]]:
    """Each filter with what was best on training images: a list of settings for every kind of corruption."""
    return [
        (
            method,
            [
                [f"{row.condition}: {row.setting}" for row in table.rows
                 if (row.method, row.corruption) == (method, kind) and row.setting]
                for kind in _kinds(table)
            ],
        )
        for method in dict.fromkeys(row.method for row in table.rows if row.setting)
    ]  # fmt: skip


def methods(table: DenoisingTable) -> dict[str, bool]:
    """Every method and whether it is a model; models first."""
    return dict(sorted(table.methods.items(), key=lambda each: not each[1]))


def _kinds(table: DenoisingTable) -> list[Kind]:
    """Those that were measured, in the order of the page."""
    return [kind for kind in FAMILIES if any(condition.kind == kind for condition in table.conditions)]


def _cell(table: DenoisingTable, method: str, condition: Condition) -> Cell:
    row = table.find_row(method, condition)
    if row is None:
        return Cell(value="–")
    return Cell(
        value=number(row.ratio.mean),
        interval=bounds(row.ratio, 2),
        psnr=f"{number(row.psnr, 1)} dB",
        best=row.ratio.mean == min(_values(table, "ratio", condition)),
        chips=list(_chips(table.find_verdict(method, condition), condition)),
    )


def _chips(verdict: DenoisingVerdict | None, condition: Condition) -> Iterable[Chip]:
    if verdict is None:
        return
    act, refusal = ("restores", "does not restore") if condition.kind == "shift" else ("denoises", "does not denoise")
    told: tuple[tuple[Judgement, str, str], ...] = (
        (verdict.beats_identity, act, refusal),
        (verdict.beats_matched_blur, "beyond blur", "not beyond blur"),
        (verdict.beats_best_filter, "beyond filters", "not beyond filters"),
    )
    for judgement, yes, no in told:
        words = {"supported": yes, "refuted": no, "inconclusive": f"{yes}?"}
        yield Chip(words[judgement], judgement)


def _values(table: DenoisingTable, name: str, condition: Condition) -> list[float]:
    values = [_value(row, name) for row in table.rows if row.condition == condition]
    return [value for value in values if value is not None]


def _value(row: DenoisingRow | None, name: str) -> float | None:
    if row is None:
        return None
    return row.ratio.mean if name == "ratio" else getattr(row, name)
