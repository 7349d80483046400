"""Verdicts, intervals and bounds in words that need no color."""

__all__ = ["MARKS", "counts", "interval", "listed", "repeating", "short", "summary", "verdict_label"]

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from copyist.claims.result import ClaimResult
from copyist.drawing.wording import estimate, short
from copyist.evidence import VERDICTS, Interval, Verdict

MARKS: dict[Verdict, str] = {
    "supported": "✓",
    "refuted": "✗",
    "inconclusive": "?",
    "regime not reached": "↓",
    "instrument failed": "!",
    "open": "○",
}
"""A sign for each verdict."""


def verdict_label(verdict: Verdict) -> str:
    """A verdict with its sign."""
    return f"{MARKS[verdict]} {verdict}"


def interval(ends: Interval) -> str:
    """A mean with its interval; what one seed alone tells has none."""
    return estimate(Interval(ends.mean, ends.low, ends.high))


def listed(values: Iterable[float]) -> str:
    """Values beside one another."""
    return " · ".join(short(value) for value in values)


def counts(results: Sequence[ClaimResult]) -> dict[Verdict, int]:
    """How many claims have each verdict."""
    return {verdict: sum(result.verdict == verdict for result in results) for verdict in VERDICTS}


def repeating(result: ClaimResult) -> str:
    """The command that measures a claim again."""
    seeds = ",".join(str(seed) for seed in result.seeds)
    chosen = f" --seeds {seeds}" if seeds else ""
    return f"copyist claims run {result.name} --scale {result.scale}{chosen} --out again"


def summary(recipe: Mapping[str, Any]) -> str:
    """A recipe in one line: its data, model and length of training."""

    def kind(name: str) -> str:
        part = recipe.get(name)
        return str(part.get("kind", "–")) if isinstance(part, dict) else "–"

    training = recipe.get("training")
    steps = training.get("steps", "–") if isinstance(training, dict) else "–"
    return f"{kind('model')} on {json.dumps(recipe.get('data', '–'))[1:-1]}, {kind('objective')}, {steps} steps"
