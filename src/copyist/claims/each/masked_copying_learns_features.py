"""Copying three quarters of the patches from the fourth teaches features that name what was never named.

Landscapes drawn by rules stand for images with labels. The papers' natural ones, such as CIFAR-10, are not part of the
package: what holds here need not hold there.
"""

__all__ = ["CLAIM", "EXPERIMENT"]

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from copyist.claims.measures.copy_measures import held_out
from copyist.claims.nets import masked_vit, masked_vit_classifier
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evaluation.probe_table import probe_table
from copyist.evidence import Above, Claim, Control, Part, Regime, odds
from copyist.models.contracts import Model
from copyist.models.in_batches import in_batches
from copyist.nn.patches import fill_hidden
from copyist.objectives import MaskedCopying, Objective
from copyist.training import Recipe

PROBES = ("linear", "neighbors")
ROWS = ("masked", "random", "pixels", "axes")

LABELED = {"few": 0.01, "some": 0.1}
"""Shares of the training landscapes whose labels are given."""

SOURCE = "on MAE: an asymmetric denoising autoencoder from which 75 % of the patches are masked, for representations"

ODDS = "odds of naming a held-out landscape rightly (12 classes: house, where the sun stands, daylight)"

CLAIM = Claim(
    sentence="Copying hidden patches, three quarters of an image, from the visible ones learns features.",
    source='"Autoencoders & Denoising AEs", on MAE as a denoising autoencoder; He et al. (2022), sections 4 and 5',
    regime=Regime(psnr=None, why="what is hidden cannot be copied, but only guessed; features are judged"),
    picture="hidden",
    parts=(
        *(
            Part(
                name=f"tuned_{label}",
                source=SOURCE,
                measure=f"{ODDS} after fine-tuning from the masked model on the labels of {share:.0%} of 2048 "
                "landscapes, over those from scratch after as many steps on the labels; both are 16 in each step",
                holds_when=Above(1.0),
                scale="log",
            )
            for label, share in LABELED.items()
        ),
        *(
            Part(
                name=f"compute_{label}",
                measure=f"the same over those from scratch for so many more steps, on the labels of {share:.0%}, as "
                "masked copying took, counted in multiplications and additions",
                holds_when=Above(1.0),
                scale="log",
            )
            for label, share in LABELED.items()
        ),
        *(
            Part(
                name=f"{probe}_over_{row}",
                measure=f"{ODDS} by {words} of the mean token, trained by masked copying, over those by {other}",
                holds_when=Above(1.0),
                scale="log",
            )
            for probe, words in {"linear": "a linear probe", "neighbors": "the 5 nearest"}.items()
            for row, other in {"random": "random weights", "pixels": "raw pixels"}.items()
        ),
    ),
    controls=(
        *(
            Control(name=f"{probe}_{row}", measure=f"accuracy of {row}, {probe} probe, all labels")
            for probe in PROBES
            for row in ROWS
        ),
        Control(name="largest_class", measure="share of the most frequent class among the same images"),
        *(
            Control(name=f"accuracy_{kind}_{label}", measure=f"accuracy, {words}, labels of {share:.0%}")
            for label, share in LABELED.items()
            for kind, words in {
                "masked": "fine-tuned from the masked model",
                "scratch": "from scratch, as many steps on the labels",
                "longer": "from scratch, as much compute in all",
            }.items()
        ),
        Control(name="compute_in_steps", measure="steps on the labels that cost as much as masked copying and tuning"),
        Control(
            name="hidden_error",
            measure="squared error in hidden patches over that of the mean color of the visible ones: below 1 where "
            "masked copying has learned anything",
        ),
    ),
)


def run(trial: Trial) -> Measurements:
    """Train by masked copying once, and classifiers on few labels from it, and from scratch twice; landscapes."""
    masked = masked_vit(trial)
    model = trial.model(masked)
    labels = _labels(trial, masked.data)
    values = _probed(model, trial, masked.data) | _tuned(masked, trial)
    values |= {
        "largest_class": float(labels.bincount().max() / len(labels)),
        "hidden_error": _hidden_error(model, trial, masked.data),
    }
    shown = MaskedCopying().pictures(model, held_out(trial, masked.data, count=8), generator=trial.generator("shown"))
    pictures = Pictures(caption="Held-out landscapes, hidden, reconstructed and whole.", rows=dict(shown))
    curves = Curves(
        title="Landscapes named rightly, over the labels given",
        x_label="share of the training landscapes whose labels are given",
        y_label="accuracy",
        x=list(LABELED.values()),
        lines={
            words: [values[f"accuracy_{kind}_{label}"] for label in LABELED]
            for kind, words in {
                "masked": "from the masked model",
                "scratch": "from scratch",
                "longer": "from scratch, as much compute in all",
            }.items()
        },
        log_x=True,
    )
    return Measurements(values=values, curves={"labels": curves}, pictures={"hidden": pictures})


