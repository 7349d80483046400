"""Trained on normal data, an autoencoder copies what is not normal badly, and is told by it."""

__all__ = ["CLAIM", "EXPERIMENT"]

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from copyist.baselines.rivals import fit_rivals
from copyist.claims.measures.copy_measures import copies
from copyist.claims.nets.one_class import BENIGN, CODE, DIGITS, one_class
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.detection.conformal import p_values
from copyist.detection.guards import far_points
from copyist.errors import RegimeError
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.metrics.ranking import ranking
from copyist.models.contracts import Reconstructor
from copyist.tensors import Examples, PerImage

SOURCE = "on the uses of autoencoders: trained on data of the distribution, a high reconstruction error flags outliers"

STATED = 0.1
"""The rate of false alarms at which thresholds are set."""

CLAIM = Claim(
    sentence="Trained on normal data, an autoencoder flags what is not normal by the error of its copy.",
    source='"Autoencoders & Denoising AEs", on what autoencoders are used for',
    regime=Regime(
        psnr=None, why="what counts is how errors differ; every net copies what it learns no worse than as many axes"
    ),
    picture="copies",
    parts=(
        Part(
            name="digits_auroc",
            source=SOURCE,
            measure="AUROC of the mean squared error of the copy, held-out digits of the one class that a net with a "
            f"code of {CODE} was trained on against held-out digits of all others; mean over the ten classes",
            holds_when=Above(0.5),
            scale="logit",
        ),
        Part(
            name="cancer_auroc",
            source=SOURCE,
            measure="the same for a net trained on rows of benign tumors, against malignant ones; in standard "
            "deviations of the columns",
            holds_when=Above(0.5),
            scale="logit",
        ),
        Part(
            name="digits_against_axes",
            measure="AUROC on digits minus that of the residual of as many principal axes as the code has units",
            holds_when=Above(0.0),
        ),
        Part(name="cancer_against_axes", measure="the same on tumors", holds_when=Above(0.0)),
        Part(
            name="digits_against_neighbors",
            measure="AUROC on digits minus that of the distance to the fifth nearest training digit",
            holds_when=Above(0.0),
        ),
        Part(name="cancer_against_neighbors", measure="the same on tumors", holds_when=Above(0.0)),
        Part(
            name="false_alarms",
            measure=f"share of held-out normal digits flagged at a stated rate of {STATED:g}, by conformal p-values "
            "against digits that were set apart; all ten classes together; a fifth more is left to chance",
            holds_when=Below(1.2 * STATED),
        ),
    ),
    controls=(
        Control(name="digits_axes", measure="AUROC on digits of as many principal axes"),
        Control(name="digits_neighbors", measure="AUROC on digits of the distance to the fifth nearest"),
        Control(name="digits_forest", measure="AUROC on digits of an isolation forest"),
        Control(name="digits_mean", measure="AUROC on digits of the distance to the mean training digit"),
        Control(name="digits_overcomplete", measure="AUROC on digits of a net with a code of 256 units, no bottleneck"),
        Control(name="cancer_axes", measure="AUROC on tumors of as many principal axes"),
        Control(name="cancer_neighbors", measure="AUROC on tumors of the distance to the fifth nearest"),
        Control(name="cancer_forest", measure="AUROC on tumors of an isolation forest"),
        Control(name="cancer_mean", measure="AUROC on tumors of the distance to the mean training row"),
        Control(
            name="found",
            measure=f"share of the digits of other classes that are flagged at a stated rate of {STATED:g}",
        ),
        Control(
            name="far_found",
            measure="share of points ten times as far away as the training digits, in random directions, that are "
            "flagged by the error alone",
        ),
    ),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class OneClass:
    """A net trained on one class, and examples that it was not trained on; rows in standard deviations."""

    net: Reconstructor
    train: Examples
    calibration: Examples
    normal: Examples
    others: Examples

    def error(self, x: Examples) -> PerImage:
        """Mean squared error of the copies (B,), in the units that examples are compared in."""
        return (self.compared(copies(self.net, x)) - self.compared(x)).square().flatten(1).mean(1)

    def compared(self, x: Examples) -> Tensor:
        """Images as they are, rows in standard deviations of the training rows."""
        return x if x.ndim == 4 else (x - self.train.mean(0)) / self.train.std(0)

    def auroc(self, anomaly: Callable[[Examples], PerImage]) -> float:
        """Of an anomaly, on held-out examples of the class and on others; half a pair is added, so that it is no 1."""
        found = torch.cat([anomaly(self.others), anomaly(self.normal)]).double().cpu().numpy()
        is_other = np.arange(len(found)) < len(self.others)
        pairs = len(self.others) * len(self.normal)
        return (ranking(found, is_other).auroc.mean * pairs + 0.5) / (pairs + 1)


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """Train a net on each digit alone, and one on benign tumors."""
    classes = range(trial.pick(smoke=2, standard=DIGITS, gpu=DIGITS))
    digits = [_one_class(trial, "digits", normal) for normal in classes]
    cancer = _one_class(trial, "cancer", BENIGN)
    found = [_aurocs(each, trial.seed) for each in digits]
    mean = {name: sum(each[name] for each in found) / len(found) for name in found[0]}
    tumors = _aurocs(cancer, trial.seed)
    wide = [_one_class(trial, "digits", normal, overcomplete=True) for normal in classes]
    values = {
        "digits_auroc": mean["error"],
        "cancer_auroc": tumors["error"],
        "digits_against_axes": mean["error"] - mean["axes"],
        "cancer_against_axes": tumors["error"] - tumors["axes"],
        "digits_against_neighbors": mean["error"] - mean["neighbors"],
        "cancer_against_neighbors": tumors["error"] - tumors["neighbors"],
        "false_alarms": _flagged(digits, [each.normal for each in digits]),
        "digits_axes": mean["axes"],
        "digits_neighbors": mean["neighbors"],
        "digits_forest": mean["forest"],
        "digits_mean": mean["mean"],
        "digits_overcomplete": sum(_aurocs(each, trial.seed)["error"] for each in wide) / len(wide),
        "cancer_axes": tumors["axes"],
        "cancer_neighbors": tumors["neighbors"],
        "cancer_forest": tumors["forest"],
        "cancer_mean": tumors["mean"],
        "found": _flagged(digits, [each.others for each in digits]),
        "far_found": _flagged(digits, [far_points(each.train, radius=10) for each in digits]),
    }
    return Measurements(
        values=values,
        curves={"digits": _curves(found)},
        pictures={"copies": _pictures(digits[trial.seed % len(digits)])},
    )


def _one_class(trial: Trial, place: str, normal: int, *, overcomplete: bool = False) -> OneClass:
    recipe = one_class(trial, place=place, normal=normal, overcomplete=overcomplete)
    net = trial.trained(recipe, control=overcomplete)
    own = trial.splits(recipe.data)
    whole = trial.splits(recipe.data.replace(f"only={normal}&", ""))
    assert own.calibration is not None
    assert whole.test.labels is not None
    others = whole.test.examples()[torch.from_numpy(whole.test.labels != normal)]
    parts = (own.train.examples(), own.calibration.examples(), own.test.examples(), others)
    train, calibration, test, others = (part.to(trial.device) for part in parts)
    found = OneClass(net=net, train=train, calibration=calibration, normal=test, others=others)
    if not overcomplete and trial.scale != "smoke":
        _check_trained(found, recipe.name)
    return found


def _check_trained(each: OneClass, name: str) -> None:
    """Refuse a net that copies what it was trained on worse than as many principal axes do: it is not trained."""
    linear = float(fit_rivals(each.train, code_size=CODE)["principal axes"].anomaly(each.train).mean())
    error = float(each.error(each.train).mean())
    if error > linear:
        raise RegimeError(f"{name} copies training examples with {error / linear:.2f} times the error of {CODE} axes")


def _aurocs(each: OneClass, seed: int) -> dict[str, float]:
    """Of the copy's error, and of what needs no net."""
    rivals = fit_rivals(each.train, code_size=CODE, seed=seed)
    center = each.compared(each.train).mean(0)
    measures = {
        "error": each.error,
        "axes": rivals["principal axes"].anomaly,
        "neighbors": rivals["5 nearest"].anomaly,
        "forest": rivals["isolation forest"].anomaly,
        "mean": lambda x: (each.compared(x) - center).square().flatten(1).mean(1),
    }
    return {name: each.auroc(anomaly) for name, anomaly in measures.items()}


def _flagged(classes: Sequence[OneClass], examples: Sequence[Examples]) -> float:
    """The share of examples of all classes that are flagged at the stated rate, each by its class's calibration."""
    flags = [
        p_values(each.error(x), each.error(each.calibration)) <= STATED
        for each, x in zip(classes, examples, strict=True)
    ]
    return float(torch.cat(flags).float().mean())


def _curves(found: Sequence[Mapping[str, float]]) -> Curves:
    labels = {
        "error": "error of the copy",
        "axes": "principal axes",
        "neighbors": "fifth nearest",
        "mean": "mean digit",
    }
    return Curves(
        title="AUROC by the digit that is normal",
        x_label="the digit",
        y_label="AUROC",
        x=[float(digit) for digit in range(len(found))],
        lines={label: [each[name] for each in found] for name, label in labels.items()},
    )


def _pictures(each: OneClass) -> Pictures:
    normal, others = each.normal[:8], each.others[:: max(1, len(each.others) // 8)][:8]
    rows = {
        "normal": normal,
        "its copy": copies(each.net, normal),
        "not normal": others,
        "copy": copies(each.net, others),
    }
    return Pictures(
        caption="Held-out digits of the class that a net knows, and of others, with their copies.", rows=rows
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
