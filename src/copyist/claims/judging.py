"""What follows from the runs of a claim's seeds: intervals, verdicts, and whether a result hangs together.

Two gates stand before every bound. *Regime*: each net that a run judges must copy as well, and have as large a code, as
the claim's regime says. *Instrument*: what measures a part must pass its own controls in every seed.
"""

__all__ = ["check_consistent", "is_of_regime", "judge"]

import math
from collections.abc import Mapping, Sequence
from importlib.metadata import version

from copyist.claims.declaration import Declaration, DeclaredPart
from copyist.claims.result import (
    ClaimResult,
    JudgedPart,
    MeasuredControl,
    NamedPicture,
    NetRecord,
    Scale,
    SeedResult,
    measured_name,
)
from copyist.errors import DataError
from copyist.evidence import Interval, PartScale, Regime, Verdict, judged, student_interval, verdict_of


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
    parts = [_judged_part(part, claim, runs) for part in claim.parts]
    own, beyond = _marks(claim, parts)
    return ClaimResult(
        package=version("copyist"),
        claim=claim,
        scale=scale,
        verdict=own,
        beyond=beyond,
        parts=parts,
        controls=[
            MeasuredControl(name=each.name, interval=_interval(each.name, runs, "linear")) for each in claim.controls
        ],
        pictures=pictures,
        seeds=runs,
    )


def check_consistent(result: ClaimResult, *, name: str) -> None:
    """Refuse a result that is well-formed and yet does not hang together.

    Args:
        result: as it was read.
        name: of the file, for the error.

    Raises:
        DataError: it has no seeds, judges other parts than it declares, a verdict does not follow from the seeds, or a
            curve has not as many numbers as places.
    """
    if not result.seeds:
        raise DataError(f"{name} must hold the run of a seed, and holds none; delete it, and run the claim again")
    declared = [part.name for part in result.claim.parts], [control.name for control in result.claim.controls]
    if ([part.name for part in result.parts], [control.name for control in result.controls]) != declared:
        raise DataError(f"{name} must judge the parts that it declares; delete it, and run the claim again")
    again = judge(result.claim, scale=result.scale, seeds=result.seeds, pictures=result.pictures)
    found, follows = (
        ([(part.verdict, part.instrument) for part in each.parts], each.verdict, each.beyond)
        for each in (result, again)
    )
    if found != follows:
        raise DataError(f"{name} has a verdict that does not follow from its seeds; run the claim again, with --force")
    for seed, run in result.seeds.items():
        for short, curves in run.curves.items():
            if any(len(line) != len(curves.x) for line in curves.lines.values()):
                raise DataError(
                    f"{name} must give curves as many numbers as places, and {short!r} of seed {seed} has not; "
                    "run the claim again, with --force"
                )


def is_of_regime(regime: Regime, net: NetRecord) -> bool:
    """Whether a net copies as well, and through as large a code, as a regime asks."""
    copied = net.psnr if regime.split == "held-out" else net.psnr_training
    # What has no code, or does not copy images, has no such number, and is asked nothing of it.
    copies = regime.psnr is None or math.isnan(copied) or copied >= regime.psnr
    return copies and (math.isnan(net.code_ratio) or net.code_ratio >= regime.code)


def _judged_part(part: DeclaredPart, claim: Declaration, runs: Mapping[int, SeedResult]) -> JudgedPart:
    """One part: measured by the first of its instruments that passes, and judged where both gates are open."""
    passing = [name for name in part.instruments if _passes(name, runs)]
    instrument = (passing or [*part.instruments, ""])[0]
    name = measured_name(part.name, instrument)
    verdict: Verdict
    if part.waits_for:
        verdict = "open"
    elif not _in_regime(claim.regime, runs):
        verdict = "regime not reached"
    elif runs and part.instruments and not passing:
        verdict = "instrument failed"
    else:
        values = [run.values.get(name, math.nan) for run in runs.values()]
        verdict = judged(values, between=claim.bounds.get(part.name, (-math.inf, math.inf)), scale=part.scale)
    return JudgedPart(
        name=part.name, interval=_interval(name, runs, part.scale), verdict=verdict, instrument=instrument
    )


def _marks(claim: Declaration, parts: Sequence[JudgedPart]) -> tuple[Verdict, Verdict | None]:
    """The verdict on what the source asks, and that on what we ask beyond it; of a claim of ours there is one alone."""
    pairs = list(zip(claim.parts, parts, strict=True))
    theirs: list[Verdict] = [found.verdict for part, found in pairs if part.source]
    ours: list[Verdict] = [found.verdict for part, found in pairs if not part.source]
    if not theirs:
        return verdict_of(ours), None
    return verdict_of(theirs), verdict_of(ours) if ours else None


def _in_regime(regime: Regime, runs: Mapping[int, SeedResult]) -> bool:
    """Whether every net that is judged is one that the claim is about; where a quality is asked for, one must be."""
    judged_nets = [net for run in runs.values() for net in run.nets if net.judged]
    if any(run.missed for run in runs.values()) or (runs and regime.psnr is not None and not judged_nets):
        return False
    return all(is_of_regime(regime, net) for net in judged_nets)


def _passes(instrument: str, runs: Mapping[int, SeedResult]) -> bool:
    """Whether an instrument was checked, and passed, in every seed."""
    checks = [run.instruments.get(instrument) for run in runs.values()]
    return bool(checks) and all(check is not None and check.passed for check in checks)


def _interval(name: str, seeds: Mapping[int, SeedResult], scale: PartScale) -> Interval:
    return student_interval([run.values[name] for run in seeds.values() if name in run.values], scale=scale)
