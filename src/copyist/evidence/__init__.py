"""What it takes to have shown something: a claim, bounds that stand before the run, and a computed verdict."""

__all__ = [
    "LEAST_SEEDS",
    "VERDICTS",
    "Above",
    "Below",
    "Claim",
    "Control",
    "Criterion",
    "Interval",
    "Judgement",
    "Part",
    "PartScale",
    "Regime",
    "Verdict",
    "Within",
    "adjusted_share",
    "binomial_interval",
    "from_scale",
    "judged",
    "judgement",
    "odds",
    "student_interval",
    "to_scale",
    "verdict_of",
]

from copyist.evidence.claim import Claim, Control, Part, Regime
from copyist.evidence.estimates import (
    Interval,
    PartScale,
    adjusted_share,
    binomial_interval,
    from_scale,
    odds,
    student_interval,
    to_scale,
)
from copyist.evidence.verdicts import (
    LEAST_SEEDS,
    VERDICTS,
    Above,
    Below,
    Criterion,
    Judgement,
    Verdict,
    Within,
    judged,
    judgement,
    verdict_of,
)
