"""Random dense maps that cannot be inverted add Gaussian noise to what they represent."""

__all__ = ["CLAIM", "EXPERIMENT"]

import math
from collections.abc import Mapping
from itertools import pairwise
from statistics import linear_regression

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from copyist.claims.measures.copy_measures import held_out
from copyist.claims.measures.inversion_finding import rms
from copyist.claims.measures.random_maps import (
    WeightLaw,
    WrittenAndMissed,
    descend_linear,
    draw_weights,
    end_of_descent,
    heavy_tailed,
    noise_added,
    row_space,
    written_and_missed,
)
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime, Within
from copyist.metrics.residuals import ResidualLaw
from copyist.metrics.tails import normal_tail, sphere_tail_bound
from copyist.procedures.inversion import invert
from copyist.randomness import derive
from copyist.tensors import Images

LAWS: Mapping[str, WeightLaw] = {
    "uniform": "uniform",
    "normal": "normal",
    "heavy": "heavy-tailed",
    "sampled": "every-fourth",
}
DEPTHS = (1, 2, 4, 8)
"""Maps in a row, which together leave a quarter of the dimensions."""

STARTS = {
    "constant": "start 0.5",
    "flat": "start uniform in [0.2, 0.8]",
    "heavy": "start 0.5 + 0.1·t with 1.1 degrees of freedom",
}

SOURCE = "on why non-invertibility introduces Gaussian noise"

CLAIM = Claim(
    sentence="Random dense maps that cannot be inverted add Gaussian noise to what they represent.",
    source='Badger, "Autoencoders: Learning by Copying", on why non-invertibility introduces Gaussian noise',
    regime=Regime(psnr=None, why="the maps are random, and nothing is trained"),
    parts=(
        Part(
            name="wrote_distance",
            measure="Kolmogorov–Smirnov distance of what the map wrote, x̂ − start, from the normal law (a uniform law: "
            "0.057); linear map of uniform weights to a sixteenth of the values, gray landscapes of 64×64, start 0.5, "
            "mean over 32 images",
            holds_when=Below(0.04),
            source=f"{SOURCE}: with uniform weights and far fewer outputs than inputs, an input with the same output, "
            "found from equal values, is approximately normal",
        ),
        Part(
            name="noise_distance",
            measure="the same of the noise added, x̂ − start less its best multiple of a − start; to a quarter of the "
            "values, which writes more of the image itself",
            holds_when=Below(0.03),
            source=f"{SOURCE}: the many inputs of one output closely resemble Gaussian noise",
        ),
        Part(
            name="stack_distance",
            measure=f"the largest distance of the noise added by {', '.join(map(str, DEPTHS[1:]))} maps in a row that "
            "together lead to a quarter of the values",
            holds_when=Below(0.03),
            source=f"{SOURCE}: so it is for one or more linear layers, one after the other",
        ),
        Part(
            name="noise_slope",
            measure="slope of log distance on log n, of the noise added, at fixed m/n; −0.5 for truly normal values",
            holds_when=Below(-0.25),
            source=f"{SOURCE}: the more dimensions, the more nearly normal",
        ),
        Part(
            name="tail_over_bound",
            measure="share of values of the noise beyond 3/√n of its norm over 2·exp(−nε²/4) at ε = 3/√n, largest n",
            holds_when=Below(1.0),
            source=f"{SOURCE}: values far from 0 are rarer than 2·exp(−nε²/4)",
            scale="log",
        ),
        Part(
            name="tail_over_normal",
            measure="that share over a normal law's",
            holds_when=Within(0.5, around=1.0),
            scale="log",
        ),
        Part(
            name="noise_kurtosis",
            measure="excess kurtosis of the noise added, to a quarter of the values, at the largest n",
            holds_when=Within(0.3),
        ),
        Part(
            name="heavy_excess",
            measure="distance of the noise added by heavy-tailed weights (Student's t, 1.1 degrees) minus by uniform "
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
            "of the values; inversions by descent that converged, n at most 1024",
            holds_when=Below(0.05),
        ),
    ),
    controls=(
        Control(name="normal_floor", measure="distance of truly normal values, as many as at the largest n"),
        Control(name="image_distance", measure="distance of what differs between images and start, a − x₀"),
        Control(name="image_kurtosis", measure="its excess kurtosis"),
        *(
            Control(name=f"{what}_{start}_start", measure=f"{words}, uniform weights, a quarter of the values, {about}")
            for start, about in STARTS.items()
            for what, words in (
                ("wrote", "distance of what was written, x̂ − start"),
                ("missed", "distance of what was missed, x̂ − a"),
                ("noise", "distance of the noise added"),
                ("wrote_kurtosis", "excess kurtosis of what was written"),
                ("missed_kurtosis", "excess kurtosis of what was missed"),
            )
        ),
        *(Control(name=f"noise_{law}_weights", measure=f"distance of the noise, {LAWS[law]} weights") for law in LAWS),
        *(Control(name=f"kurtosis_{law}_weights", measure=f"kurtosis of it, {LAWS[law]} weights") for law in LAWS),
        *(Control(name=f"noise_of_{depth}_maps", measure=f"distance of the noise of {depth} maps") for depth in DEPTHS),
        Control(name="converged_mlp", measure="share of converged inversions of the net with ReLU"),
        Control(name="tail", measure="share of values of the noise beyond 3/√n of its norm, largest n"),
        Control(name="tail_normal", measure="that share of a normal law"),
        Control(name="tail_bound", measure="2·exp(−nε²/4), the source's bound, at ε = 3/√n"),
    ),
    picture="found",
)


