"""Random maps that cannot be inverted add Gaussian noise to what they represent."""

__all__ = ["CLAIM", "EXPERIMENT"]

import math
from collections.abc import Mapping
from itertools import pairwise
from statistics import linear_regression

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from copyist.claims.measures.copy_measures import held_out
from copyist.claims.measures.inversion_measures import rms
from copyist.claims.measures.random_maps import (
    WeightLaw,
    descend_linear,
    draw_weights,
    end_of_descent,
    heavy_tailed,
    noise_added,
    row_space,
)
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime, Within
from copyist.metrics.residuals import ResidualLaw, residual_law
from copyist.metrics.tails import normal_tail, sphere_tail_bound
from copyist.procedures.inversion import invert
from copyist.randomness import derive
from copyist.tensors import Images

LAWS: Mapping[str, WeightLaw] = {
    "normal": "normal",
    "uniform": "uniform",
    "heavy": "heavy-tailed",
    "sampled": "every-fourth",
}
STARTS = ("constant", "flat", "heavy")
NETS = ("mlp", "conv")

CLAIM = Claim(
    sentence="Random maps that cannot be inverted add Gaussian noise to what they represent.",
    source='Badger, "Autoencoders: Learning by Copying", on why non-invertibility introduces Gaussian noise',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="wrote_distance",
            measure="Kolmogorov–Smirnov distance of what the map wrote, x̂ − start, from the normal law (a uniform law: "
            "0.057); linear map of normal weights to a quarter of the values, gray photographs at the largest n, "
            "start 0.5, mean over images",
            holds_when=Below(0.04),
        ),
        Part(
            name="noise_distance",
            measure="the same of the noise added: x̂ − start less its best multiple of a − start",
            holds_when=Below(0.03),
        ),
        Part(
            name="noise_kurtosis",
            measure="excess kurtosis of the noise added, at the largest n",
            holds_when=Within(0.3),
        ),
        Part(
            name="noise_slope",
            measure="slope of log distance on log n, of the noise added, at fixed m/n; −0.5 for truly normal values",
            holds_when=Below(-0.25),
        ),
        Part(
            name="stack_distance",
            measure="distance of the noise added by four maps in a row, each to about 0.7 of its inputs, largest n",
            holds_when=Below(0.03),
        ),
        Part(
            name="heavy_excess",
            measure="distance of the noise added by heavy-tailed weights (Student's t, 1.1 degrees) minus by normal "
            "ones: must fail to be normal",
            holds_when=Above(0.02),
        ),
        Part(
            name="sampled_excess",
            measure="the same for the map that keeps every fourth value: must fail too",
            holds_when=Above(0.02),
        ),
        Part(
            name="descent_error",
            measure="‖x̂ of gradient descent − x̂ of the closed form‖ / ‖x̂ − a‖, n at most 1024",
            holds_when=Below(0.01),
        ),
        Part(
            name="mlp_distance",
            measure="distance of the noise added by a random net of two linear layers with ReLU between, to a quarter "
            "of the values; inversions by descent that converged",
            holds_when=Below(0.05),
        ),
        Part(
            name="conv_distance",
            measure="the same for two random convolutions with ReLU between and stride 2, to half of the values",
            holds_when=Below(0.05),
        ),
    ),
    controls=(
        Control(name="normal_floor", measure="distance of truly normal values, as many as at the largest n"),
        Control(name="image_distance", measure="distance of the photographs' own values"),
        Control(name="image_kurtosis", measure="excess kurtosis of the photographs' own values"),
        *(
            Control(name=f"{what}_{start}_start", measure=f"{words}, normal weights, {about}")
            for start, about in zip(
                STARTS,
                ("start 0.5", "start uniform in [0.2, 0.8]", "start 0.5 + 0.1·t with 1.1 degrees of freedom"),
                strict=True,
            )
            for what, words in (
                ("wrote", "distance of what was written, x̂ − start"),
                ("missed", "distance of what was missed, x̂ − a"),
                ("wrote_kurtosis", "excess kurtosis of what was written"),
                ("missed_kurtosis", "excess kurtosis of what was missed"),
            )
        ),
        *(Control(name=f"noise_{law}_weights", measure=f"distance of the noise, {LAWS[law]} weights") for law in LAWS),
        *(Control(name=f"kurtosis_{law}_weights", measure=f"kurtosis of it, {LAWS[law]} weights") for law in LAWS),
        *(Control(name=f"converged_{net}", measure=f"share of converged inversions, {net}") for net in NETS),
        *(Control(name=f"wrote_{net}", measure=f"distance of what was written, {net}") for net in NETS),
        Control(name="tail", measure="share of values of the noise beyond 3/√n of its norm, largest n"),
        Control(name="tail_normal", measure="that share of a normal law"),
        Control(name="tail_bound", measure="2·exp(−nε²/4), the source's bound, at ε = 3/√n"),
    ),
)


