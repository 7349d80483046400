"""Lyapunov's condition holds for the sums that a simple fully connected net takes over the inputs that fit."""

__all__ = ["CLAIM", "EXPERIMENT"]

import math
from statistics import linear_regression

import torch
from torch import Tensor, nn

from copyist.claims.measures.copy_measures import held_out
from copyist.claims.measures.random_maps import draw_weights, end_of_descent, heavy_tailed, row_space
from copyist.claims.nets import undercomplete
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime, Within
from copyist.metrics.lyapunov import lyapunov_ratio
from copyist.metrics.residuals import residual_law
from copyist.models.contracts import Model
from copyist.procedures.inversion import invert
from copyist.randomness import draw_normal
from copyist.tensors import Images

KINDS = ("random", "trained", "heavy")
NUM_OUTPUTS = 16
"""Of the first layer, whose sums are followed."""

RATIO = (
    "slope of log Σ E|Xᵢ − μᵢ|³ / (Σ σᵢ²)^1.5 on log n for Xᵢ = wᵢAᵢ; A from inversions of a layer to a quarter of n "
    "values (closed form, starts N(0.7, 0.05²)), w its rows; geometric mean over 16 rows and 4 landscapes"
)

SOURCE = 'second version, "Why Noninvertibility introduces Gaussian Noise"'

CLAIM = Claim(
    sentence="Lyapunov's condition (δ = 1) holds for the sums of a simple fully connected net, random and trained.",
    source='Badger, "Autoencoders: Learning by Copying", second version, on the central limit theorem',
    regime=Regime(psnr=None, why="the condition is about sums in any fully connected layer, however well it copies"),
    parts=(
        Part(
            name="slope_random",
            measure=f"{RATIO}; random weights: the ratio goes to 0",
            holds_when=Below(0.0),
            source=f"{SOURCE}: for δ = 1 the condition can be checked for a simple fully connected net, whose ratio "
            "goes to 0 as terms are added",
        ),
        *(
            Part(
                name=name,
                measure=f"that slope, {weights}: −1/2 on paper for independent terms of one law",
                holds_when=Within(0.1, around=-0.5),
            )
            for name, weights in (("paper_random", "random weights"), ("slope_trained", "weights trained to copy"))
        ),
        Part(
            name="slope_descended",
            measure="the slope with random weights, A from descent on what ReLU leaves of the layer; 64 draws for each "
            "of 2 images",
            holds_when=Within(0.1, around=-0.5),
        ),
        Part(
            name="slope_heavy",
            measure="the slope, closed form, weights from Student's t with 1.1 degrees: must fail to fall so",
            holds_when=Above(-0.25),
        ),
        Part(
            name="slope_heavy_start",
            measure="the slope with random weights from starts of Student's t with 1.1 degrees: if it is the map that "
            "makes terms nearly normal, it does so from any start",
            holds_when=Below(-0.25),
        ),
        Part(
            name="variance_jointly",
            measure="variance of Σ wᵢAᵢ over the inversions as they are, over Σ σᵢ², random weights, largest n: 1 if "
            "the Aᵢ were independent, as the theorem needs; 0 if every input that fits has the same sum",
            holds_when=Within(0.5, around=1.0),
        ),
    ),
    controls=(
        *(Control(name=f"ratio_{kind}", measure=f"the ratio at the largest n, {kind} weights") for kind in KINDS),
        Control(name="slope_paper", measure="the slope for independent normal terms of one law, as many draws"),
        Control(
            name="slope_two_valued_start",
            measure="the slope with random weights, closed form, from starts that are 0.65 or 0.75: what descent does "
            "not touch keeps the law of its start",
        ),
        Control(name="variance_apart", measure="the variance, each Aᵢ taken from another inversion"),
        Control(name="distance_apart", measure="Kolmogorov–Smirnov distance from normal of those sums"),
        Control(name="converged", measure="share of converged descents, all n"),
    ),
    picture="ratio",
)