def run(trial: Trial) -> Measurements:
    """Project images, for map after map, and ask for the law of what came of it.

    About 2 minutes of one thread for each seed.
    """
    sides = trial.pick(smoke=[8, 16], standard=[8, 16, 32, 64], gpu=[8, 16, 32, 64, 128])
    size = max(sides)
    count = trial.pick(smoke=4, standard=32, gpu=32)
    x = held_out(trial, f"scenes?size={size}&limit=64", count=count).cpu().mean(1, True)
    images = {side: F.avg_pool2d(x, size // side) for side in sides}
    found = {law: [_linear(trial, images[side], law) for side in sides] for law in LAWS}
    laws = {
        law: [_law(trial, images[side], each) for side, each in zip(sides, found[law], strict=True)] for law in LAWS
    }
    few = _linear(trial, images[size], "uniform", outputs=size**2 // 16)
    values = {"wrote_distance": _distance(_law(trial, images[size], few).wrote)}
    values |= {f"noise_{law}_weights": _distance(laws[law][-1].noise) for law in LAWS}
    values |= {f"kurtosis_{law}_weights": _kurtosis(laws[law][-1].noise) for law in LAWS}
    values |= {
        "noise_distance": values["noise_uniform_weights"],
        "noise_kurtosis": values["kurtosis_uniform_weights"],
        "noise_slope": _slope([side**2 for side in sides], [_distance(each.noise) for each in laws["uniform"]]),
        "heavy_excess": values["noise_heavy_weights"] - values["noise_uniform_weights"],
        "sampled_excess": values["noise_sampled_weights"] - values["noise_uniform_weights"],
        "normal_floor": _distance(laws["uniform"][-1].normal),
        "descent_error": _descent_error(trial, images[min(32, size)]),
    }
    stacks = {
        depth: _distance(_law(trial, images[size], _stacked(trial, images[size], depth)).noise) for depth in DEPTHS
    }
    values |= {f"noise_of_{depth}_maps": stacks[depth] for depth in DEPTHS}
    values["stack_distance"] = max(stacks[depth] for depth in DEPTHS[1:])
    values |= _starts(trial, images[size]) | _net(trial, images[min(32, size)])
    values |= _tails(noise_added(found["uniform"][-1] - 0.5, images[size].flatten(1) - 0.5))
    lines = {f"noise, {LAWS[law]} weights": [_distance(each.noise) for each in laws[law]] for law in LAWS}
    lines["normal values"] = [_distance(each.normal) for each in laws["uniform"]]
    curves = Curves(
        title="How far the noise added is from normal",
        x_label="values of the input",
        y_label="Kolmogorov–Smirnov distance",
        x=[side**2 for side in sides],
        lines=lines,
        log_x=True,
        log_y=True,
    )
    rows = {"image": images[size]} | {f"{LAWS[law]} weights": found[law][-1] for law in LAWS}
    shown = {label: each.reshape(images[size].shape)[:8] for label, each in rows.items()}
    caption = "Images that a random linear map takes for those of the top row, found from gray."
    return Measurements(
        values=values, curves={"size": curves}, pictures={"found": Pictures(caption=caption, rows=shown)}
    )


def _linear(trial: Trial, x: Images, law: str, start: Tensor | None = None, *, outputs: int | None = None) -> Tensor:
    """The inverses (B, n) of one linear map, to a quarter of the values unless told otherwise."""
    a = x.flatten(1)
    count = a.shape[1]
    draws = trial.generator("weights", law, count)
    basis = row_space(draw_weights(LAWS[law], outputs=outputs or count // 4, inputs=count, generator=draws))
    return end_of_descent(basis, a, torch.full_like(a, 0.5) if start is None else start)


def _stacked(trial: Trial, x: Images, depth: int) -> Tensor:
    """The inverses of maps in a row, which together leave a quarter of the dimensions as one map does."""
    a = x.flatten(1)
    count = a.shape[1]
    widths = [round(count * 4 ** (-each / depth)) for each in range(depth + 1)]
    draws = trial.generator("stack", depth)
    product: Tensor | None = None
    for inputs, outputs in pairwise(widths):
        weight = draw_weights("uniform", outputs=outputs, inputs=inputs, generator=draws) / math.sqrt(inputs)
        product = weight if product is None else weight @ product
    assert product is not None
    return end_of_descent(row_space(product), a, torch.full_like(a, 0.5))


def _descent_error(trial: Trial, x: Images) -> float:
    a = x.flatten(1)
    count = a.shape[1]
    weight = draw_weights("uniform", outputs=count // 4, inputs=count, generator=trial.generator("descent"))
    x_0 = torch.full_like(a, 0.5)
    exact = end_of_descent(row_space(weight), a, x_0)
    return rms(descend_linear(weight, a, x_0, steps=200) - exact) / rms(exact - a)


def _starts(trial: Trial, x: Images) -> dict[str, float]:
    """What is written, missed and added from starts of several laws; and the law of images themselves."""
    a, draws = x.flatten(1), trial.generator("starts")
    starts = {
        "constant": torch.full_like(a, 0.5),
        "flat": 0.2 + 0.6 * torch.rand(a.shape, generator=draws),
        "heavy": 0.5 + 0.1 * heavy_tailed(tuple(a.shape), generator=draws, degrees=1.1),
    }
    values: dict[str, float] = {}
    for name, start in starts.items():
        law = _law(trial, x, _linear(trial, x, "uniform", start), start)
        values |= {
            f"wrote_{name}_start": _distance(law.wrote),
            f"missed_{name}_start": _distance(law.missed),
            f"noise_{name}_start": _distance(law.noise),
            f"wrote_kurtosis_{name}_start": _kurtosis(law.wrote),
            f"missed_kurtosis_{name}_start": _kurtosis(law.missed),
        }
    # What an inverse that is the image itself writes is all of the image.
    image = _law(trial, x, a).wrote
    return values | {"image_distance": _distance(image), "image_kurtosis": _kurtosis(image)}


def _net(trial: Trial, x: Images) -> dict[str, float]:
    """Inversions of a random net, which have no closed form."""
    count = x[0].numel()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(trial.seed, "nets"))
        net = nn.Sequential(nn.Flatten(), nn.Linear(count, count // 2), nn.ReLU(), nn.Linear(count // 2, count // 4))
    start = torch.full_like(x, 0.5)
    one = invert(net, x, start=start, tolerance=0.1, steps=trial.pick(smoke=50, standard=None, gpu=None))
    kept = one.converged
    distance = _distance(_law(trial, x[kept], one.x[kept].flatten(1)).noise) if kept.any() else math.nan
    return {"converged_mlp": float(kept.float().mean()), "mlp_distance": distance}


def _tails(noise: Tensor) -> dict[str, float]:
    count = noise.shape[1]
    epsilon = 3 / math.sqrt(count)
    beyond = noise.abs() > epsilon * noise.norm(dim=1, keepdim=True)
    share, normal, bound = float(beyond.float().mean()), normal_tail(count, epsilon), sphere_tail_bound(count, epsilon)
    return {
        "tail": share,
        "tail_normal": normal,
        "tail_bound": bound,
        "tail_over_normal": share / normal,
        "tail_over_bound": share / bound,
    }


def _law(trial: Trial, x: Images, x_hat: Tensor, start: Tensor | None = None) -> WrittenAndMissed:
    a = x.flatten(1)
    begun = torch.full_like(a, 0.5) if start is None else start
    return written_and_missed(x_hat, start=begun, a=a, generator=trial.generator("resamples"), num_resamples=100)


def _distance(law: ResidualLaw) -> float:
    return law.distance_interval.mean


def _kurtosis(law: ResidualLaw) -> float:
    return law.kurtosis_interval.mean


def _slope(x: list[int], y: list[float]) -> float:
    return linear_regression([math.log(each) for each in x], [math.log(each) for each in y]).slope


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
