"""A trained model's output represents its input with less noise than an untrained one's."""

__all__ = ["CLAIM", "EXPERIMENT"]

from copyist.claims.measures.copy_measures import held_out
from copyist.claims.measures.inversion_check import INVERSION, by_inversion, check_inversion
from copyist.claims.measures.inversion_finding import find_inversion
from copyist.claims.measures.inversion_table import (
    floor_controls,
    floor_values,
    inversion_controls,
    inversion_rows,
    inversion_values,
    over,
)
from copyist.claims.nets.ladder import ladder
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime

NETS = {
    "trained": "trained",
    "untrained": "untrained",
    "untrained_no_norm": "untrained, without normalization",
    "training_images": "trained, landscapes of the training set",
}
"""What is inverted until it converged, in words."""

BRIEF = ("trained", "untrained")
"""What is also inverted by the source's own 500 steps."""

CLAIM = Claim(
    sentence="The output of a trained U-Net represents the input with less noise than that of an untrained one.",
    source='Badger, "Autoencoders: Learning by Copying", on autoencoders that denoise without being trained to',
    regime=Regime(psnr=33.0, code=1.0),
    parts=(
        Part(
            name="noise_ratio",
            measure="noise in what the output represents, trained over untrained: √(1 − correlation of converged "
            "inverses from N(0.7, 0.05²) and from gray), which is what differs between them at equal contrast; 16 "
            "held-out landscapes in one batch",
            holds_when=Below(1.0),
            instruments=(INVERSION,),
            source="on autoencoders that denoise without being trained to: the last layer's representation in the "
            "trained U-Net without skips clearly has less noise than in the untrained one",
            scale="log",
        ),
        Part(
            name="missed_ratio",
            measure="error of what the inverses share, channels aligned, trained over untrained: less noise goes with "
            "more of the image",
            holds_when=Below(1.0),
            instruments=(INVERSION,),
            scale="log",
        ),
        Part(
            name="sharpness",
            measure="energy above half of Nyquist's frequency of what the trained net's inverses share, over the "
            "originals': it is not less noisy by being smooth",
            holds_when=Above(0.5),
            instruments=(INVERSION,),
            scale="log",
        ),
        Part(
            name="against_unnormalized",
            measure="the first number against an untrained net without normalization: the effect is not what batch "
            "statistics do to random maps",
            holds_when=Below(1.0),
            instruments=(INVERSION,),
            scale="log",
        ),
    ),
    controls=(
        *floor_controls(),
        *(control for name, about in NETS.items() for control in inversion_controls(name, about)),
        *(
            Control(name=f"{what}_brief_{name}", measure=f"{words}, {name}, after the source's 500 steps, all images")
            for name in BRIEF
            for what, words in (
                ("noise", "what differs between the starts' inverses over contrast"),
                ("grain", "white noise of the first start's inverse over contrast"),
                ("missed", "error of what the inverses share, aligned, over contrast"),
                ("converged", "share of images that converged"),
            )
        ),
    ),
    picture="inversions",
)


def run(trial: Trial) -> Measurements:
    """Invert the outputs of a U-Net after training and before it, and of one without normalization before it.

    About 9 minutes of one thread for each seed.
    """
    recipe = ladder(trial)
    count = trial.pick(smoke=4, standard=16, gpu=32)
    x = held_out(trial, recipe.data, count=count)
    learned = trial.splits(recipe.data).train.images(0, count).to(trial.device)
    check_inversion(trial, x)
    trained, untrained = trial.trained(recipe), trial.untrained(recipe)
    found = {
        "trained": find_inversion(trained, x, trial),
        "untrained": find_inversion(untrained, x, trial),
        "untrained_no_norm": find_inversion(trial.untrained(ladder(trial, "no-norm")), x, trial),
        "training_images": find_inversion(trained, learned, trial),
    }
    values = floor_values(found["trained"])
    for name, one in found.items():
        values |= inversion_values(name, one)
    for name, net in zip(BRIEF, (trained, untrained), strict=True):
        brief = find_inversion(net, x, trial, method="reference")
        values |= {
            f"noise_brief_{name}": brief.everything.noise,
            f"grain_brief_{name}": brief.everything.grain,
            f"missed_brief_{name}": brief.everything.missed,
            f"converged_brief_{name}": brief.converged,
        }
    values |= {
        "noise_ratio": over(values["unforgotten_trained"], values["unforgotten_untrained"]),
        "missed_ratio": over(values["missed_trained"], values["missed_untrained"]),
        "sharpness": values["sharpness_trained"],
        "against_unnormalized": over(values["unforgotten_trained"], values["unforgotten_untrained_no_norm"]),
    }
    shown = {NETS[name]: found[name] for name in ("trained", "untrained", "untrained_no_norm")}
    caption = "Landscapes, and images whose outputs equal theirs, found from noise and from gray."
    pictures = {"inversions": Pictures(caption=caption, rows=inversion_rows(x, shown))}
    return Measurements(values=by_inversion(CLAIM, values), pictures=pictures)


EXPERIMENT = Experiment(claim=CLAIM, run=run)
