"""A classifier represents its input well in early layers and poorly in deep ones."""

__all__ = ["CLAIM", "EXPERIMENT"]

import torch

from copyist.claims.measures.copy_measures import held_out
from copyist.claims.measures.inversion_finding import InversionFinding, find_inversion
from copyist.claims.measures.inversion_table import inversion_rows, over
from copyist.claims.nets import classifier
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.models.contracts import Model
from copyist.models.in_batches import in_batches

NETS = {"conv": "convolutional classifier", "vit": "vision transformer"}
DEPTHS = {"early": "first block", "deep": "last block", "answer": "answer"}
STATES = ("trained", "untrained")

MISSED = (
    "error of what converged inverses from N(0.7, 0.05²) and from gray share, channels aligned, over the images' "
    "contrast: 1 where nothing but the mean colors is known"
)

CLAIM = Claim(
    sentence="A classifier represents its input well early and poorly deep.",
    source='Badger, "Autoencoders: Learning by Copying", on the loss of information in classifiers',
    regime=Regime(psnr=None, why="the nets name classes and do not copy"),
    parts=(
        *(
            part
            for net, about in NETS.items()
            for part in (
                Part(
                    name=f"{net}_lost",
                    measure=f"{MISSED}; last block over first block of a trained {about}, 16 held-out landscapes",
                    holds_when=Above(1.0),
                    source="in the introduction: classifiers of images lose much of the input's information on the "
                    "way to their deep layers",
                    scale="log",
                ),
                Part(
                    name=f"{net}_deep",
                    measure=f"that error at the last block, {about}",
                    holds_when=Above(0.5),
                    scale="log",
                ),
                Part(
                    name=f"{net}_early",
                    measure=f"that error at the first block, {about}",
                    holds_when=Below(0.25),
                    scale="log",
                ),
                Part(
                    name=f"{net}_by_training",
                    measure=f"that error at the last block, trained over untrained: the loss is learned, {about}",
                    holds_when=Above(1.0),
                    scale="log",
                ),
            )
        ),
    ),
    controls=(
        *(
            control
            for net, about in NETS.items()
            for depth, layer in DEPTHS.items()
            for state in STATES
            for control in (
                Control(name=f"missed_{net}_{depth}_{state}", measure=f"the error, {about}, {layer}, {state}"),
                Control(name=f"sharpness_{net}_{depth}_{state}", measure=f"sharpness, {about}, {layer}, {state}"),
                Control(name=f"converged_{net}_{depth}_{state}", measure=f"converged, {about}, {layer}, {state}"),
            )
        ),
        *(Control(name=f"accuracy_{net}", measure=f"share of held-out images named rightly, {net}") for net in NETS),
        Control(
            name="missed_digits",
            measure="the error of the transformer's last block on digits of 8×8, where 16 tokens of 64 units stand for "
            "64 values: an image that the layer can hold",
        ),
        Control(name="converged_digits", measure="share of digits that converged"),
    ),
    picture="vit",
)


def run(trial: Trial) -> Measurements:
    """Invert the first block, the last one and the answer of two classifiers, trained and not.

    About 7 minutes of one thread for each seed, beside the training of three small classifiers.
    """
    values: dict[str, float] = {}
    pictures: dict[str, Pictures] = {}
    count = trial.pick(smoke=2, standard=16, gpu=32)
    for net in NETS:
        recipe = classifier(trial, data="scenes", transformer=net == "vit")
        x = held_out(trial, recipe.data, count=count)
        shown: dict[str, InversionFinding] = {}
        trained = trial.model(recipe, control=True)
        for state, model in zip(STATES, (trained, trial.untrained(recipe)), strict=True):
            for depth, layer in zip(DEPTHS, ("blocks.0", _last(trial, net), "output"), strict=True):
                one = shown[f"{state}, {DEPTHS[depth]}"] = find_inversion(model, x, trial, layer=layer)
                values |= {
                    f"missed_{net}_{depth}_{state}": one.known.missed,
                    f"sharpness_{net}_{depth}_{state}": one.known.sharpness,
                    f"converged_{net}_{depth}_{state}": one.converged,
                }
        caption = f"Landscapes, and images that a layer takes for them; {NETS[net]}."
        pictures[net] = Pictures(caption=caption, rows=inversion_rows(x, shown))
        early, deep, before = (
            values[f"missed_{net}_{which}"] for which in ("early_trained", "deep_trained", "deep_untrained")
        )
        values |= {
            f"{net}_lost": over(deep, early),
            f"{net}_deep": deep,
            f"{net}_early": early,
            f"{net}_by_training": over(deep, before),
            f"accuracy_{net}": _accuracy(trained, trial, recipe.data),
        }
    return Measurements(values=values | _digits(trial, count), pictures=pictures)


def _last(trial: Trial, net: str) -> str:
    return f"blocks.{trial.pick(smoke=2, standard=5, gpu=11) if net == 'vit' else 2}"


def _digits(trial: Trial, count: int) -> dict[str, float]:
    """What a transformer misses of images that are small enough for its tokens."""
    recipe = classifier(trial, data="digits", transformer=True)
    x = held_out(trial, recipe.data, count=count)
    one = find_inversion(trial.model(recipe, control=True), x, trial, layer=_last(trial, "vit"))
    return {"missed_digits": one.known.missed, "converged_digits": one.converged}


@torch.no_grad()
def _accuracy(model: Model, trial: Trial, source: str) -> float:
    """Share of 256 held-out images whose class is the highest answer."""
    x, labels = held_out(trial, source), torch.as_tensor(trial.splits(source).test.labels)
    return float((in_batches(model, model, x).argmax(1).cpu() == labels[: len(x)]).double().mean())


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
