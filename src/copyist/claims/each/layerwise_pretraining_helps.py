"""Layers that are trained one by one help a deep net of sigmoid units, until ReLU and good first weights end it."""

__all__ = ["CLAIM", "EXPERIMENT"]

from typing import Literal

from copyist.claims.measures.copy_measures import copies, squared_error
from copyist.claims.nets import stack, stack_splits
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.corruption import SaltAndPepper
from copyist.evaluation.classification_errors import classification_table
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
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

COMPARED = ("sigmoid_old", "relu_good")
"""The arms that bounds are set for; there all is trained by Adam too."""

HELD_OUT = "of 897 held-out digits (900 to learn from)"

CLAIM = Claim(
    sentence="Greedy layer-by-layer pretraining followed by fine-tuning beats fine-tuning alone on deep sigmoid nets; "
    "ReLU and good initialization end it.",
    source='"Autoencoders & Denoising AEs", on stacked autoencoders',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="sigmoid_old",
            measure=f"share {HELD_OUT} named wrong without pretraining, by gradient descent with momentum or by Adam, "
            "whichever names fewer wrong, minus with it (layers by Adam, then gradient descent); five hidden layers of "
            "sigmoid units, first weights U(−1/√n, 1/√n), equal steps in all; the bound is five digits in a thousand",
            holds_when=Above(0.005),
        ),
        Part(
            name="relu_good",
            measure="the same with ReLU and He's first weights: less than a digit in a hundred is left to gain",
            holds_when=Below(0.01),
        ),
        Part(
            name="sigmoid_old_copying",
            measure="mean squared error of copies of those digits without pretraining over that with it, sigmoid "
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
        *(
            Control(
                name=f"{arm}_{kind}",
                measure=f"share named wrong {kind} pretraining, in the end by gradient descent; "
                f"{' units, '.join(how)} weights",
            )
            for arm, how in ARMS.items()
            for kind in ("with", "without")
        ),
        *(
            Control(name=f"{arm}_adam", measure="share named wrong without pretraining when all is trained by Adam")
            for arm in COMPARED
        ),
        *(
            Control(name=f"{arm}_copying_{kind}", measure=f"mean squared error of copies {kind} pretraining")
            for arm in COMPARED
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
    for arm in COMPARED:
        values[f"{arm}_adam"] = _named_wrong(trial, _plain(trial, arm=arm, adam=True))
        # The layers are learned by Adam: what Adam does without them must not be laid to their credit.
        values[arm] = min(values[f"{arm}_without"], values[f"{arm}_adam"]) - values[f"{arm}_with"]
        values |= _copying(trial, arm)
    blind = stack(trial, activation="sigmoid", initialization="uniform", corruption=SaltAndPepper(share=1.0))
    values |= {
        "commonest_class": _by_rule(trial),
        "shallow": _named_wrong(trial, _plain(trial, depth=1)),
        "brief": _named_wrong(trial, _plain(trial, brief=True)),
        "blind_pretraining": _named_wrong(trial, blind),
    }
    return Measurements(values=values, curves={"arms": _arms(values)})


def _copying(trial: Trial, arm: str) -> dict[str, float]:
    """Errors of copies with pretraining and without, and the second over the first."""
    activation, initialization = ARMS[arm]
    found: dict[str, float] = {}
    for kind in ("with", "without"):
        recipe = stack(
            trial,
            activation=activation,
            initialization=initialization,
            pretrained=kind == "with",
            task="copying",
        )
        found[f"{arm}_copying_{kind}"] = _copied_wrong(trial, recipe)
    return found | {f"{arm}_copying": found[f"{arm}_copying_without"] / found[f"{arm}_copying_with"]}


def _plain(
    trial: Trial, *, arm: str = "sigmoid_old", depth: int = 5, brief: bool = False, adam: bool = False
) -> Recipe:
    """A stack of one arm that is not pretrained."""
    activation, initialization = ARMS[arm]
    return stack(
        trial,
        activation=activation,
        initialization=initialization,
        pretrained=False,
        depth=depth,
        brief=brief,
        adam=adam,
    )


def _named_wrong(trial: Trial, recipe: Recipe) -> float:
    table = classification_table({"net": trial.model(recipe)}, stack_splits(trial))
    return table.models["net"].error.mean


def _copied_wrong(trial: Trial, recipe: Recipe) -> float:
    x = stack_splits(trial).test.images().to(trial.device)
    return squared_error(copies(trial.trained(recipe), x), x)


def _by_rule(trial: Trial) -> float:
    table = classification_table({}, stack_splits(trial))
    return table.majority.error.mean


def _arms(values: dict[str, float]) -> Curves:
    return Curves(
        title="Digits named wrong in the five arms",
        x_label="arm: sigmoid units with old, small and good first weights, ReLU with old and good ones",
        y_label="share named wrong",
        x=list(range(1, len(ARMS) + 1)),
        lines={f"{kind} pretraining": [values[f"{arm}_{kind}"] for arm in ARMS] for kind in ("with", "without")},
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