def run(trial: Trial) -> Measurements:
    """Project images, for map after map, and ask for the law of what came of it."""
    sides = trial.pick(smoke=[8, 16], standard=[8, 16, 32, 64], gpu=[8, 16, 32, 64, 128])
    size = max(sides)
    limit = trial.pick(smoke="&limit=64", standard="", gpu="")
    x = (
        held_out(trial, f"photos?size={size}{limit}", count=trial.pick(smoke=4, standard=32, gpu=32))
        .cpu()
        .mean(1, True)
    )
    images = {side: F.avg_pool2d(x, size // side) for side in sides}
    by_size = {law: [_linear(trial, images[side], law) for side in sides] for law in LAWS}
    laws = {law: [_law(trial, each["noise"]) for each in found_at] for law, found_at in by_size.items()}
    last = by_size["normal"][-1]
    values = {"wrote_distance": _distance(_law(trial, last["wrote"]))}
    values |= {f"noise_{law}_weights": _distance(laws[law][-1]) for law in LAWS}
    values |= {f"kurtosis_{law}_weights": _kurtosis(laws[law][-1]) for law in LAWS}
    values |= {
        "noise_distance": values["noise_normal_weights"],
        "noise_kurtosis": values["kurtosis_normal_weights"],
        "noise_slope": _slope([side**2 for side in sides], [_distance(each) for each in laws["normal"]]),
        "heavy_excess": values["noise_heavy_weights"] - values["noise_normal_weights"],
        "sampled_excess": values["noise_sampled_weights"] - values["noise_normal_weights"],
        "stack_distance": _distance(_law(trial, _stacked(trial, images[size]))),
        "descent_error": _descent_error(trial, images[min(32, size)]),
    }
    values |= _starts(trial, images[size]) | _nets(trial, images[min(32, size)])
    values |= _floors(trial, images[size]) | _tails(last["noise"])
    lines = {f"noise, {LAWS[law]} weights": [_distance(each) for each in laws[law]] for law in LAWS}
    lines["normal values"] = [0.6 / side for side in sides]
    curves = Curves(
        title="How far the noise added is from normal",
        x_label="values of the input",
        y_label="Kolmogorov–Smirnov distance",
        x=[side**2 for side in sides],
        lines=lines,
        log_x=True,
        log_y=True,
    )
    rows = {"image": images[size]} | {f"{LAWS[law]} weights": by_size[law][-1]["x_hat"] for law in LAWS}
    shown = {label: each.reshape(images[size].shape)[:8] for label, each in rows.items()}
    caption = "Images that a random linear map takes for those of the top row, found from gray."
    return Measurements(
        values=values, curves={"size": curves}, pictures={"found": Pictures(caption=caption, rows=shown)}
    )


def _linear(trial: Trial, x: Images, law: str, start: Tensor | None = None) -> dict[str, Tensor]:
    """What one linear map wrote and missed, and the noise it added, each (B, n)."""
    a = x.flatten(1)
    count = a.shape[1]
    x_0 = torch.full_like(a, 0.5) if start is None else start
    draws = trial.generator("weights", law, count)
    basis = row_space(draw_weights(LAWS[law], outputs=count // 4, inputs=count, generator=draws))
    x_hat = end_of_descent(basis, a, x_0)
    return {
        "x_hat": x_hat,
        "wrote": x_hat - x_0,
        "missed": x_hat - a,
        "noise": noise_added(x_hat - x_0, a - x_0),
    }


def _stacked(trial: Trial, x: Images) -> Tensor:
    """The noise that maps in a row add, which leave a quarter of the dimensions as one map does."""
    a = x.flatten(1)
    count = a.shape[1]
    widths = [round(count * 4 ** (-depth / 4)) for depth in range(5)]
    draws = trial.generator("stack")
    product = torch.eye(count)
    for inputs, outputs in pairwise(widths):
        weight = draw_weights("normal", outputs=outputs, inputs=inputs, generator=draws) / math.sqrt(inputs)
        product = weight @ product
    x_0 = torch.full_like(a, 0.5)
    return noise_added(end_of_descent(row_space(product), a, x_0) - x_0, a - x_0)


def _descent_error(trial: Trial, x: Images) -> float:
    a = x.flatten(1)
    count = a.shape[1]
    weight = draw_weights("normal", outputs=count // 4, inputs=count, generator=trial.generator("descent"))
    x_0 = torch.full_like(a, 0.5)
    exact = end_of_descent(row_space(weight), a, x_0)
    return rms(descend_linear(weight, a, x_0, steps=200) - exact) / rms(exact - a)


def _starts(trial: Trial, x: Images) -> dict[str, float]:
    a, draws = x.flatten(1), trial.generator("starts")
    starts = {
        "constant": torch.full_like(a, 0.5),
        "flat": 0.2 + 0.6 * torch.rand(a.shape, generator=draws),
        "heavy": 0.5 + 0.1 * heavy_tailed(tuple(a.shape), generator=draws, degrees=1.1),
    }
    values: dict[str, float] = {}
    for name, start in starts.items():
        one = _linear(trial, x, "normal", start)
        for what in ("wrote", "missed"):
            law = _law(trial, one[what])
            values |= {f"{what}_{name}_start": _distance(law), f"{what}_kurtosis_{name}_start": _kurtosis(law)}
    return values


def _nets(trial: Trial, x: Images) -> dict[str, float]:
    """Inversions of two random nets, which have no closed form."""
    count = x[0].numel()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(trial.seed, "nets"))
        nets = {
            "mlp": nn.Sequential(
                nn.Flatten(), nn.Linear(count, count // 2), nn.ReLU(), nn.Linear(count // 2, count // 4)
            ),
            "conv": nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 2, 3, stride=2, padding=1)),
        }
    values: dict[str, float] = {}
    start = torch.full_like(x, 0.5)
    for name, net in nets.items():
        one = invert(net, x, start=start, tolerance=0.1, steps=trial.pick(smoke=50, standard=None, gpu=None))
        kept = one.converged
        wrote, difference = (each[kept].flatten(1) for each in (one.x - start, x - start))
        some = bool(kept.any())
        values[f"converged_{name}"] = float(kept.float().mean())
        values[f"wrote_{name}"] = _distance(_law(trial, wrote)) if some else math.nan
        values[f"{name}_distance"] = _distance(_law(trial, noise_added(wrote, difference))) if some else math.nan
    return values


def _floors(trial: Trial, x: Images) -> dict[str, float]:
    normal = _law(trial, torch.randn(x.flatten(1).shape, generator=trial.generator("floor")))
    image = _law(trial, x)
    return {
        "normal_floor": _distance(normal),
        "image_distance": _distance(image),
        "image_kurtosis": _kurtosis(image),
    }


def _tails(noise: Tensor) -> dict[str, float]:
    count = noise.shape[1]
    epsilon = 3 / math.sqrt(count)
    beyond = noise.abs() > epsilon * noise.norm(dim=1, keepdim=True)
    return {
        "tail": float(beyond.float().mean()),
        "tail_normal": normal_tail(count, epsilon),
        "tail_bound": sphere_tail_bound(count, epsilon),
    }


def _law(trial: Trial, residual: Tensor) -> ResidualLaw:
    return residual_law(residual, generator=trial.generator("resamples"), num_resamples=100)


def _distance(law: ResidualLaw) -> float:
    return law.distance_interval.mean


def _kurtosis(law: ResidualLaw) -> float:
    return law.kurtosis_interval.mean


def _slope(x: list[int], y: list[float]) -> float:
    return linear_regression([math.log(each) for each in x], [math.log(each) for each in y]).slope


EXPERIMENT = Experiment(claim=CLAIM, run=run)
