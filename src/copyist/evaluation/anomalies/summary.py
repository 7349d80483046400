"""A detector in a few words: what it was fitted on, its threshold, and what its rate of false alarms means."""

__all__ = ["DetectorSummary"]

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, cast, final

from torch import Tensor

from copyist.checkpoint import DETECTOR_PREFIX, Header, read_header
from copyist.checkpoint.tensor_file import read_tensors
from copyist.detection import Detector
from copyist.detection.conformal import num_units, threshold
from copyist.detection.detector_recipe import CATALOGUES
from copyist.drawing.wording import short
from copyist.errors import ArgumentError, CheckpointError, DataError
from copyist.evaluation.anomalies.counts import rate_interval
from copyist.evaluation.documents import Document
from copyist.evidence import Interval
from copyist.settings import dump
from copyist.tensors import PerImage


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

    num_groups: int | None = None
    """Groups that these come in, where the rate is to hold for examples of new ones."""

    threshold: float

    rate: Interval
    """The rate that this one threshold has for good: its mean over calibrations, and 95 % of them."""

    @classmethod
    def of(cls, detector: Detector) -> Self:
        """The summary of a detector."""
        measure = dump(detector.measure, CATALOGUES)
        return cls._made(detector.header, detector.calibration, detector.groups, measure, detector.false_alarms)

    @classmethod
    def read(cls, file: Path) -> Self | None:
        """The summary of the detector in a model file, whose model is not built; None where it holds none.

        Raises:
            CheckpointError: the file is damaged.
        """
        document, tensors = read_tensors(file)
        found, calibration = document.get("detector"), tensors.get(f"{DETECTOR_PREFIX}calibration")
        if not isinstance(found, dict) or calibration is None:
            return None
        recorded = cast("dict[str, Any]", found)
        try:
            groups = tensors.get(f"{DETECTOR_PREFIX}groups")
            rate = float(recorded["false_alarms"])
            return cls._made(read_header(file), calibration, groups, recorded["measure"], rate)
        except (KeyError, TypeError, ValueError, ArgumentError, DataError) as error:
            raise CheckpointError(f"{file} holds a detector that cannot be read: {error}; fit it again") from error

    @classmethod
    def _made(
        cls,
        header: Header,
        calibration: PerImage,
        groups: Tensor | None,
        measure: dict[str, Any],
        false_alarms: float,
    ) -> Self:
        units = num_units(calibration, groups)
        return cls(
            recipe=str(header.recipe.get("name", "")),
            trained_on=str(header.data.get("source", "")),
            noun="rows" if "columns" in header.data else "images",
            num_trained_on=int(header.data.get("num_train", 0)),
            measure=measure,
            false_alarms=false_alarms,
            num_calibration=len(calibration),
            num_groups=None if groups is None else units,
            threshold=threshold(calibration, false_alarms=false_alarms, groups=groups),
            rate=rate_interval(false_alarms, units),
        )

    def text(self) -> str:
        """Three sentences."""
        one, rate = self.noun.removesuffix("s"), self.rate
        source, so_many = "for calibration", f"so many {self.noun}"
        if self.num_groups is not None:
            ending = "" if self.num_groups == 1 else "s"
            source, so_many = f"{source}, in {self.num_groups:,} group{ending}", f"so many groups of {self.noun}"
        return (
            f"{self.recipe} on {self.num_trained_on:,} {self.noun} of {self.trained_on}, with the measure "
            f"{self.measure['kind']}\n"
            f"threshold {short(self.threshold)}, from {self.num_calibration:,} normal {self.noun} that were kept apart "
            f"{source}\n"
            f"a new normal {one} is flagged with a probability of at most {_percent(self.false_alarms)}"
            f"{'' if self.num_groups is None else ', also of a new group'}; for this one threshold, which {so_many} "
            f"decide, it lies between {_percent(rate.low)} and {_percent(rate.high)} in 95 % of cases"
        )


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
