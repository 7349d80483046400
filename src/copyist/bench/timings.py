"""What a benchmark measured, as JSON and as text."""

__all__ = ["BenchResult", "Comparison", "LossComparison", "Machine", "Quartiles"]

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from copyist.drawing.text import text_table

_HEADINGS = (
    "width", "size", "batch", "rounds", "ours, ms", "reference, ms", "ratio", "(quartiles)", "ours, img/s",
    "of bf16 peak", "reference of float32 peak",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Quartiles:
    """A median and its quartiles."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """The quartiles of at least one value."""
        if len(values) == 1:
            return cls(median=values[0], low=values[0], high=values[0])
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median=median, low=low, high=high)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Where it was measured."""

    processor: str
    cores: int
    threads: int
    python: str
    torch: str
    float32_peak: float
    """Of a matrix product, in GFLOP/s."""

    bf16_peak: float
    """Of a matrix product, in GFLOP/s."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Ours and the reference, by turns."""

    width: int
    size: int
    batch: int
    rounds: int
    ours: Quartiles
    """Seconds."""

    reference: Quartiles
    """Seconds."""

    ratio: Quartiles
    """Reference seconds over our seconds of the same round: how many times as fast ours is."""

    flops: float | None = None
    """Of what is timed, by count; None where it was not counted."""


@dataclass(frozen=True, kw_only=True)
class LossComparison:
    """Held-out loss after equal steps: ours in its fast precision over ours in float32."""

    width: int
    steps: int
    ratios: tuple[float, ...]
    """One per seed."""


@dataclass(frozen=True, kw_only=True)
class BenchResult:
    """One benchmark."""

    name: str
    unit: str
    """What one timing is of."""

    images_per_unit: int
    """Images that are made or seen in one."""

    machine: Machine
    comparisons: tuple[Comparison, ...]
    losses: tuple[LossComparison, ...] = ()

    def to_json(self) -> str:
        """One JSON object."""
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote."""
        document: dict[str, Any] = json.loads(text)
        document["machine"] = Machine(**document["machine"])
        document["comparisons"] = tuple(_comparison(row) for row in document["comparisons"])
        document["losses"] = tuple(_losses(row) for row in document["losses"])
        return cls(**document)

    def __str__(self) -> str:
        machine = self.machine
        lines = [
            f"{self.name}: {machine.processor}, {machine.cores} cores, {machine.threads} threads, "
            f"Python {machine.python}, torch {machine.torch}",
            f"matrix-multiply peak: float32 {machine.float32_peak:.0f} GFLOP/s, bf16 {machine.bf16_peak:.0f} GFLOP/s",
            text_table([_HEADINGS, *(self._row(row) for row in self.comparisons)], sides=("right",)),
        ]
        for loss in self.losses:
            spread = Quartiles.of(loss.ratios)
            lines.append(
                f"held-out loss after {loss.steps} steps at width {loss.width}, ours over float32: {spread.median:.4f} "
                f"({min(loss.ratios):.4f} to {max(loss.ratios):.4f} over {len(loss.ratios)} seeds)"
            )
        return "\n".join(lines)

    def _row(self, row: Comparison) -> list[str]:
        return [
            *map(str, (row.width, row.size, row.batch, row.rounds)),
            f"{1000 * row.ours.median:.1f}",
            f"{1000 * row.reference.median:.1f}",
            f"{row.ratio.median:.2f}",
            f"({row.ratio.low:.2f}–{row.ratio.high:.2f})",
            f"{self.images_per_unit / row.ours.median:.0f}",
            _share(row.flops, row.ours, self.machine.bf16_peak),
            _share(row.flops, row.reference, self.machine.float32_peak),
        ]


def _comparison(row: dict[str, Any]) -> Comparison:
    spreads: dict[str, Any] = {name: Quartiles(**row[name]) for name in ("ours", "reference", "ratio")}
    return Comparison(**{**row, **spreads})


def _losses(row: dict[str, Any]) -> LossComparison:
    return LossComparison(width=row["width"], steps=row["steps"], ratios=tuple(row["ratios"]))


def _share(flops: float | None, seconds: Quartiles, peak: float) -> str:
    return "–" if flops is None else f"{flops / seconds.median / 1e9 / peak:.0%}"
