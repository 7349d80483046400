"""A detector in a few words: what it was fitted on, its threshold, and what its rate of false alarms means."""

__all__ = ["DetectorSummary"]

from dataclasses import dataclass
from typing import Any, Literal, final

from copyist.detection import Detector
from copyist.detection.detector_recipe import CATALOGUES
from copyist.drawing.wording import short
from copyist.evaluation.anomalies.counts import rate_interval
from copyist.evaluation.documents import Document
from copyist.evidence import Interval
from copyist.settings import dump


@final
@dataclass(frozen=True, kw_only=True)
class DetectorSummary(Document):
    """What there is to know of a detector."""

    schema: Literal["copyist.detector"] = "copyist.detector"
    version: Literal[1] = 1

    recipe: str
    """Its name."""

    trained_on: str
    """The source of its normal examples."""

    noun: Literal["images", "rows"]

    num_trained_on: int
    """Examples that the model was trained on."""

    measure: dict[str, Any]
    """The measure of anomaly, with its settings."""

    false_alarms: float
    """The stated rate."""

    num_calibration: int
    """Normal examples that the threshold comes from."""

    threshold: float

    rate: Interval
    """The rate that this one threshold has for good: its mean over calibrations, and 95 % of them."""

    @classmethod
    def of(cls, detector: Detector) -> "DetectorSummary":
        """The summary of a detector."""
        data, count = detector.header.data, len(detector.calibration)
        return cls(
            recipe=str(detector.header.recipe.get("name", "")),
            trained_on=detector.model.trained_on.source,
            noun="rows" if detector.model.takes_tables else "images",
            num_trained_on=int(data.get("num_train", 0)),
            measure=dump(detector.measure, CATALOGUES),
            false_alarms=detector.false_alarms,
            num_calibration=count,
            threshold=detector.threshold,
            rate=rate_interval(detector.false_alarms, count),
        )

    def text(self) -> str:
        """Three sentences."""
        one, rate = self.noun.removesuffix("s"), self.rate
        return (
            f"{self.recipe} on {self.num_trained_on:,} {self.noun} of {self.trained_on}, with the measure "
            f"{self.measure['kind']}\n"
            f"threshold {short(self.threshold)}, from {self.num_calibration:,} normal {self.noun} that were kept apart "
            "for calibration\n"
            f"a new normal {one} is flagged with a probability of at most {_percent(self.false_alarms)}; with so few "
            f"for calibration this one threshold may flag {_percent(rate.low)} to {_percent(rate.high)} of them "
            "(95 % of cases)"
        )


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
