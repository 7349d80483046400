"""The result of a claim on disk: one JSON file, written whole after every seed."""

__all__ = ["Seed", "declaration", "measured", "read_result", "seeds_of", "write_result"]

import hashlib
import json
import math
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import torch
from pydantic import TypeAdapter, ValidationError

from copyist.claims.measurements import Curves, Measurements
from copyist.claims.trial import Scale
from copyist.devices import resolve
from copyist.errors import DataError
from copyist.evidence import RESULT_VERSION, Claim, Interval, Verdict, judged, student_interval, verdict_of
from copyist.outputs import write_text


@dataclass(frozen=True, kw_only=True)
class Seed:
    """One run: what it found, and how."""

    values: Mapping[str, float]

    curves: Mapping[str, Any]

    recipes: Mapping[str, Any]

    seconds: float

    device: str

    machine: str
    """Processor and PyTorch: equal bits are promised where this is equal."""


def declaration(name: str, claim: Claim) -> dict[str, Any]:
    """A claim as JSON, with a digest of all that decides its verdict."""
    parts = [
        {"name": p.name, "measure": p.measure, "holds_when": p.holds_when.text, "waits_for": p.waits_for}
        for p in claim.parts
    ]
    document = {
        "name": name,
        "sentence": claim.sentence,
        "source": claim.source,
        "parts": parts,
        "controls": [asdict(control) for control in claim.controls],
    }
    digest = hashlib.sha256(json.dumps(document).encode()).hexdigest()[:16]
    bounds = {part.name: list(part.holds_when.between) for part in claim.parts}
    return document | {"bounds": _finite(bounds), "digest": digest}


def measured(found: Measurements, *, recipes: Mapping[str, Any], seconds: float, device: str) -> Seed:
    """A run as it is kept."""
    return Seed(
        values={name: float(value) for name, value in found.values.items()},
        curves={name: _plain(curves) for name, curves in found.curves.items()},
        recipes=recipes,
        seconds=round(seconds, 1),
        device=device,
        machine=_machine(device),
    )


def write_result(
    path: Path,
    name: str,
    claim: Claim,
    *,
    scale: Scale,
    seeds: Mapping[int, Seed],
    pictures: Mapping[str, Mapping[str, str]],
) -> Verdict:
    """Write the result of a claim: its declaration, every seed, and what follows from them.

    Args:
        path: where.
        name: of the claim.
        claim: as it is declared.
        scale: at which it was run.
        seeds: the runs so far.
        pictures: by short name, the file beside this one and its caption.

    Returns:
        The verdict.

    Raises:
        OutputError: the disk is full, or the place cannot be written.
    """
    runs = dict(sorted(seeds.items()))
    parts = [
        _judged(part.name, runs) | {"verdict": _verdict(part.waits_for, part.name, part.holds_when.between, runs)}
        for part in claim.parts
    ]
    verdict = verdict_of(cast("Verdict", part["verdict"]) for part in parts)
    document = {
        "schema": "copyist.claim",
        "version": RESULT_VERSION,
        "package": version("copyist"),
        "claim": declaration(name, claim),
        "scale": scale,
        "verdict": verdict,
        "parts": parts,
        "controls": [_judged(control.name, runs) for control in claim.controls],
        "pictures": [{"name": short, **picture} for short, picture in pictures.items()],
        "seeds": {str(seed): asdict(run) for seed, run in runs.items()},
    }
    write_text(path, json.dumps(_finite(document), indent=1, ensure_ascii=False) + "\n")
    return verdict


def read_result(path: Path) -> dict[str, Any]:
    """A result as it was written, with null for what is not a number.

    Raises:
        DataError: the file is half-written or no result, or another version of copyist wrote it.
    """
    try:
        document: Any = json.loads(path.read_text("utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        raise DataError(f"{path} is no whole result of a claim; delete it, and run the claim again") from error
    if not isinstance(document, dict) or cast("dict[str, Any]", document).get("schema") != "copyist.claim":
        raise DataError(f"{path} is no result of a claim; delete it, or choose another folder with --out")
    found = cast("dict[str, Any]", document)
    if found.get("version") != RESULT_VERSION:
        raise DataError(
            f"{path} was written by copyist {found.get('package')} (format {found.get('version')}), and this is "
            f"{version('copyist')} (format {RESULT_VERSION}); choose another folder with --out, or add "
            "--force to measure it again"
        )
    try:
        _WHOLE.validate_python(found)
    except ValidationError as error:
        raise DataError(f"{path} is no whole result of a claim; delete it, and run the claim again") from error
    return found


def seeds_of(document: Mapping[str, Any]) -> dict[int, Seed]:
    """The runs in a result, with "not a number" where it has null."""
    return {int(seed): Seed(**(run | {"values": _numbers(run["values"])})) for seed, run in document["seeds"].items()}


@dataclass(frozen=True)
class _SeedOnDisk:
    values: dict[str, float | None]
    curves: dict[str, Any]
    recipes: dict[str, Any]
    seconds: float
    device: str
    machine: str


@dataclass(frozen=True)
class _IntervalOnDisk:
    mean: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class _PartOnDisk:
    name: str
    interval: _IntervalOnDisk
    verdict: Verdict


@dataclass(frozen=True)
class _ClaimOnDisk:
    digest: str


@dataclass(frozen=True)
class _PictureOnDisk:
    name: str
    file: str
    caption: str


@dataclass(frozen=True)
class _ResultOnDisk:
    claim: _ClaimOnDisk
    scale: Scale
    verdict: Verdict
    parts: list[_PartOnDisk]
    pictures: list[_PictureOnDisk]
    seeds: dict[int, _SeedOnDisk]


_WHOLE = TypeAdapter(_ResultOnDisk)


def _machine(device: str) -> str:
    chip = torch.cuda.get_device_name() if device == "cuda" else torch.backends.cpu.get_cpu_capability()
    trained_in = resolve("auto", torch.device(device))
    return (
        f"{platform.system()} {platform.machine()}, {chip}, trained in {trained_in}, "
        f"Python {platform.python_version()}, PyTorch {torch.__version__}"
    )


def _numbers(values: Mapping[str, float | None]) -> dict[str, float]:
    return {name: math.nan if value is None else value for name, value in values.items()}


def _judged(name: str, runs: Mapping[int, Seed]) -> dict[str, Any]:
    return {"name": name, "interval": asdict(_interval(name, runs))}


def _interval(name: str, runs: Mapping[int, Seed]) -> Interval:
    return student_interval([run.values[name] for run in runs.values() if name in run.values])


def _verdict(waits_for: str, name: str, between: tuple[float, float], runs: Mapping[int, Seed]) -> Verdict:
    if waits_for:
        return "open"
    return judged([run.values.get(name, math.nan) for run in runs.values()], between=between)


def _plain(curves: Curves) -> dict[str, Any]:
    document = asdict(curves)
    document["x"] = [float(value) for value in curves.x]
    document["lines"] = {name: [float(value) for value in line] for name, line in curves.lines.items()}
    return document


def _finite(value: Any) -> Any:
    """JSON knows no infinity and nothing that is not a number: both are null."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in cast("list[Any]", value)]
    return None if isinstance(value, float) and not math.isfinite(value) else value
