"""Training ends the independence of successive layers' weights, and makes the weights unequal."""

__all__ = ["CLAIM", "EXPERIMENT"]

from dataclasses import replace
from itertools import pairwise
from statistics import fmean

import torch
from torch import Tensor, nn

from copyist.claims.nets import classifier, overcomplete, photos_unet
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.evidence import Above, Claim, Control, Part, Regime, Within
from copyist.metrics.alignment import LayerAlignment, layer_alignment, weight_spread
from copyist.models.contracts import Model
from copyist.nn.conv import ConvBlock, NormalizedConv
from copyist.randomness import derive
from copyist.training import Recipe

NETS = ("mlp", "unet", "conv", "vit")

NUM_DRAWS = 8
"""Of untrained weights per seed: few pairs of layers scatter."""

CLAIM = Claim(
    sentence="Training ends the independence of successive layers' weights, and their equality.",
    source='Badger, "Autoencoders: Learning by Copying", on why training removes Gaussian noise',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=tuple(
        part
        for net in NETS
        for part in (
            Part(
                name=f"{net}_coupling",
                measure="overlap of the leading quarter of output directions of one layer and of input directions of "
                f"the next, in standard deviations above chance; mean over pairs of layers, {net}, trained",
                holds_when=Above(3.0),
            ),
            Part(
                name=f"{net}_before",
                measure=f"the same before training, mean over {NUM_DRAWS} draws of the weights: independent layers "
                "have 0 ± 1 for each pair",
                holds_when=Within(1.5),
            ),
            Part(
                name=f"{net}_spread",
                measure="standard deviation over mean of |w| (uniform weights: 0.577), trained minus untrained",
                holds_when=Above(0.02),
            ),
        )
    ),
    controls=tuple(
        control
        for net in NETS
        for control in (
            Control(name=f"{net}_shuffled", measure="the coupling of trained layers with the units between permuted"),
            Control(name=f"{net}_overlap", measure="the overlap over that of chance, trained"),
            Control(name=f"{net}_kurtosis", measure="excess kurtosis of the weights, trained"),
            Control(name=f"{net}_kurtosis_before", measure="the same before training"),
        )
    ),
)


def run(trial: Trial) -> Measurements:
    """Compare layers that follow each other in four nets, before training and after."""
    recipes = {
        "mlp": overcomplete(trial),
        "unet": photos_unet(trial),
        "conv": classifier(trial, data="scenes"),
        "vit": classifier(trial, data="scenes", transformer=True),
    }
    values: dict[str, float] = {}
    for net, recipe in recipes.items():
        before, after = _pairs(trial.untrained(recipe)), _pairs(trial.model(recipe))
        draws = trial.generator("units", net)
        shuffled = [(first[torch.randperm(len(first), generator=draws)], second) for first, second in after]
        values |= {
            f"{net}_coupling": _coupling(after),
            f"{net}_before": fmean(_coupling(pairs) for pairs in (before, *_redrawn(trial, recipe))),
            f"{net}_spread": _variation(after) - _variation(before),
            f"{net}_shuffled": _coupling(shuffled),
            f"{net}_overlap": _overlap(after),
            f"{net}_kurtosis": _kurtosis(after),
            f"{net}_kurtosis_before": _kurtosis(before),
        }
    return Measurements(values=values)


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


def _coupling(pairs: list[tuple[Tensor, Tensor]]) -> float:
    return fmean(each.z_score for each in _aligned(pairs))


def _overlap(pairs: list[tuple[Tensor, Tensor]]) -> float:
    return fmean(each.overlap / each.chance for each in _aligned(pairs))


def _variation(pairs: list[tuple[Tensor, Tensor]]) -> float:
    return fmean(weight_spread(weight).variation for pair in pairs for weight in pair)


def _kurtosis(pairs: list[tuple[Tensor, Tensor]]) -> float:
    return fmean(weight_spread(weight).kurtosis for pair in pairs for weight in pair)


EXPERIMENT = Experiment(claim=CLAIM, run=run)
