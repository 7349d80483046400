"""Copying three quarters of the patches from the fourth teaches features that name what was never named."""

__all__ = ["CLAIM", "EXPERIMENT"]

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from copyist.claims.measures.copy_measures import held_out
from copyist.claims.nets import masked_vit, masked_vit_classifier
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evaluation.probe_table import probe_table
from copyist.evidence import Above, Claim, Control, Part, Regime
from copyist.models.contracts import Model
from copyist.models.in_batches import in_batches
from copyist.nn.patches import fill_hidden
from copyist.objectives import MaskedCopying, Objective
from copyist.training import Recipe

PROBES = ("linear", "neighbors")
ROWS = ("masked", "random", "pixels", "axes")

CLAIM = Claim(
    sentence="Copying hidden patches, three quarters of an image, from the visible ones learns features.",
    source='"Autoencoders & Denoising AEs", on MAE as a denoising autoencoder; He et al. (2022), sections 4 and 5',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="linear_over_random",
            measure="accuracy of a linear probe of the mean token on held-out landscapes (12 classes: house, where the "
            "sun stands, daylight), trained by masked copying minus random weights",
            holds_when=Above(0.0),
        ),
        Part(name="linear_over_pixels", measure="the same minus that of raw pixels", holds_when=Above(0.0)),
        Part(name="neighbors_over_random", measure="of the 5 nearest, minus random weights", holds_when=Above(0.0)),
        Part(name="neighbors_over_pixels", measure="of the 5 nearest, minus raw pixels", holds_when=Above(0.0)),
        Part(
            name="tuned_at_equal_steps",
            measure="held-out accuracy of the classifier fine-tuned from the masked model minus from scratch, at as "
            "many steps on the labels",
            holds_when=Above(0.0),
        ),
        Part(
            name="tuned_at_equal_compute",
            measure="the same minus from scratch for so many more steps as masked copying took, counted in "
            "multiplications and additions",
            holds_when=Above(0.0),
        ),
    ),
    controls=(
        *(
            Control(name=f"{probe}_{row}", measure=f"accuracy of {row}, {probe} probe")
            for probe in PROBES
            for row in ROWS
        ),
        Control(name="largest_class", measure="share of the most frequent class among the same images"),
        Control(name="tuned", measure="accuracy, fine-tuned from the masked model"),
        Control(name="scratch_at_equal_steps", measure="accuracy, from scratch, as many steps on the labels"),
        Control(name="scratch_at_equal_compute", measure="accuracy, from scratch, as much compute in all"),
        Control(name="compute_in_steps", measure="steps on the labels that cost as much as masked copying and tuning"),
        Control(
            name="hidden_error",
            measure="squared error in hidden patches over that of the mean color of the visible ones: below 1 where "
            "masked copying has learned anything",
        ),
    ),
)


def run(trial: Trial) -> Measurements:
    """Train by masked copying once, and classifiers from it, and from scratch twice; landscapes."""
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
    return Measurements(values=values, pictures={"hidden": pictures})


def _probed(model: Model, trial: Trial, source: str) -> dict[str, float]:
    """Accuracies of both probes, and by how much the trained code's are above the others'."""
    splits = trial.splits(source)
    table = probe_table({"masked": model}, splits, num_images=len(splits.test), seed=trial.seed)
    values = {
        f"{probe}_{row}": float(getattr(found, probe))
        for probe in PROBES
        for row, found in zip(ROWS, table.accuracies.values(), strict=True)
    }
    gains = {
        f"{probe}_over_{row}": values[f"{probe}_masked"] - values[f"{probe}_{row}"]
        for probe in PROBES
        for row in ("random", "pixels")
    }
    return values | gains


def _tuned(masked: Recipe, trial: Trial) -> dict[str, float]:
    """Accuracies of the classifier that starts from the masked model, and of those that start from nothing."""
    steps = trial.pick(smoke=10, standard=100, gpu=2000)
    tuning = masked_vit_classifier(trial, steps=steps)
    in_all = steps + round(_cost(masked, trial) / _cost(tuning, trial) * masked.training.steps)
    longer = masked_vit_classifier(trial, steps=in_all)
    tuned = _accuracy(trial.model(tuning, start=masked), trial, masked.data)
    at_equal_steps = _accuracy(trial.model(tuning), trial, masked.data)
    at_equal_compute = _accuracy(trial.model(longer), trial, masked.data)
    return {
        "tuned": tuned,
        "scratch_at_equal_steps": at_equal_steps,
        "scratch_at_equal_compute": at_equal_compute,
        "tuned_at_equal_steps": tuned - at_equal_steps,
        "tuned_at_equal_compute": tuned - at_equal_compute,
        "compute_in_steps": float(in_all),
    }


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


EXPERIMENT = Experiment(claim=CLAIM, run=run)
