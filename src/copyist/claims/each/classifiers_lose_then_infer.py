"""A classifier represents its input well in early layers and poorly in deep ones."""

__all__ = ["CLAIM", "EXPERIMENT"]

from typing import Literal

from copyist.claims.measures.copy_measures import held_out
from copyist.claims.measures.inversion_measures import Known, known, rms
from copyist.claims.nets import classifier
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.tensors import Images

NETS = ("conv", "vit")
DATA: tuple[Literal["digits", "scenes"], ...] = ("scenes", "digits")
DEPTHS = ("early", "deep", "logits")
STATES = ("trained", "untrained")

CLAIM = Claim(
    sentence="A classifier represents its input well early and poorly deep.",
    source='Badger, "Autoencoders: Learning by Copying", on the loss of information in classifiers',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=tuple(
        part
        for net in NETS
        for part in (
            Part(
                name=f"{net}_early",
                measure="root mean square error of what inversions of the first block share, aligned per channel, over "
                f"the images' own contrast; trained {net} on 16 landscapes, converged from two starts",
                holds_when=Below(0.25),
            ),
            Part(
                name=f"{net}_deep",
                measure="the same at the last block: 1 where nothing is known",
                holds_when=Above(0.5),
            ),
            Part(name=f"{net}_lost", measure="last block minus first block", holds_when=Above(0.25)),
        )
    ),
    controls=tuple(
        control
        for data in DATA
        for net in NETS
        for depth in DEPTHS
        for state in STATES
        for control in (
            Control(name=f"missed_{data}_{net}_{depth}_{state}", measure="error over contrast, as above"),
            Control(name=f"converged_{data}_{net}_{depth}_{state}", measure="share of images that converged"),
        )
    ),
)


def run(trial: Trial) -> Measurements:
    """Invert the first block, the last one and the answer of two classifiers on two kinds of images."""
    values: dict[str, float] = {}
    pictures: dict[str, Pictures] = {}
    for data in DATA:
        for net in NETS:
            recipe = classifier(trial, data=data, transformer=net == "vit")
            x = held_out(trial, recipe.data, count=trial.pick(smoke=2, standard=16, gpu=32))
            last = trial.pick(smoke=2, standard=5, gpu=11) if net == "vit" else 2
            rows = {"image": x[:8]}
            for state in STATES:
                model = trial.model(recipe) if state == "trained" else trial.untrained(recipe)
                for depth, layer in zip(DEPTHS, ("blocks.0", f"blocks.{last}", "output"), strict=True):
                    one = known(model, x, trial, layer=layer)
                    name = f"{data}_{net}_{depth}_{state}"
                    values |= {f"missed_{name}": _missed(one, x), f"converged_{name}": one.converged}
                    rows[f"{state}, {depth}"] = one.from_noise[:8]
            caption = "Images that a layer of a classifier takes for those of the top row."
            pictures[f"{data}-{net}"] = Pictures(caption=caption, rows=rows)
    for net in NETS:
        early, deep = (values[f"missed_scenes_{net}_{depth}_trained"] for depth in ("early", "deep"))
        values |= {f"{net}_early": early, f"{net}_deep": deep, f"{net}_lost": deep - early}
    return Measurements(values=values, pictures=pictures)


def _missed(one: Known, x: Images) -> float:
    """The error over that of an answer that knows each channel's mean only."""
    return one.missed / rms(x - x.mean((2, 3), keepdim=True))


EXPERIMENT = Experiment(claim=CLAIM, run=run)
