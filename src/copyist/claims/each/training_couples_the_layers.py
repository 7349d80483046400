"""Training ends the independence of successive layers' weights, and makes the weights unequal."""

__all__ = ["CLAIM", "EXPERIMENT"]

import math
from dataclasses import replace
from itertools import pairwise
from statistics import fmean

import torch
from torch import Tensor, nn

from copyist.claims.measures.inversion_table import over
from copyist.claims.nets import classifier, scenes_mlp
from copyist.claims.nets.ladder import ladder
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.evidence import Above, Claim, Control, Part, Regime, Within
from copyist.metrics.alignment import LayerAlignment, layer_alignment, weight_spread
from copyist.models.contracts import Model
from copyist.nn.conv import ConvBlock, NormalizedConv
from copyist.randomness import derive
from copyist.training import Recipe

NETS = {
    "mlp": "overcomplete fully connected net that copies",
    "unet": "U-Net that copies",
    "vit": "vision transformer that names classes",
}

NUM_DRAWS = 8
"""Of untrained weights per seed: few pairs of layers scatter."""

COUPLING = (
    "overlap of the leading quarter of output directions of one layer and of input directions of the next, in standard "
    "deviations above chance, mean over pairs of layers"
)

SOURCE = "on why non-invertibility introduces Gaussian noise"

CLAIM = Claim(
    sentence="Training ends the independence of successive layers' weights, and their equality.",
    source='Badger, "Autoencoders: Learning by Copying", on why training removes Gaussian noise',
    regime=Regime(psnr=33.0, code=1.0),
    parts=tuple(
        part
        for net, about in NETS.items()
        for part in (
            Part(
                name=f"{net}_coupled",
                measure=f"{COUPLING}; trained minus untrained (mean over {NUM_DRAWS} draws of the weights), {about}",
                holds_when=Above(0.0),
                source=f"{SOURCE}: after training the weights of successive layers can no longer be taken for "
                "independent",
            ),
            Part(
                name=f"{net}_spread",
                measure="standard deviation over mean of |w| (uniform weights: 0.577), trained over untrained, mean "
                f"over layers, {about}",
                holds_when=Above(1.0),
                source='second version, "Why Noninvertibility introduces Gaussian Noise": training changes weights '
                "that were nearly identical so that they no longer are",
                scale="log",
            ),
            Part(
                name=f"{net}_coupling",
                measure=f"that overlap of the trained layers alone, {about}: independent ones have 0 ± 1 for each pair",
                holds_when=Above(3.0),
            ),
            Part(
                name=f"{net}_shuffled",
                measure="the same with the units between two trained layers permuted: it is their order that couples "
                f"them, {about}",
                holds_when=Within(1.5),
            ),
        )
    ),
    controls=(
        *(
            control
            for net, about in NETS.items()
            for control in (
                Control(name=f"{net}_before", measure=f"the overlap before training, {about}"),
                Control(name=f"{net}_overlap", measure=f"the overlap over that of chance, trained, {about}"),
                Control(name=f"{net}_kurtosis", measure=f"excess kurtosis of the weights, trained, {about}"),
                Control(name=f"{net}_kurtosis_before", measure=f"the same before training, {about}"),
            )
        ),
        Control(name="unnormalized_coupling", measure="the overlap of the trained U-Net without normalization"),
        Control(name="unnormalized_spread", measure="the ratio of spreads of the U-Net without normalization"),
    ),
    picture="training",
)