def _probed(model: Model, trial: Trial, source: str) -> dict[str, float]:
    """Accuracies of both probes, and by how much the trained code's are above the others'."""
    splits = trial.splits(source)
    table = probe_table({"masked": model}, splits, num_images=len(splits.test), seed=trial.seed)
    values = {
        f"{probe}_{row}": float(getattr(found, probe))
        for probe in PROBES
        for row, found in zip(ROWS, table.accuracies.values(), strict=True)
    }
    count = len(splits.test)
    gains = {
        f"{probe}_over_{row}": _odds_ratio(values[f"{probe}_masked"], values[f"{probe}_{row}"], count=count)
        for probe in PROBES
        for row in ("random", "pixels")
    }
    return values | gains


def _odds_ratio(more: float, fewer: float, *, count: int) -> float:
    """The odds of one accuracy over those of another, of `count` images each; of shares that are never 0 or 1."""
    first, second = (odds(round(accuracy * count), count) for accuracy in (more, fewer))
    return first / second


def _tuned(masked: Recipe, trial: Trial) -> dict[str, float]:
    """Accuracies of the classifier that starts from the masked model, and of those that start from nothing."""
    steps, count = trial.pick(smoke=10, standard=300, gpu=2000), len(trial.splits(masked.data).test)
    values: dict[str, float] = {}
    for label, share in LABELED.items():
        labeled = max(2, round(share * len(trial.splits(masked.data).train)))
        tuning = masked_vit_classifier(trial, count=labeled, steps=steps)
        in_all = steps + round(_cost(masked, trial) / _cost(tuning, trial) * masked.training.steps)
        longer = masked_vit_classifier(trial, count=labeled, steps=in_all)
        accuracies = {
            "masked": _accuracy(trial.model(tuning, start=masked), trial, masked.data),
            "scratch": _accuracy(trial.model(tuning, control=True), trial, masked.data),
            "longer": _accuracy(trial.model(longer, control=True), trial, masked.data),
        }
        values |= {f"accuracy_{kind}_{label}": accuracy for kind, accuracy in accuracies.items()}
        values |= {
            f"tuned_{label}": _odds_ratio(accuracies["masked"], accuracies["scratch"], count=count),
            f"compute_{label}": _odds_ratio(accuracies["masked"], accuracies["longer"], count=count),
            "compute_in_steps": float(in_all),
        }
    return values


def _cost(recipe: Recipe, trial: Trial) -> float:
    """Multiplications and additions of one step, there and back."""
    model, batch = trial.untrained(recipe).cpu(), recipe.training.batch_size
    objective: Objective = recipe.objective
    x = trial.splits(recipe.data).train.images(0, 1).expand(batch, -1, -1, -1)
    labels = torch.zeros(batch, dtype=torch.int64)
    return _operations(lambda: objective(model, x, generator=trial.generator("cost"), labels=labels))


def _operations(loss: Callable[[], Tensor]) -> float:
    """Multiplications and additions in products of matrices, of a loss and of its gradient."""
    # The fast kernels of attention on a CPU are counted as nothing; its products are, where they are written out.
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH), torch.enable_grad():
        loss().backward()
    return float(counter.get_total_flops())


@torch.no_grad()
def _accuracy(model: Model, trial: Trial, source: str) -> float:
    x, labels = trial.splits(source).test.images().to(trial.device), _labels(trial, source)
    return float((in_batches(model, model, x).argmax(1).cpu() == labels).double().mean())


def _labels(trial: Trial, source: str) -> torch.Tensor:
    return torch.as_tensor(trial.splits(source).test.labels)


@torch.no_grad()
def _hidden_error(model: Model, trial: Trial, source: str) -> float:
    x, objective = held_out(trial, source), MaskedCopying()
    visible = objective.draw(model, x, generator=trial.generator("hidden"))
    painted = fill_hidden(x, visible, size=objective.patch_of(model))
    # Visible patches are painted as they are: all of the error is in the hidden ones.
    flat = (painted - x).square().sum() / ((~visible).sum() * x[0].numel() / visible.shape[1])
    return float(objective(model, x, generator=trial.generator("hidden")) / flat)


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
