"""What follows from the runs of a claim's seeds: intervals, verdicts, and whether a result hangs together."""

__all__ = ["check_consistent", "judge", "part_verdicts"]

import math
from collections.abc import Mapping, Sequence
from importlib.metadata import version

from copyist.claims.result import (
    ClaimResult,
    Declaration,
    JudgedPart,
    MeasuredControl,
    NamedPicture,
    Scale,
    SeedResult,
)
from copyist.errors import DataError
from copyist.evidence import Interval, Verdict, judged, student_interval, verdict_of


def judge(
    claim: Declaration, *, scale: Scale, seeds: Mapping[int, SeedResult], pictures: Sequence[NamedPicture]
) -> ClaimResult:
    """The result of a claim: its declaration, the runs of its seeds, and what follows from them.

    Args:
        claim: as it is declared.
        scale: at which it was run.
        seeds: the runs so far.
        pictures: those of the first seed.
    """
    runs = dict(sorted(seeds.items()))
    verdicts = part_verdicts(claim, runs)
    return ClaimResult(
        package=version("copyist"),
        claim=claim,
        scale=scale,
        verdict=verdict_of(verdicts),
        parts=[
            JudgedPart(name=part.name, interval=_interval(part.name, runs), verdict=verdict)
            for part, verdict in zip(claim.parts, verdicts, strict=True)
        ],
        controls=[MeasuredControl(name=each.name, interval=_interval(each.name, runs)) for each in claim.controls],
        pictures=pictures,
        seeds=runs,
    )


def part_verdicts(claim: Declaration, seeds: Mapping[int, SeedResult]) -> list[Verdict]:
    """The verdict on each part, from what the seeds found and where the bounds are."""
    return [
        "open"
        if part.waits_for
        else judged(
            [run.values.get(part.name, math.nan) for run in seeds.values()],
            between=claim.bounds.get(part.name, (-math.inf, math.inf)),
        )
        for part in claim.parts
    ]


def check_consistent(result: ClaimResult, *, name: str) -> None:
    """Refuse a result that is well-formed and yet does not hang together.

    Args:
        result: as it was read.
        name: of the file, for the error.

    Raises:
        DataError: it judges other parts than it declares, a verdict does not follow from the seeds, or a curve has not
            as many numbers as places.
    """
    declared = [part.name for part in result.claim.parts], [control.name for control in result.claim.controls]
    if ([part.name for part in result.parts], [control.name for control in result.controls]) != declared:
        raise DataError(f"{name} must judge the parts that it declares; delete it, and run the claim again")
    verdicts = part_verdicts(result.claim, result.seeds)
    if [part.verdict for part in result.parts] != verdicts or result.verdict != verdict_of(verdicts):
        raise DataError(f"{name} has a verdict that does not follow from its seeds; run the claim again, with --force")
    for seed, run in result.seeds.items():
        for short, curves in run.curves.items():
            if any(len(line) != len(curves.x) for line in curves.lines.values()):
                raise DataError(
                    f"{name} must give curves as many numbers as places, and {short!r} of seed {seed} has not; "
                    "run the claim again, with --force"
                )


def _interval(name: str, seeds: Mapping[int, SeedResult]) -> Interval:
    return student_interval([run.values[name] for run in seeds.values() if name in run.values])
