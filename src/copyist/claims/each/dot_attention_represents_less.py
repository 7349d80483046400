"""Dot-product attention in the place of linear attention represents the input less accurately."""

__all__ = ["CLAIM", "EXPERIMENT"]

from copyist.claims.measures.copy_measures import clean_psnr, gain, held_out, nearest_rung
from copyist.claims.measures.inversion_check import INVERSION, by_inversion, check_inversion
from copyist.claims.measures.inversion_finding import InversionFinding, find_inversion, inversion_numbers
from copyist.claims.measures.inversion_table import (
    floor_controls,
    floor_values,
    inversion_controls,
    inversion_rows,
    inversion_values,
    over,
)
from copyist.claims.nets import attention_copier
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Claim, Control, Part, Regime
from copyist.models.contracts import Reconstructor
from copyist.nn.attention import AttentionKind
from copyist.tensors import Images

KINDS: tuple[AttentionKind, ...] = ("dot", "linear")

NETS = {
    "dot": "dot products",
    "linear": "linear attention",
    "linear_alike": "linear attention at the snapshot nearest in PSNR to dot products",
}

_ERROR = (
    "error of what the inverses of the output from N(0.7, 0.05²) and from gray share, channels aligned, dot products "
    "over linear attention; those of 8 held-out landscapes of 32×32 whose inversions converged in both nets"
)

CLAIM = Claim(
    sentence="With dot-product attention in the place of linear attention, between the same two convolutions, the "
    "output represents the input less accurately.",
    source='Badger, "Autoencoders: Learning by Copying", on representations in U-Nets with attention',
    regime=Regime(psnr=25.0),
    parts=(
        Part(
            name="missed_ratio",
            measure=f"{_ERROR}, both trained on 40,000 images",
            holds_when=Above(1.0),
            instruments=(INVERSION,),
            source='second version, "Representations in Unet generative models with Attention": with dot products in '
            "the place of linear attention, at 32², the trained autoencoder's representation of its input is less "
            "accurate than that with linear attention",
            scale="log",
        ),
        Part(
            name="missed_ratio_alike",
            measure="the same against linear attention at the snapshot whose copies are nearest in PSNR: it is the "
            "attention, rather than how well each copies",
            holds_when=Above(1.0),
            instruments=(INVERSION,),
            scale="log",
        ),
        Part(
            name="noise_ratio",
            measure="what differs between starts, dot products over linear attention, of the same landscapes",
            holds_when=Above(1.0),
            instruments=(INVERSION,),
            scale="log",
        ),
    ),
    controls=(
        Control(name="missed_ratio_of_all", measure="that of all 8 landscapes after training, converged or not"),
        Control(name="shared_converged", measure="share of the landscapes that converged in both nets"),
        *floor_controls(),
        *(
            control
            for net, about in NETS.items()
            for control in (
                Control(name=f"psnr_{net}", measure=f"clean PSNR, dB, {about}"),
                Control(name=f"gain_{net}", measure=f"projected gain at σ = 0.1, {about}"),
                *inversion_controls(net, about),
            )
        ),
    ),
    picture="inversions",
)


def run(trial: Trial) -> Measurements:
    """Train both on 40,000 images of 32×32, some 22 and 5 minutes of one thread; invert both, some 6 minutes."""
    recipes = {kind: attention_copier(trial, attention=kind, size=32) for kind in KINDS}
    x = held_out(trial, recipes["dot"].data, count=trial.pick(smoke=4, standard=64, gpu=256))
    few = x[: trial.pick(smoke=4, standard=8, gpu=32)]
    check_inversion(trial, few)
    dot_net = trial.trained(recipes["dot"])
    wanted = clean_psnr(dot_net, held_out(trial, recipes["dot"].data))
    nets: dict[str, Reconstructor] = {
        "dot": dot_net,
        "linear": trial.trained(recipes["linear"]),
        "linear_alike": nearest_rung(trial.rungs(recipes["linear"]), psnr=wanted),
    }
    found = {net: find_inversion(nets[net], few, trial) for net in NETS}
    values = floor_values(found["dot"])
    for net in NETS:
        values |= inversion_values(net, found[net])
        values |= {f"psnr_{net}": clean_psnr(nets[net], x), f"gain_{net}": gain(nets[net], x, trial)}
    dot, linear = found["dot"], found["linear"]
    missed, noise = _ratios(dot, linear, few)
    values |= {
        "missed_ratio": missed,
        "noise_ratio": noise,
        "missed_ratio_alike": _ratios(dot, found["linear_alike"], few)[0],
        "missed_ratio_of_all": over(dot.everything.missed, linear.everything.missed),
        "shared_converged": float((dot.kept & linear.kept).double().mean()),
    }
    caption = "Images whose outputs equal those of the top row, from two starts, for dot products and linear attention."
    rows = inversion_rows(few, {"dot products": dot, "linear": linear, "linear, alike": found["linear_alike"]})
    return Measurements(
        values=by_inversion(CLAIM, values), pictures={"inversions": Pictures(caption=caption, rows=rows)}
    )


def _ratios(first: InversionFinding, second: InversionFinding, x: Images) -> tuple[float, float]:
    """What the first misses over what the second does, and likewise their noise, of images that converged in both."""
    both = first.kept & second.kept
    one, other = (inversion_numbers([each[both] for each in found.inverses], x[both]) for found in (first, second))
    return over(one.missed, other.missed), over(one.noise, other.noise)


EXPERIMENT = Experiment(claim=CLAIM, run=run)
