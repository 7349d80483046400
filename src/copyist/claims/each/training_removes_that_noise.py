"""Deep layers hold noise before training and not after; first blocks before and after."""

__all__ = ["CLAIM", "EXPERIMENT"]

from copyist.claims.measures.copy_measures import held_out
from copyist.claims.measures.inversion_check import INVERSION, by_inversion, check_inversion
from copyist.claims.measures.inversion_finding import InversionFinding, find_inversion
from copyist.claims.measures.inversion_table import inversion_rows, over, unforgotten
from copyist.claims.nets.ladder import ladder
from copyist.claims.nets.transformers import copying_vit, naming_vit
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.models.contracts import Model
from copyist.tensors import Images

NETS = {
    "naming": "vision transformer that names classes",
    "copying": "vision transformer that copies",
    "narrow": "vision transformer that names classes, with a third of the units per value",
    "unet": "U-Net",
}
ENDS = ("first", "last")
STATES = ("trained", "untrained")

NUMBERS = {
    "grain": "white noise over contrast",
    "unforgotten": "√(1 − correlation of the starts' inverses)",
    "missed": "error of what they share, aligned, over contrast",
    "converged": "share of images that converged",
}

NOTICEABLE = 0.05
"""Of the original's contrast: about what one sees of noise in a picture."""

NOISE = (
    "white noise (wavelet estimate) of the inverse from N(0.7, 0.05²), over the original's contrast and less the "
    "original's own; images that converged from this start and from gray, 16 held-out landscapes"
)

SOURCE = "on why non-invertibility introduces Gaussian noise"

CLAIM = Claim(
    sentence="Training removes the noise from what deep layers represent, and not from what first blocks do.",
    source='Badger, "Autoencoders: Learning by Copying", on why non-invertibility introduces Gaussian noise',
    regime=Regime(psnr=33.0, code=1.0),
    parts=(
        *(
            Part(
                name=f"naming_first_{state}",
                measure=f"{NOISE}; {NETS['naming']}, first block, {state}",
                holds_when=Above(NOTICEABLE),
                instruments=(INVERSION,),
                source=f"{SOURCE}: in vision transformers the first block's representation has noticeable noise, "
                "trained and untrained alike",
            )
            for state in STATES
        ),
        Part(
            name="naming_last_untrained",
            measure="that noise at the last block, untrained",
            holds_when=Above(NOTICEABLE),
            instruments=(INVERSION,),
            source=f"{SOURCE}: deep layers of untrained vision transformers have that noise",
        ),
        Part(
            name="naming_last_trained",
            measure="that noise at the last block, trained",
            holds_when=Below(NOTICEABLE),
            instruments=(INVERSION,),
            source=f"{SOURCE}: deep layers of trained vision transformers have none",
        ),
        Part(
            name="unet_last_ratio",
            measure="noise in what the output of a U-Net represents, trained over untrained: √(1 − correlation of the "
            "converged inverses from both starts), since batch statistics do not tell contrasts apart; 16 held-out "
            "landscapes in one batch",
            holds_when=Below(1.0),
            instruments=(INVERSION,),
            source=f"{SOURCE}: maps that cannot be inverted introduce noise in untrained models, and training removes "
            "much of it",
            scale="log",
        ),
        *(
            Part(
                name=f"narrow_first_{state}",
                measure=f"the noise at the first block of a transformer with 64 units for 192 values, {state}: here "
                "no map from so many values to so few can be inverted",
                holds_when=Above(NOTICEABLE),
                instruments=(INVERSION,),
            )
            for state in STATES
        ),
        Part(
            name="copying_last_difference",
            measure="the noise at the last block of the transformer that copies, trained minus untrained",
            holds_when=Below(0.0),
            instruments=(INVERSION,),
        ),
        Part(
            name="naming_over_copying",
            measure="the noise at the last block, trained to name classes minus trained to copy: what training does "
            "depends on what it is for",
            holds_when=Above(0.0),
            instruments=(INVERSION,),
        ),
    ),
    controls=(
        *(
            control
            for net, about in NETS.items()
            for control in (
                Control(name=f"grain_of_start_{net}", measure=f"noise of the start over contrast, {about}"),
                Control(name=f"grain_of_original_{net}", measure=f"noise of the originals over contrast, {about}"),
                *(
                    Control(name=f"{what}_{net}_{depth}_{state}", measure=f"{words}, {about}, {depth} layer, {state}")
                    for depth in ENDS
                    for state in STATES
                    for what, words in NUMBERS.items()
                ),
            )
        ),
        *(
            Control(
                name=f"brief_{depth}_{state}",
                measure="that noise after the source's 500 steps, all images, converged or not; "
                f"{NETS['naming']}, {depth} block, {state}",
            )
            for depth in ENDS
            for state in STATES
        ),
    ),
    picture="naming",
)