def run(trial: Trial) -> Measurements:
    """Draw inputs that fit, for layers of more and more inputs, and add their values up with the layer's weights.

    About 3 minutes of one thread for each seed, the training of four small nets included.
    """
    sizes = trial.pick(smoke=[8, 16], standard=[8, 12, 16, 24], gpu=[8, 16, 32, 64])
    count = trial.pick(smoke=32, standard=256, gpu=1024)
    counts = [3 * size**2 for size in sizes]
    ratios: dict[str, list[float]] = {
        name: [] for name in (*KINDS, "descended", "paper", "two_valued_start", "heavy_start")
    }
    shares: list[float] = []
    values: dict[str, float] = {}
    for size, inputs in zip(sizes, counts, strict=True):
        recipe = undercomplete(trial, size=size)
        x = held_out(trial, recipe.data, count=4).cpu()
        random, trained = trial.untrained(recipe).cpu(), trial.model(recipe, control=True).cpu()
        heavy = draw_weights(
            "heavy-tailed", outputs=inputs // 4, inputs=inputs, generator=trial.generator("heavy", size)
        )
        weights = {"random": _first(random), "trained": _first(trained), "heavy": heavy}
        drawn = {kind: _closed(trial, weight, x, count) for kind, weight in weights.items()}
        for kind, weight in weights.items():
            ratios[kind].append(_ratio(weight, drawn[kind]))
        for start in ("two_valued_start", "heavy_start"):
            ratios[start].append(_ratio(weights["random"], _closed(trial, weights["random"], x, count, start=start)))
        fitting, share = _descended(trial, random, x)
        shares.append(share)
        ratios["descended"].append(_ratio(weights["random"], fitting))
        ratios["paper"].append(lyapunov_ratio(torch.randn(count, inputs, generator=trial.generator("paper", size))))
        values = _sums(trial, weights["random"], drawn["random"][0])
    slopes = {f"slope_{name}": _slope(counts, each) for name, each in ratios.items()}
    values["paper_random"] = slopes["slope_random"]
    values |= slopes | {f"ratio_{kind}": ratios[kind][-1] for kind in KINDS} | {"converged": sum(shares) / len(shares)}
    curves = Curves(
        title="Lyapunov's ratio",
        x_label="terms of the sum",
        y_label="Σ E|X − μ|³ / (Σ σ²)^1.5",
        x=counts,
        lines=ratios,
        log_x=True,
        log_y=True,
    )
    return Measurements(values=values, curves={"ratio": curves})


def _first(model: Model) -> Tensor:
    """The weight of the first linear layer, (outputs, inputs)."""
    return next(part for part in model.modules() if isinstance(part, nn.Linear)).weight.detach()


def _closed(trial: Trial, weight: Tensor, x: Images, count: int, *, start: str = "starts") -> list[Tensor]:
    """For each image, inputs (count, n) that the layer maps to what it maps the image to."""
    basis, draws = row_space(weight.double()), trial.generator(start, weight.shape[1])
    return [end_of_descent(basis, a, _starts(start, (count, len(a)), draws, like=a)) for a in x.flatten(1).double()]


def _starts(start: str, shape: tuple[int, int], draws: torch.Generator, *, like: Tensor) -> Tensor:
    if start == "heavy_start":
        return 0.7 + 0.05 * heavy_tailed(shape, generator=draws, degrees=1.1).to(like)
    noise = draw_normal(shape, generator=draws, like=like)
    return 0.7 + 0.05 * (noise.sign() if start == "two_valued_start" else noise)


def _descended(trial: Trial, model: Model, x: Images) -> tuple[list[Tensor], float]:
    """The same by descent, behind the activation, and the share that converged; what did not is left out."""
    count = trial.pick(smoke=8, standard=64, gpu=256)
    steps = trial.pick(smoke=5, standard=None, gpu=None)
    fitting: list[Tensor] = []
    shares: list[float] = []
    for index, a in enumerate(x[: trial.pick(smoke=1, standard=2, gpu=4)]):
        draws = trial.generator("descent", len(a.flatten()), index)
        copies = a.expand(count, *a.shape).contiguous()
        one = invert(model, copies, layer="encoder.2", steps=steps, tolerance=0.1, generator=draws, batch_size=count)
        shares.append(float(one.converged.float().mean()))
        if one.converged.sum() >= count // 2:
            fitting.append(one.x[one.converged].flatten(1))
    return fitting, sum(shares) / len(shares)


def _ratio(weight: Tensor, fitting: list[Tensor]) -> float:
    """The geometric mean of Lyapunov's ratio over images and rows."""
    found_ratios = [lyapunov_ratio(row * inputs) for inputs in fitting for row in weight[:NUM_OUTPUTS]]
    return math.exp(sum(math.log(each) for each in found_ratios) / len(found_ratios)) if found_ratios else math.nan


def _sums(trial: Trial, weight: Tensor, inputs: Tensor) -> dict[str, float]:
    """What becomes of the variance when values are taken from inversions jointly, and apart."""
    draws = trial.generator("apart", inputs.shape[1])
    order = torch.rand(inputs.shape, generator=draws).argsort(dim=0)
    rows = weight[:NUM_OUTPUTS].to(inputs)
    jointly, apart = inputs @ rows.T, inputs.gather(0, order) @ rows.T  # (draws, rows)
    independent = inputs.var(0) @ rows.square().T
    law = residual_law(apart.T, generator=trial.generator("resamples"), num_resamples=100)
    return {
        "variance_jointly": float((jointly.var(0) / independent).mean()),
        "variance_apart": float((apart.var(0) / independent).mean()),
        "distance_apart": law.distance_interval.mean,
    }


def _slope(counts: list[int], ratios: list[float]) -> float:
    if not all(math.isfinite(each) for each in ratios):
        return math.nan
    return linear_regression([math.log(each) for each in counts], [math.log(each) for each in ratios]).slope


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
