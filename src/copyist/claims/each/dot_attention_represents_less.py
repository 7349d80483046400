"""Dot-product attention in the place of linear attention represents the input less accurately."""

__all__ = ["CLAIM", "EXPERIMENT"]

from copyist.claims.measures.copy_measures import clean_psnr, gain, held_out, nearest_in_psnr
from copyist.claims.measures.inversion_measures import known, missed_by_all
from copyist.claims.nets import attention_copier
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Claim, Control, Part, Regime
from copyist.models.contracts import Reconstructor, needs

NETS = ("dot", "linear", "linear_stopped", "dot_untrained", "linear_untrained")
SHARES = (0.1, 0.2, 0.5, 1.0)
"""Of the usual training, to find linear attention that copies no better than dot-product attention."""

CLAIM = Claim(
    sentence="With dot-product attention in the place of linear attention, between the same two convolutions, the "
    "output represents the input less accurately.",
    source='Badger, "Autoencoders: Learning by Copying", on representations in U-Nets with attention',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="missed_difference",
            measure="root mean square error of inversions of the output (mean of two starts, channels aligned), dot "
            "minus linear, trained alike; converged inversions of 8 held-out photographs of 32×32",
            holds_when=Above(0.0),
        ),
    ),
    controls=(
        Control(
            name="missed_difference_at_equal_psnr",
            measure="that error minus that of linear attention stopped where it copies equally well",
        ),
        Control(name="missed_difference_untrained", measure="the same before training, dot minus linear"),
        *(
            Control(name=f"{what}_{net}", measure=f"{words}, {net.replace('_', ', ')}")
            for net in NETS
            for what, words in (
                ("missed", "error of inversions"),
                ("missed_by_all", "the same of all inversions, converged or not"),
                ("disagreement", "1 − correlation of inversions from two starts"),
                ("converged", "share of inversions that converged from both starts"),
                ("sharpness", "energy in high frequencies of the inverse from noise over the original's"),
                ("psnr", "clean PSNR, dB"),
                ("gain", "projected gain at σ = 0.1"),
            )
        ),
    ),
)


def run(trial: Trial) -> Measurements:
    """Train both alike and invert both, before and after; and linear attention that copies no better."""
    dot, linear = attention_copier(trial, attention="dot"), attention_copier(trial)
    x = held_out(trial, dot.data, count=trial.pick(smoke=4, standard=64, gpu=256))
    few = x[: trial.pick(smoke=4, standard=8, gpu=32)]
    nets: dict[str, Reconstructor] = {
        "dot": trial.trained(dot),
        "linear": trial.trained(linear),
        "dot_untrained": needs(trial.untrained(dot), Reconstructor, verb="an experiment"),
        "linear_untrained": needs(trial.untrained(linear), Reconstructor, verb="an experiment"),
    }
    shares = trial.pick(smoke=SHARES[-1:], standard=SHARES, gpu=SHARES)
    stopped = [trial.trained(attention_copier(trial, share=share)) for share in shares]
    nets["linear_stopped"] = nearest_in_psnr(stopped, x, wanted=clean_psnr(nets["dot"], x))
    values: dict[str, float] = {}
    rows = {"photograph": few[:8]}
    for net in NETS:
        found = known(nets[net], few, trial)
        values |= {
            f"missed_{net}": found.missed,
            f"missed_by_all_{net}": missed_by_all(found, few),
            f"disagreement_{net}": found.disagreement,
            f"converged_{net}": found.converged,
            f"sharpness_{net}": found.sharpness,
            f"psnr_{net}": clean_psnr(nets[net], x),
            f"gain_{net}": gain(nets[net], x, trial),
        }
        rows[f"{net.replace('_', ', ')}, from noise"] = found.from_noise[:8]
        rows[f"{net.replace('_', ', ')}, from gray"] = found.from_constant[:8]
    values["missed_difference"] = values["missed_dot"] - values["missed_linear"]
    values["missed_difference_at_equal_psnr"] = values["missed_dot"] - values["missed_linear_stopped"]
    values["missed_difference_untrained"] = values["missed_dot_untrained"] - values["missed_linear_untrained"]
    caption = (
        "Images whose outputs equal the top row's, found from two starts, across dot-product and linear attention."
    )
    return Measurements(values=values, pictures={"inversions": Pictures(caption=caption, rows=rows)})


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