def run(trial: Trial) -> Measurements:
    """Invert three layers of four nets, trained and not.

    About 12 minutes of one thread for each seed, beside the training of three small transformers.
    """
    recipes = {
        "naming": naming_vit(trial),
        "copying": copying_vit(trial),
        "narrow": naming_vit(trial, narrow=True),
        "unet": ladder(trial),
    }
    check_inversion(trial, held_out(trial, recipes["unet"].data, count=trial.pick(smoke=2, standard=16, gpu=32)))
    values: dict[str, float] = {}
    curves: dict[str, Curves] = {}
    pictures: dict[str, Pictures] = {}
    noise: dict[str, float] = {}
    for net, recipe in recipes.items():
        unet = net == "unet"
        x = held_out(trial, recipe.data, count=trial.pick(smoke=2, standard=16, gpu=32))
        models = {"trained": trial.model(recipe, control=not unet), "untrained": trial.untrained(recipe)}
        layers = _layers(trial, net)
        found = _by_depth(trial, models, layers, x)
        for (state, depth), one in found.items():
            noise[f"{net}_{depth}_{state}"] = one.known.grain - one.original.grain
            if depth in ENDS:
                values |= {
                    f"grain_{net}_{depth}_{state}": one.known.grain,
                    f"unforgotten_{net}_{depth}_{state}": unforgotten(one),
                    f"missed_{net}_{depth}_{state}": one.known.missed,
                    f"converged_{net}_{depth}_{state}": one.converged,
                }
        first = found["trained", "first"]
        values |= {
            f"grain_of_start_{net}": first.start.grain,
            f"grain_of_original_{net}": first.original.grain,
        }
        lines = {
            f"{what}, {state}": [getattr(found[state, depth].known, what) for depth in layers]
            for what in ("grain", "missed")
            for state in STATES
        }
        curves[f"{net}-by-depth"] = Curves(
            title=NETS[net], x_label="layer asked", y_label="over contrast", x=range(1, len(layers) + 1), lines=lines
        )
        shown = {f"{state}, {depth}": one for (state, depth), one in found.items() if depth != "middle"}
        caption = f"Landscapes, and images that a layer takes for them; {NETS[net]}."
        pictures[net] = Pictures(caption=caption, rows=inversion_rows(x, shown))
        if net == "naming":
            values |= _brief(trial, models, layers, x)
    names = ("naming_first_trained", "naming_first_untrained", "naming_last_trained", "naming_last_untrained")
    values |= {name: noise[name] for name in (*names, "narrow_first_trained", "narrow_first_untrained")}
    values |= {
        "unet_last_ratio": over(values["unforgotten_unet_last_trained"], values["unforgotten_unet_last_untrained"]),
        "copying_last_difference": noise["copying_last_trained"] - noise["copying_last_untrained"],
        "naming_over_copying": noise["naming_last_trained"] - noise["copying_last_trained"],
    }
    return Measurements(values=by_inversion(CLAIM, values), curves=curves, pictures=pictures)


def _layers(trial: Trial, net: str) -> dict[str, str]:
    """The names of the first and the last layer that are asked; and of the middle one, of the net that is shown."""
    if net == "unet":
        return {"first": "down.0", "last": "output"}
    blocks = trial.pick(smoke=3, standard=6, gpu=12)
    middle = {"middle": f"blocks.{blocks // 2}"} if net == "naming" else {}
    return {"first": "blocks.0", **middle, "last": f"blocks.{blocks - 1}"}


def _by_depth(
    trial: Trial, models: dict[str, Model], layers: dict[str, str], x: Images
) -> dict[tuple[str, str], InversionFinding]:
    return {
        (state, depth): find_inversion(model, x, trial, layer=layer)
        for state, model in models.items()
        for depth, layer in layers.items()
    }


def _brief(trial: Trial, models: dict[str, Model], layers: dict[str, str], x: Images) -> dict[str, float]:
    """The noise after the source's own steps, which need not have converged."""
    values: dict[str, float] = {}
    for state, model in models.items():
        for depth in ENDS:
            one = find_inversion(model, x, trial, layer=layers[depth], method="reference")
            values[f"brief_{depth}_{state}"] = one.everything.grain - one.original.grain
    return values


EXPERIMENT = Experiment(claim=CLAIM, run=run)
