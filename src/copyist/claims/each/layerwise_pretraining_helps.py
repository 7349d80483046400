"""Layers that are trained one by one help a deep net of sigmoid units, until ReLU and good first weights end it."""

__all__ = ["CLAIM", "EXPERIMENT"]

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from copyist.claims.nets import stack, stack_splits
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.corruption import Corruption, SaltAndPepper
from copyist.evaluation.classification_errors import classification_table
from copyist.evidence import Above, Below, Claim, Control, Part, Regime, adjusted_share
from copyist.nn.dense import Initialization
from copyist.training import Recipe

Optimizer: TypeAlias = Literal["sgd", "adam"]

ARMS: dict[str, tuple[Literal["sigmoid", "relu"], Initialization]] = {
    "sigmoid": ("sigmoid", "uniform"),
    "relu": ("relu", "he"),
}
"""Activation and first weights: U(−1/√n, 1/√n), as was usual, or He's."""

RATES: dict[Optimizer, tuple[float, ...]] = {"sgd": (0.03, 0.1, 0.3), "adam": (1e-3, 3e-3, 1e-2)}
"""Of learning names. Each net has the one by which it names fewest wrong of 299 digits that are not judged."""

GAIN = 0.02
"""Of the share named wrong: what counts as none. The standard error of one share is about 0.008."""

WRONG = (
    "share named wrong of 598 held-out digits (900 to learn from, 299 to choose the rate by), five hidden layers, "
    "equal steps in all, those of pretraining included"
)

SOURCE = (
    "on stacked autoencoders: to pretrain layer by layer and then fine-tune was the dominant recipe of 2007 to 2010"
)

CLAIM = Claim(
    sentence="Greedy layer-by-layer pretraining followed by fine-tuning beats fine-tuning alone on deep sigmoid nets; "
    "ReLU and good initialization end it.",
    source='"Autoencoders & Denoising AEs", on stacked autoencoders',
    regime=Regime(psnr=None, why="nets that name digits copy nothing"),
    picture="arms",
    parts=(
        Part(
            name="sigmoid_sgd_ratio",
            source=SOURCE,
            measure=f"{WRONG}, without pretraining over with it; sigmoid units, first weights U(−1/√n, 1/√n), gradient "
            "descent with momentum, as in those years",
            holds_when=Above(1.0),
            scale="log",
        ),
        Part(
            name="relu_sgd_gain",
            source=f"{SOURCE}, before ReLU and good initialization made supervised training straightforward",
            measure="share named wrong without pretraining minus with it, ReLU and He's first weights, gradient "
            f"descent: less than {GAIN:.0%} of the digits is left to gain",
            holds_when=Below(GAIN),
        ),
        Part(
            name="sigmoid_adam_ratio",
            measure="the ratio of sigmoid units where all is learned by Adam, with pretraining and without",
            holds_when=Above(1.0),
            scale="log",
        ),
        Part(
            name="relu_adam_gain",
            measure="the gain of ReLU where all is learned by Adam",
            holds_when=Below(GAIN),
        ),
        Part(
            name="relu_against_pretrained",
            measure="share named wrong by ReLU without pretraining over that by sigmoid units with it, both by "
            "gradient descent",
            holds_when=Below(1.25),
            scale="log",
        ),
        Part(
            name="blind_ratio",
            measure="share named wrong after pretraining that sees salt and pepper only, and no digit, over that after "
            "pretraining; sigmoid units, gradient descent: what layers learn, not the scale of their weights",
            holds_when=Above(1.0),
            scale="log",
        ),
    ),
    controls=(
        Control(name="commonest_class", measure="share named wrong by always naming the commonest class"),
        Control(name="shallow", measure="share named wrong by one hidden layer of sigmoid units, gradient descent"),
        Control(name="blind", measure="share named wrong after pretraining on salt and pepper"),
        *(
            Control(
                name=f"{arm}_{optimizer}_{kind}", measure=f"share named wrong {kind} pretraining, {arm}, {optimizer}"
            )
            for arm in ARMS
            for optimizer in RATES
            for kind in ("with", "without")
        ),
        *(
            Control(name=f"rate_{arm}_{optimizer}_{kind}", measure=f"the rate chosen {kind} pretraining")
            for arm in ARMS
            for optimizer in RATES
            for kind in ("with", "without")
        ),
    ),
)


