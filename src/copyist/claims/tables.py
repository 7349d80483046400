"""What a claim's page says of nets and instruments: one row for all seeds."""

__all__ = ["InstrumentRow", "NetRow", "instrument_rows", "missed", "net_rows", "other_readings"]

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from copyist.claims.judging import is_of_regime
from copyist.claims.result import ClaimResult, NetRecord


@final
@dataclass(frozen=True, kw_only=True)
class NetRow:
    """One net, trained once per seed; what a seed has not is not a number."""

    name: str
    judged: bool
    psnr: Sequence[float]
    psnr_training: Sequence[float]
    code_ratio: float
    visits: int
    seconds: float
    """Of one seed, the mean."""

    is_of_regime: bool
    """In every seed that has it."""


@final
@dataclass(frozen=True, kw_only=True)
class InstrumentRow:
    """One instrument and its controls."""

    name: str
    rule: str
    values: Mapping[str, Sequence[float]]
    """By control, one number per seed."""

    passed: Mapping[int, bool]
    """By seed."""

    judges: Sequence[str]
    """The parts whose verdict follows from it."""


def net_rows(result: ClaimResult) -> list[NetRow]:
    """Every trained net of a result, those that are judged first."""
    names = dict.fromkeys(net.name for run in result.seeds.values() for net in run.nets)
    rows = [_net_row(result, name) for name in names]
    return sorted(rows, key=lambda row: not row.judged)


def instrument_rows(result: ClaimResult) -> list[InstrumentRow]:
    """Every instrument that was checked, with what it says of its controls."""
    rows: list[InstrumentRow] = []
    for name in dict.fromkeys(name for run in result.seeds.values() for name in run.instruments):
        checks = {seed: run.instruments.get(name) for seed, run in result.seeds.items()}
        found = [check for check in checks.values() if check is not None]
        controls = dict.fromkeys(control for check in found for control in check.values)
        values = {
            control: [math.nan if check is None else check.values.get(control, math.nan) for check in checks.values()]
            for control in controls
        }
        passed = {seed: check is not None and check.passed for seed, check in checks.items()}
        judges = [part.name for part in result.parts if part.instrument == name]
        rows.append(InstrumentRow(name=name, rule=found[0].rule, values=values, passed=passed, judges=judges))
    return rows


def other_readings(result: ClaimResult, place: int) -> dict[str, list[float]]:
    """What the instruments say of a part that it is not judged by: by their names, one number per seed."""
    declared, found = result.claim.parts[place], result.parts[place]
    others = [each for each in declared.instruments if each != found.instrument]
    return {each: result.per_seed(declared.name, instrument=each) for each in others}


def counts_converged(result: ClaimResult) -> bool:
    """Whether a control is the share of searches that converged."""
    return any(control.name.startswith("converged") for control in result.claim.controls)


def missed(result: ClaimResult) -> list[str]:
    """What kept each seed that was not measured from it, such as how far a net came."""
    return [f"seed {seed}: {run.missed}" for seed, run in result.seeds.items() if run.missed]


def _net_row(result: ClaimResult, name: str) -> NetRow:
    each = [next((net for net in run.nets if net.name == name), None) for run in result.seeds.values()]
    found: list[NetRecord] = [net for net in each if net is not None]
    return NetRow(
        name=name,
        judged=any(net.judged for net in found),
        psnr=[math.nan if net is None else net.psnr for net in each],
        psnr_training=[math.nan if net is None else net.psnr_training for net in each],
        code_ratio=found[0].code_ratio,
        visits=max(net.visits for net in found),
        seconds=math.fsum(net.seconds for net in found) / len(found),
        is_of_regime=all(is_of_regime(result.claim.regime, net) for net in found),
    )