def run(trial: Trial) -> Measurements:
    """Compare layers that follow each other in three nets, before training, on the way and after.

    Less than a minute of one thread for each seed, beside the training of the small nets.
    """
    recipes = {
        "mlp": scenes_mlp(trial),
        "unet": ladder(trial),
        "vit": classifier(trial, data="scenes", transformer=True),
    }
    values: dict[str, float] = {}
    for net, recipe in recipes.items():
        # The claim is about any net; how well the others copy, if they do, stands on record.
        before, after = _pairs(trial.untrained(recipe)), _pairs(trial.model(recipe, control=net != "unet"))
        draws = trial.generator("units", net)
        shuffled = [(first[torch.randperm(len(first), generator=draws)], second) for first, second in after]
        fresh = fmean(_coupling(_aligned(pairs)) for pairs in (before, *_redrawn(trial, recipe)))
        aligned = _aligned(after)
        values |= {
            f"{net}_coupled": _coupling(aligned) - fresh,
            f"{net}_spread": over(_variation(after), _variation(before)),
            f"{net}_coupling": _coupling(aligned),
            f"{net}_shuffled": _coupling(_aligned(shuffled)),
            f"{net}_before": fresh,
            f"{net}_overlap": _overlap(aligned),
            f"{net}_kurtosis": _kurtosis(after),
            f"{net}_kurtosis_before": _kurtosis(before),
        }
    plain = ladder(trial, "no-norm")
    before, after = _pairs(trial.untrained(plain)), _pairs(trial.model(plain, control=True))
    values |= {
        "unnormalized_coupling": _coupling(_aligned(after)),
        "unnormalized_spread": over(_variation(after), _variation(before)),
    }
    return Measurements(values=values, curves={"training": _curves(trial, recipes["unet"])})


def _curves(trial: Trial, recipe: Recipe) -> Curves:
    """The coupling of the U-Net's layers at each snapshot; not a number at those that were not reached."""
    levels = trial.pick(smoke=(), standard=recipe.training.snapshots, gpu=recipe.training.snapshots)
    coupled = {rung.level: _coupling(_aligned(_pairs(rung.model))) for rung in trial.rungs(recipe)}
    return Curves(
        title="Coupling of successive layers on the way: before training, at snapshots, and at the end",
        x_label="PSNR of the snapshot, dB (first: untrained; last: the end)",
        y_label="standard deviations above chance",
        x=[0.0, *levels, (levels[-1] if levels else 0.0) + 4],
        lines={
            "U-Net": [
                _coupling(_aligned(_pairs(trial.untrained(recipe)))),
                *(coupled.get(level, math.nan) for level in levels),
                coupled[None],
            ]
        },
    )


def _redrawn(trial: Trial, recipe: Recipe) -> list[list[tuple[Tensor, Tensor]]]:
    """The same layers under other draws of their weights."""
    count = trial.pick(smoke=2, standard=NUM_DRAWS, gpu=NUM_DRAWS)
    seeds = [derive(trial.seed, "redrawn", index) for index in range(1, count)]
    return [_pairs(replace(trial, seed=seed).untrained(recipe)) for seed in seeds]


def _pairs(model: Model) -> list[tuple[Tensor, Tensor]]:
    """Weights of layers in one sequence, between which there are at most a normalization and an activation."""
    found: list[tuple[Tensor, Tensor]] = []
    for part in model.modules():
        layers = part if isinstance(part, nn.Sequential) else _convolutions(part)
        found += pairwise(each.weight.detach().cpu() for each in layers if isinstance(each, (nn.Linear, nn.Conv2d)))
    return found


def _convolutions(part: nn.Module) -> list[nn.Conv2d]:
    """Those of a convolutional block; none of anything else."""
    layers = part.layers if isinstance(part, ConvBlock) else ()
    return [layer.conv for layer in layers if isinstance(layer, NormalizedConv)]


def _k(first: Tensor) -> int:
    return max(1, first.shape[0] // 4)


def _aligned(pairs: list[tuple[Tensor, Tensor]]) -> list[LayerAlignment]:
    return [
        layer_alignment(first, second, k=min(_k(first), first[0].numel(), second.shape[0])) for first, second in pairs
    ]


def _coupling(aligned: list[LayerAlignment]) -> float:
    return fmean(each.z_score for each in aligned)


def _overlap(aligned: list[LayerAlignment]) -> float:
    return fmean(each.overlap / each.chance for each in aligned)


def _variation(pairs: list[tuple[Tensor, Tensor]]) -> float:
    return fmean(weight_spread(weight).variation for pair in pairs for weight in pair)


def _kurtosis(pairs: list[tuple[Tensor, Tensor]]) -> float:
    return fmean(weight_spread(weight).kurtosis for pair in pairs for weight in pair)


EXPERIMENT = Experiment(claim=CLAIM, run=run)
