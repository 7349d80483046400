"""Deep layers hold noise before training and not after; first blocks before and after."""

__all__ = ["CLAIM", "EXPERIMENT"]

from copyist.claims.measures.copy_measures import held_out
from copyist.claims.measures.inversion_measures import Known, known, noise_share
from copyist.claims.nets import classifier, photos_unet
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.randomness import draw_normal

NETS = ("vit", "unet")
DEPTHS = ("first", "middle", "last")
STATES = ("trained", "untrained")

NOTICEABLE = 0.1
"""Of the image's own standard deviation."""

CLAIM = Claim(
    sentence="Training removes the noise from what deep layers represent, and not from what first blocks do.",
    source='Badger, "Autoencoders: Learning by Copying", on why non-invertibility introduces Gaussian noise',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=tuple(
        part
        for net, about in (
            ("vit", "vision transformer on landscapes, first and last block"),
            ("unet", "U-Net on photographs, first block and output"),
        )
        for part in (
            Part(
                name=f"{net}_first_untrained",
                measure="noise (wavelet estimate over the image's own standard deviation, less the original's) in "
                "inversions of the first block from N(0.7, 0.05²), converged, 16 held-out images in one batch, before "
                f"training; {about}",
                holds_when=Above(NOTICEABLE),
            ),
            Part(name=f"{net}_first_trained", measure="the same after training", holds_when=Above(NOTICEABLE)),
            Part(
                name=f"{net}_last_untrained",
                measure="that noise at the last layer, before training",
                holds_when=Above(NOTICEABLE),
            ),
            Part(name=f"{net}_last_trained", measure="the same after training", holds_when=Below(NOTICEABLE)),
            Part(
                name=f"{net}_last_difference",
                measure="noise at the last layer, trained minus untrained",
                holds_when=Below(0.0),
            ),
        )
    ),
    controls=(
        *(
            Control(name=f"noise_of_start_{net}", measure=f"noise in the start itself: nothing is known yet, {net}")
            for net in NETS
        ),
        *(
            Control(name=f"{what}_{net}_{depth}_{state}", measure=f"{words}, {net}, {depth} layer, {state}")
            for net in NETS
            for depth in DEPTHS
            for state in STATES
            for what, words in (
                ("converged", "share of images whose inversions converged from both starts"),
                ("disagreement", "1 − correlation of inversions from noise and from gray"),
            )
        ),
        *(
            Control(name=f"noise_{net}_middle_{state}", measure=f"noise, {net}, middle layer, {state}")
            for net in NETS
            for state in STATES
        ),
    ),
)


def run(trial: Trial) -> Measurements:
    """Invert three layers of two nets, trained and not."""
    recipes = {"vit": classifier(trial, data="scenes", transformer=True), "unet": photos_unet(trial)}
    blocks = trial.pick(smoke=3, standard=6, gpu=12)
    lowest = trial.pick(smoke=2, standard=3, gpu=4)
    layers = {
        "vit": ("blocks.0", f"blocks.{blocks // 2}", f"blocks.{blocks - 1}"),
        "unet": ("down.0", f"down.{lowest}", "output"),
    }
    values: dict[str, float] = {}
    curves: dict[str, Curves] = {}
    pictures: dict[str, Pictures] = {}
    for net, recipe in recipes.items():
        x = held_out(trial, recipe.data, count=trial.pick(smoke=2, standard=16, gpu=32))
        models = {"trained": trial.model(recipe), "untrained": trial.untrained(recipe)}
        found = {
            (state, depth): known(model, x, trial, layer=layer)
            for state, model in models.items()
            for depth, layer in zip(DEPTHS, layers[net], strict=True)
        }
        values |= _numbers(net, found, noise_share(x))
        lines = {state: [found[state, depth].noise - noise_share(x) for depth in DEPTHS] for state in STATES}
        curves[net] = Curves(
            title=f"Noise by depth: {net}", x_label="layer asked", y_label="noise", x=[1, 2, 3], lines=lines
        )
        rows = {"image": x} | {f"{state}, {depth}": one.from_noise for (state, depth), one in found.items()}
        shown = {label: images[:8] for label, images in rows.items()}
        pictures[net] = Pictures(caption="Images that a layer takes for those of the top row.", rows=shown)
        start = draw_normal(x.shape, mean=0.7, std=0.05, generator=trial.generator("start"), like=x)
        values[f"noise_of_start_{net}"] = noise_share(start) - noise_share(x)
    return Measurements(values=values, curves=curves, pictures=pictures)


def _numbers(net: str, found: dict[tuple[str, str], Known], original: float) -> dict[str, float]:
    values: dict[str, float] = {}
    for (state, depth), one in found.items():
        name = f"noise_{net}_middle_{state}" if depth == "middle" else f"{net}_{depth}_{state}"
        values[name] = one.noise - original
        values[f"converged_{net}_{depth}_{state}"] = one.converged
        values[f"disagreement_{net}_{depth}_{state}"] = one.disagreement
    values[f"{net}_last_difference"] = values[f"{net}_last_trained"] - values[f"{net}_last_untrained"]
    return values


EXPERIMENT = Experiment(claim=CLAIM, run=run)
