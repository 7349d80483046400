"""Results of claims read from a folder, each refused by name when it is not what `claims_results` describes."""

__all__ = ["read_claims"]

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from copyist.claims.on_disk import ClaimResult
from copyist.errors import DataError
from copyist.evidence import RESULT_VERSION, Verdict, judged, verdict_of

_ADAPTER = TypeAdapter(ClaimResult)


def read_claims(folder: Path, *, order: Sequence[str] = ()) -> list[ClaimResult]:
    """Read every result of a claim in a folder; JSON files about other things are passed over.

    Args:
        folder: the results, with what was written by hand in `remarks/NAME.md`.
        order: names of claims that come first, in this order; others follow by name.

    Raises:
        DataError: there is none, or one is half-written, of another version, or names a file that is not there.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} must be a folder of results, and there is none; run copyist claims run first")
    results = [found for path in sorted(folder.glob("*.json")) if (found := _read(path)) is not None]
    if not results:
        raise DataError(f"{folder} must hold results of claims, and there is none; run copyist claims run first")
    places = {name: place for place, name in enumerate(order)}
    return sorted(results, key=lambda result: (places.get(result.name, len(places)), result.name))


def _read(path: Path) -> ClaimResult | None:
    try:
        document: Any = json.loads(path.read_text("utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        raise DataError(f"{path} is no whole result of a claim; delete it, and run the claim again") from error
    if not isinstance(document, dict) or cast("dict[str, Any]", document).get("schema") != "copyist.claim":
        return None
    found = cast("dict[str, Any]", document)
    if found.get("version") != RESULT_VERSION:
        raise DataError(
            f"{path} was written by copyist {found.get('package')} (format {found.get('version')}), and this is "
            f"{version('copyist')} (format {RESULT_VERSION}); run the claim again, with --force"
        )
    try:
        result = _ADAPTER.validate_python(found)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "it"
        raise DataError(
            f"{path} is no whole result of a claim ({place}: {first['msg'].lower()}); delete and run it again"
        ) from error
    _check(path, result)
    remarks = path.parent / "remarks" / f"{result.name}.md"
    return replace(result, remarks=remarks.read_text("utf-8").strip() if remarks.exists() else "")


def _follows(result: ClaimResult) -> list[Verdict]:
    """The verdict on each part, computed anew from what the seeds found and where the bounds are."""
    verdicts: list[Verdict] = []
    for part in result.claim.parts:
        low, high = result.claim.bounds.get(part.name, (math.nan, math.nan))
        between = -math.inf if math.isnan(low) else low, math.inf if math.isnan(high) else high
        verdicts.append("open" if part.waits_for else judged(result.per_seed(part.name), between=between))
    return verdicts


def _check(path: Path, result: ClaimResult) -> None:
    """Refuse what is well-formed and yet does not hang together."""
    if path.stem != result.name:
        raise DataError(f"{path} must have the name of its claim, got {result.name!r}; name it {result.name}.json")
    declared = [part.name for part in result.claim.parts], [control.name for control in result.claim.controls]
    if ([part.name for part in result.parts], [control.name for control in result.controls]) != declared:
        raise DataError(f"{path} must judge the parts that it declares; delete it, and run the claim again")
    if [part.verdict for part in result.parts] != _follows(result) or result.verdict != verdict_of(_follows(result)):
        raise DataError(f"{path} has a verdict that does not follow from its seeds; run the claim again, with --force")
    for seed, run in result.seeds.items():
        for name, curve in run.curves.items():
            if any(len(line) != len(curve.x) for line in curve.lines.values()):
                raise DataError(
                    f"{path} must give curves as many numbers as places, and {name!r} of seed {seed} has not; "
                    "run the claim again, with --force"
                )
    for picture in result.pictures:
        file = path.parent / picture.file
        if not file.resolve().is_relative_to(path.parent.resolve()):
            raise DataError(f"{path} may name only files inside its folder, got {picture.file!r}")
        if not file.is_file():
            raise DataError(f"{file} is named by {path} and is not there; run the claim again, with --force")
