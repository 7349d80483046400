"""What a benchmark measured, as JSON and as text."""

__all__ = ["BenchResult", "Comparison", "JsonResult", "Machine", "Quartiles"]

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self, cast

from pydantic import TypeAdapter, ValidationError

from copyist.drawing.text import text_table
from copyist.drawing.wording import counted

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

    packages: dict[str, str] = field(default_factory=dict[str, str])
    """Versions of copyist, of torch and of what is measured beside ours, by name, as far as each is installed; empty in
    results of before they were kept."""

    def __str__(self) -> str:
        cores, threads = counted(self.cores, "core"), counted(self.threads, "thread")
        return f"{self.processor}, {cores}, {threads}, Python {self.python}, torch {self.torch}"


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


class JsonResult:
    """A base of results that are frozen dataclasses: written as JSON, and read again."""

    def to_json(self) -> str:
        """One JSON object."""
        return json.dumps(asdict(cast("Any", self)), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote; keys that are not known are passed over.

        Raises:
            ValueError: it is something else, or incomplete.
        """
        try:
            return TypeAdapter(cls).validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise ValueError(f"{place}: {first['msg'].lower()}" if place else first["msg"].lower()) from error


@dataclass(frozen=True, kw_only=True)
class BenchResult(JsonResult):
    """One benchmark."""

    name: str
    unit: str
    """What one timing is of."""

    images_per_unit: int
    """Images that are made or seen in one."""

    machine: Machine
    comparisons: tuple[Comparison, ...]

    def __str__(self) -> str:
        machine = self.machine
        lines = [
            f"{self.name}: {machine}",
            f"matrix-multiply peak: float32 {machine.float32_peak:.0f} GFLOP/s, bf16 {machine.bf16_peak:.0f} GFLOP/s",
            text_table([_HEADINGS, *(self._row(row) for row in self.comparisons)], sides=("right",)),
        ]
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


def _share(flops: float | None, seconds: Quartiles, peak: float) -> str:
    return "–" if flops is None else f"{flops / seconds.median / 1e9 / peak:.0%}"