@dataclass(frozen=True, kw_only=True)
class _Tuned:
    """A net at the best of its rates."""

    rate: float

    wrong: float
    """Share of the judged digits, never 0."""


def run(trial: Trial) -> Measurements:
    """Train deep stacks with pretraining and without, by two optimizers at three rates each, and the controls."""
    values: dict[str, float] = {}
    for arm in ARMS:
        for optimizer in RATES:
            for kind in ("with", "without"):
                best = _tuned(trial, arm, optimizer, pretrained=kind == "with")
                values[f"{arm}_{optimizer}_{kind}"] = best.wrong
                values[f"rate_{arm}_{optimizer}_{kind}"] = best.rate
    blind = _tuned(trial, "sigmoid", "sgd", corruption=SaltAndPepper(share=1.0)).wrong
    values |= {
        **{
            f"sigmoid_{each}_ratio": values[f"sigmoid_{each}_without"] / values[f"sigmoid_{each}_with"]
            for each in RATES
        },
        **{f"relu_{each}_gain": values[f"relu_{each}_without"] - values[f"relu_{each}_with"] for each in RATES},
        "relu_against_pretrained": values["relu_sgd_without"] / values["sigmoid_sgd_with"],
        "blind": blind,
        "blind_ratio": blind / values["sigmoid_sgd_with"],
        "shallow": _tuned(trial, "sigmoid", "sgd", pretrained=False, depth=1).wrong,
        "commonest_class": classification_table({}, stack_splits(trial)[1]).majority.error.mean,
    }
    return Measurements(values=values, curves={"arms": _arms(values)})


def _tuned(
    trial: Trial,
    arm: str,
    optimizer: Optimizer,
    *,
    pretrained: bool = True,
    corruption: Corruption | None = None,
    depth: int = 5,
) -> _Tuned:
    """One net at each of its rates, and what the best of them, by digits that are not judged, names wrong of others."""
    activation, initialization = ARMS[arm]
    found: list[tuple[float, _Tuned]] = []
    for rate in _rates(trial, optimizer):
        recipe = stack(
            trial,
            activation=activation,
            initialization=initialization,
            optimizer=optimizer,
            rate=rate,
            pretrained=pretrained,
            corruption=corruption,
            depth=depth,
        )
        choosing, judging = _wrong(trial, recipe)
        found.append((choosing, _Tuned(rate=rate, wrong=judging)))
    return min(found, key=lambda each: each[0])[1]


def _rates(trial: Trial, optimizer: Optimizer) -> Sequence[float]:
    """All of them, and one at scale smoke."""
    return RATES[optimizer][: trial.pick(smoke=1, standard=None, gpu=None)]


def _wrong(trial: Trial, recipe: Recipe) -> tuple[float, float]:
    """Shares named wrong of the digits that rates are chosen by, and of those that are judged."""
    model = trial.model(recipe)
    tables = [classification_table({"net": model}, splits) for splits in stack_splits(trial)]
    choosing, judging = (adjusted_share(table.models["net"].wrong, table.num_test) for table in tables)
    return choosing, judging


def _arms(values: dict[str, float]) -> Curves:
    arms = [f"{arm}_{optimizer}" for arm in ARMS for optimizer in RATES]
    return Curves(
        title="Digits named wrong with layer-by-layer pretraining and without",
        x_label="sigmoid units by gradient descent (1) and Adam (2), ReLU by gradient descent (3) and Adam (4)",
        y_label="share named wrong",
        x=list(range(1, len(arms) + 1)),
        lines={f"{kind} pretraining": [values[f"{arm}_{kind}"] for arm in arms] for kind in ("with", "without")},
        log_y=True,
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
