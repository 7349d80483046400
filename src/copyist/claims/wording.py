"""Verdicts, intervals and bounds in words that need no color."""

__all__ = [
    "BEYOND",
    "CONVERGED",
    "MARKS",
    "MEANINGS",
    "copies",
    "counts",
    "interval",
    "listed",
    "mean_kind",
    "paragraphs",
    "repeating",
    "short",
    "summary",
    "verdict_label",
]

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from copyist.claims.result import ClaimResult
from copyist.drawing.wording import estimate, short
from copyist.evidence import VERDICTS, Interval, PartScale, Verdict

MARKS: dict[Verdict, str] = {
    "supported": "✓",
    "refuted": "✗",
    "inconclusive": "?",
    "regime not reached": "↓",
    "instrument failed": "!",
    "open": "○",
}
"""A sign for each verdict."""


MEANINGS: dict[Verdict, str] = {
    "supported": "Every number that was asked for lies where the sentence puts it, with its whole 95 % interval.",
    "refuted": "At least one of them lies elsewhere, with its whole 95 % interval.",
    "inconclusive": "An interval reaches over its bound: these seeds do not decide.",
    "regime not reached": "The nets do not copy as well as those that the sentence is about, so it was not tested.",
    "instrument failed": "What was to measure it is wrong about cases whose answer is known, so it is not believed.",
    "open": "Not measured yet.",
}
"""What each verdict means, in plain words."""

CONVERGED = (
    "A search has converged when the representations differ by less than a shift of the input by noise of σ = 1/18 "
    "makes; most aim at 0.1 of that. It says that representations agree, not that another search would find the same "
    "image."
)
"""What the shares of converged searches say."""

BEYOND = "Is the effect large, and, in most claims, more than a duller explanation, such as a blur, gives too?"
"""What the second verdict answers, which follows from parts of ours."""


def verdict_label(verdict: Verdict | None) -> str:
    """A verdict with its sign; a dash where there is none."""
    return "–" if verdict is None else f"{MARKS[verdict]} {verdict}"


def interval(ends: Interval) -> str:
    """A mean with its interval; what one seed alone tells has none."""
    return estimate(Interval(ends.mean, ends.low, ends.high))


def listed(values: Iterable[float]) -> str:
    """Values beside one another."""
    return " · ".join(short(value) for value in values)


def counts(verdicts: Iterable[Verdict | None]) -> dict[Verdict, int]:
    """How often each verdict was given."""
    found = list(verdicts)
    return {verdict: found.count(verdict) for verdict in VERDICTS}


def copies(result: ClaimResult) -> str:
    """How well the worst of the judged nets copies, beside what the claim's regime asks."""
    asked, reached = result.claim.regime.psnr, result.psnr
    told = "–" if math.isnan(reached) else f"{reached:.1f} dB"
    split = "" if result.claim.regime.split == "held-out" else ", training images"
    return f"{told} (none asked)" if asked is None else f"{told} (asked: {asked:g}{split})"


def mean_kind(scale: PartScale) -> str:
    """What the mean over seeds is, where it is not the plain one."""
    return {"linear": "", "log": "geometric mean", "logit": "mean of the log-odds"}[scale]


def paragraphs(remarks: str) -> tuple[str, str]:
    """The first paragraph of an author's remarks, which begins a page, and all that follows."""
    first, _, rest = remarks.strip().partition("\n\n")
    return first.strip(), rest.strip()


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
