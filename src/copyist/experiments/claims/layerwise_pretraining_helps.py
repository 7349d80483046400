"""Layers that are trained one by one help a deep net of sigmoid units, until ReLU and good first weights end it."""

__all__ = ["CLAIM", "EXPERIMENT"]

from typing import Literal

from copyist.corruption import SaltAndPepper
from copyist.evidence import Above, Below, Claim, Control, Part
from copyist.experiments.copies import copies, held_out
from copyist.experiments.measurements import Curves, Measurements
from copyist.experiments.naming import naming_table
from copyist.experiments.subjects import stack
from copyist.experiments.trial import Experiment, Trial
from copyist.metrics.distortion import mse
from copyist.nn.dense import Initialization
from copyist.training import Recipe

ARMS: dict[str, tuple[Literal["sigmoid", "relu"], Initialization]] = {
    "sigmoid_old": ("sigmoid", "uniform"),
    "sigmoid_small": ("sigmoid", "normal"),
    "sigmoid_good": ("sigmoid", "glorot"),
    "relu_old": ("relu", "uniform"),
    "relu_good": ("relu", "he"),
}
"""Activation and first weights: old is U(−1/√n, 1/√n), small N(0, 0.01²), good Glorot's or He's."""

ARM = "digits, five hidden layers, equal steps in all, gradient descent with momentum after the layers"

CLAIM = Claim(
    sentence="Greedy layer-by-layer pretraining followed by fine-tuning beats fine-tuning alone on deep sigmoid nets; "
    "ReLU and good initialization end it.",
    source='"Autoencoders & Denoising AEs", on stacked autoencoders',
    parts=(
        Part(
            name="sigmoid_old",
            measure="share of held-out digits named wrong without pretraining minus with it: sigmoid units, first "
            f"weights U(−1/√n, 1/√n); {ARM}",
            holds_when=Above(0.0),
        ),
        Part(
            name="relu_good",
            measure="the same with ReLU and He's first weights: less than a digit in a hundred is left to gain",
            holds_when=Below(0.01),
        ),
        Part(
            name="sigmoid_old_copying",
            measure="mean squared error of copies of held-out digits without pretraining over that with it, sigmoid "
            "units, old first weights, ten layers from image to image, equal steps in all, Adam throughout",
            holds_when=Above(1.0),
        ),
        Part(
            name="relu_good_copying",
            measure="the same with ReLU and He's first weights: less than a tenth is left to gain",
            holds_when=Below(1.1),
        ),
    ),
    controls=(
        Control(name="commonest_class", measure="share named wrong by always naming the commonest class"),
        Control(name="shallow", measure="share named wrong by one hidden layer of sigmoid units, not pretrained"),
        Control(name="brief", measure="share named wrong without pretraining and without the steps it took, old arm"),
        Control(
            name="blind_pretraining",
            measure="share named wrong after pretraining that sees salt and pepper only, and no digit: the steps and "
            "the scale of the weights without what they learn, old arm",
        ),
        Control(
            name="adam_alone", measure="share named wrong without pretraining when all is trained by Adam, old arm"
        ),
        *(
            Control(
                name=f"{arm}_{kind}", measure=f"share named wrong {kind} pretraining; {' units, '.join(how)} weights"
            )
            for arm, how in ARMS.items()
            for kind in ("with", "without")
        ),
        *(
            Control(name=f"{arm}_copying_{kind}", measure=f"mean squared error of copies {kind} pretraining")
            for arm in ("sigmoid_old", "relu_good")
            for kind in ("with", "without")
        ),
    ),
)


def run(trial: Trial) -> Measurements:
    """Train deep stacks with pretraining and without, in five arms; and what else could explain a difference."""
    values: dict[str, float] = {}
    for arm, (activation, initialization) in ARMS.items():
        for kind in ("with", "without"):
            recipe = stack(trial, activation=activation, initialization=initialization, pretrained=kind == "with")
            values[f"{arm}_{kind}"] = _named_wrong(trial, recipe)
    for arm in ("sigmoid_old", "relu_good"):
        activation, initialization = ARMS[arm]
        for kind in ("with", "without"):
            recipe = stack(
                trial,
                activation=activation,
                initialization=initialization,
                pretrained=kind == "with",
                task="copying",
            )
            x = held_out(trial, recipe.data)
            values[f"{arm}_copying_{kind}"] = float(mse(copies(trial.trained(recipe), x), x).mean())
        values[arm] = values[f"{arm}_without"] - values[f"{arm}_with"]
        values[f"{arm}_copying"] = values[f"{arm}_copying_without"] / values[f"{arm}_copying_with"]
    old = stack(trial, activation="sigmoid", initialization="uniform", pretrained=False)
    values |= {
        "commonest_class": _by_rule(trial, old.data),
        "shallow": _named_wrong(trial, _old(trial, depth=1)),
        "brief": _named_wrong(trial, _old(trial, brief=True)),
        "adam_alone": _named_wrong(trial, _old(trial, adam=True)),
        "blind_pretraining": _named_wrong(
            trial,
            stack(trial, activation="sigmoid", initialization="uniform", corruption=SaltAndPepper(share=1.0)),
        ),
    }
    return Measurements(values=values, curves={"arms": _arms(values)})


def _old(trial: Trial, *, depth: int = 5, brief: bool = False, adam: bool = False) -> Recipe:
    """Sigmoid units with the old first weights, not pretrained."""
    return stack(
        trial,
        activation="sigmoid",
        initialization="uniform",
        pretrained=False,
        depth=depth,
        brief=brief,
        adam=adam,
    )


def _named_wrong(trial: Trial, recipe: Recipe) -> float:
    table = naming_table({"net": trial.model(recipe)}, trial.splits(recipe.data))
    return table.error(table.models["net"]).mean


def _by_rule(trial: Trial, data: str) -> float:
    table = naming_table({}, trial.splits(data))
    return table.error(table.commonest).mean


def _arms(values: dict[str, float]) -> Curves:
    return Curves(
        title="Digits named wrong in the five arms",
        x_label="arm: sigmoid units with old, small and good first weights, ReLU with old and good ones",
        y_label="share named wrong",
        x=list(range(1, len(ARMS) + 1)),
        lines={f"{kind} pretraining": [values[f"{arm}_{kind}"] for arm in ARMS] for kind in ("with", "without")},
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
