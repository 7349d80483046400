"""How near a step of training comes to the limits of the machine, as JSON and as text."""

__all__ = ["KindOfWork", "RooflineBench", "RooflineRow", "StepRoofline", "step_roofline"]

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

from copyist.bench.machine_limits import Limits
from copyist.bench.step_operations import KINDS, Operation
from copyist.bench.step_profile import Observed
from copyist.bench.timings import JsonResult, Machine, Quartiles
from copyist.devices import Precision
from copyist.drawing.text import text_table
from copyist.drawing.wording import counted

_HEADINGS = (
    "kind", "ours, ms", "bound", "above it", "share", "arithmetic", "in cache", "reference, ms", "bound", "share",
)  # fmt: skip


@final
@dataclass(frozen=True, kw_only=True)
class KindOfWork:
    """Operations of one kind, in one step."""

    kind: str

    seconds: float
    """As measured by the profiler."""

    bound: float
    """Seconds: the sum over operations of the longer of what their arithmetic and their traffic take at the limits."""

    arithmetic: float
    """Seconds that their arithmetic takes at the limit: the bound where all that they take and give is in a cache."""

    flops: float
    bytes: float

    in_cache: float
    """Bytes of those operations whose tensors fit into the last-level cache together, which may be faster than their
    bound."""


@final
@dataclass(frozen=True, kw_only=True)
class StepRoofline:
    """A step of one loop."""

    dtype: str
    """Of most of the arithmetic."""

    seconds: Quartiles
    """Of a step by turns with the other loop, with nothing that looks on."""

    profiled: float
    """Seconds of a step by the clock while the kinds were measured."""

    kinds: tuple[KindOfWork, ...]

    @property
    def bound(self) -> float:
        """Seconds that its operations take at the limits, one after the other."""
        return sum(each.bound for each in self.kinds)

    @property
    def arithmetic(self) -> float:
        """Seconds that their arithmetic takes at the limit, as if all of a step stayed in a cache."""
        return sum(each.arithmetic for each in self.kinds)

    @property
    def share(self) -> float:
        """Of the limit that the step reaches: its bound over its seconds."""
        return self.bound / self.seconds.median

    @property
    def between(self) -> float:
        """Seconds of the profiled step that no operation accounts for: Python, dispatch, and waiting for data."""
        return self.profiled - sum(each.seconds for each in self.kinds)


@final
@dataclass(frozen=True, kw_only=True)
class RooflineRow:
    """Our step and the reference's, of one width."""

    width: int
    ours: StepRoofline
    reference: StepRoofline


@final
@dataclass(frozen=True, kw_only=True)
class RooflineBench(JsonResult):
    """All widths, and the limits that they are held against."""

    size: int
    batch: int
    rounds: int
    precision: Precision
    """That was asked of ours; the reference is in float32."""

    machine: Machine
    limits: Limits
    rows: tuple[RooflineRow, ...]

    def __str__(self) -> str:
        lines = [f"roofline of a training step: {self.machine}", str(self.limits)]
        for row in self.rows:
            ours, reference = row.ours, row.reference
            lines += [
                "",
                f"width {row.width}, {counted(self.batch, 'image')} of {self.size}×{self.size}: "
                f"ours in {ours.dtype} reaches {ours.share:.0%} of the limit, "
                f"{_share(ours.arithmetic, ours.seconds.median)} of that of arithmetic alone; "
                f"the reference in {reference.dtype} {reference.share:.0%} and "
                f"{_share(reference.arithmetic, reference.seconds.median)}",
                text_table([_HEADINGS, *_cells(row)], sides=("left", "right")),
            ]
        lines += ["", _NOTE]
        return "\n".join(lines)


_NOTE = (
    "bound: each operation's arithmetic or memory traffic at the limits, whichever takes longer. Operations whose\n"
    "tensors fit into the last-level cache (in cache: their part of the bytes) may be faster than memory, so that a\n"
    "share may be above 100 %; none is cut off."
)


def step_roofline(observed: Observed, seconds: Quartiles, limits: Limits) -> StepRoofline:
    """What was observed of a loop's steps beside what the limits allow.

    Args:
        observed: operations, and the seconds of each kind.
        seconds: of a step with nothing that looks on.
        limits: of every dtype in which something is computed.
    """
    flops: dict[str, float] = {}
    for each in observed.operations:
        if each.work.dtype is not None:
            flops[each.work.dtype] = flops.get(each.work.dtype, 0.0) + each.calls * each.work.flops
    kinds = tuple(
        _kind(kind, [each for each in observed.operations if each.kind == kind], observed.seconds[kind], limits)
        for kind in KINDS
    )
    dtype = max(flops, key=lambda name: flops[name])
    return StepRoofline(dtype=dtype, seconds=seconds, profiled=observed.profiled, kinds=kinds)


def _kind(kind: str, operations: Iterable[Operation], seconds: float, limits: Limits) -> KindOfWork:
    bound = arithmetic = flops = moved = in_cache = 0.0
    for each in operations:
        work, calls = each.work, each.calls
        least = limits.seconds(flops=work.flops, bytes_moved=work.bytes, dtype=work.dtype)
        bound += calls * max(least)
        arithmetic += calls * least[0]
        flops += calls * work.flops
        moved += calls * work.bytes
        in_cache += calls * work.bytes if work.bytes <= limits.cache else 0.0
    return KindOfWork(
        kind=kind, seconds=seconds, bound=bound, arithmetic=arithmetic, flops=flops, bytes=moved, in_cache=in_cache
    )


def _cells(row: RooflineRow) -> Iterable[list[str]]:
    for ours, reference in zip(row.ours.kinds, row.reference.kinds, strict=True):
        yield [
            ours.kind,
            *(_ms(value) for value in (ours.seconds, ours.bound, ours.seconds - ours.bound)),
            _share(ours.bound, ours.seconds),
            _ms(ours.arithmetic),
            _share(ours.in_cache, ours.bytes),
            *(_ms(value) for value in (reference.seconds, reference.bound)),
            _share(reference.bound, reference.seconds),
        ]
    yield [
        "between operations",
        _ms(row.ours.between),
        "",
        _ms(row.ours.between),
        "",
        "",
        "",
        _ms(row.reference.between),
    ]
    for name, ours, reference in (
        ("a step, profiled", row.ours.profiled, row.reference.profiled),
        ("a step by turns", row.ours.seconds.median, row.reference.seconds.median),
    ):
        mine, its = row.ours, row.reference
        yield [
            name,
            *(_ms(value) for value in (ours, mine.bound, ours - mine.bound)),
            _share(mine.bound, ours),
            _ms(mine.arithmetic),
            _share(sum(each.in_cache for each in mine.kinds), sum(each.bytes for each in mine.kinds)),
            *(_ms(value) for value in (reference, its.bound)),
            _share(its.bound, reference),
        ]


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.2f}"


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.0%}" if whole else "–"
