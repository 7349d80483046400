"""With a hidden module the U-Net copies and denoises well, and its output represents the input badly."""

__all__ = ["CLAIM", "EXPERIMENT"]

from collections.abc import Sequence

import torch

from copyist.baselines.linear_copier import LinearCopier
from copyist.baselines.wiener import PrincipalBasis
from copyist.claims.measures.copy_measures import clean_psnr, copies, denoising_ratio, held_out
from copyist.claims.measures.inversion_check import INVERSION, by_inversion, check_inversion
from copyist.claims.measures.inversion_finding import find_inversion, inversion_numbers
from copyist.claims.measures.inversion_table import (
    floor_controls,
    floor_values,
    inversion_controls,
    inversion_rows,
    inversion_values,
    over,
)
from copyist.claims.measures.random_maps import end_of_descent
from copyist.claims.nets.ladder import ladder
from copyist.claims.trial import Experiment, Measurements, Pictures, Rung, Trial
from copyist.corruption import Blend, GaussianNoise
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.metrics.distortion import psnr
from copyist.models.contracts import Reconstructor, needs
from copyist.randomness import draw_normal
from copyist.tensors import Images

UNITS = 100
"""The narrowest layer of the module."""

NETS = {
    "plain": "without the module",
    "hidden": "with the module",
    "plain_equal": "without the module, at the snapshot nearest in PSNR to the net with it",
}

SOURCE = "on autoencoders that denoise without being trained to: with a restrictive module of three hidden layers"
"""What the source says begins so."""

CLAIM = Claim(
    sentence="With a hidden module of three narrow layers a U-Net still copies accurately and denoises, but its output "
    "no longer represents the input accurately.",
    source='Badger, "Autoencoders: Learning by Copying", on autoencoders that denoise without being trained to',
    regime=Regime(psnr=33.0, code=1.0),
    parts=(
        Part(
            name="psnr",
            measure="clean PSNR with the hidden module, dB, 256 held-out landscapes: an error of a thirtieth of the "
            "range has 29.5",
            holds_when=Above(29.5),
            source=f"{SOURCE} the U-Net is capable of accurate autoencoding",
        ),
        Part(
            name="blend_ratio",
            measure="‖O(x̃) − x‖ / ‖x̃ − x‖ with the hidden module, blend at α = 0.5, batches of 32 that are all noisy",
            holds_when=Below(1.0),
            source=f"{SOURCE} it denoises substantially",
            scale="log",
        ),
        Part(
            name="missed_ratio",
            measure="error of what converged inverses of the output from N(0.7, 0.05²) and from gray share, channels "
            "aligned, with the module over without; 16 held-out landscapes in one batch",
            holds_when=Above(1.0),
            instruments=(INVERSION,),
            source=f"{SOURCE} it does not represent its input accurately, as the plain net does",
            scale="log",
        ),
        Part(
            name="missed_ratio_equal",
            measure="the same against the plain net's snapshot that is nearest in PSNR",
            holds_when=Above(1.0),
            instruments=(INVERSION,),
            scale="log",
        ),
        Part(
            name="missed",
            measure="that error with the module over the originals' contrast: 1 where nothing but the mean colors is "
            "known",
            holds_when=Above(0.5),
            instruments=(INVERSION,),
            scale="log",
        ),
        Part(
            name="missed_plain_net",
            measure="that error without the module: there is something to forget",
            holds_when=Below(0.5),
            instruments=(INVERSION,),
            scale="log",
        ),
        Part(
            name="psnr_lost",
            measure="clean PSNR of the plain U-Net at its end minus that with the module, dB",
            holds_when=Below(3.0),
        ),
        Part(
            name="gaussian_ratio",
            measure="denoising ratio with the module for zero-mean noise of σ = 0.2",
            holds_when=Below(1.0),
            scale="log",
        ),
    ),
    controls=(
        Control(
            name="missed_axes",
            measure=f"the error of inverses of {UNITS} principal axes from the same starts (closed form): what so "
            "narrow a linear map knows",
        ),
        Control(name="psnr_axes", measure=f"clean PSNR of {UNITS} principal axes, dB"),
        *floor_controls(),
        *(
            control
            for name, about in NETS.items()
            for control in (
                Control(name=f"psnr_{name}", measure=f"clean PSNR, dB, {about}"),
                Control(name=f"blend_ratio_{name}", measure=f"denoising ratio of the blend at α = 0.5, {about}"),
                Control(name=f"gaussian_ratio_{name}", measure=f"denoising ratio at σ = 0.2, {about}"),
                *inversion_controls(name, about),
            )
        ),
    ),
    picture="inversions",
)


def run(trial: Trial) -> Measurements:
    """Invert the outputs of both nets, and of the plain one where it copies no better than the other.

    About 6 minutes of one thread for each seed.
    """
    recipe = ladder(trial)
    x = held_out(trial, recipe.data)
    few = x[: trial.pick(smoke=4, standard=16, gpu=32)]
    check_inversion(trial, few)
    plain = trial.trained(recipe)
    hidden = trial.trained(ladder(trial, "hidden"), control=True)
    equal = _nearest(trial.rungs(recipe), wanted=clean_psnr(hidden, x))
    nets = {"plain": plain, "hidden": hidden, "plain_equal": equal}
    found = {name: find_inversion(net, few, trial) for name, net in nets.items()}
    values = floor_values(found["plain"])
    for name, net in nets.items():
        values |= inversion_values(name, found[name]) | {
            f"psnr_{name}": clean_psnr(net, x),
            f"blend_ratio_{name}": denoising_ratio(net, x, Blend(0.5), trial),
            f"gaussian_ratio_{name}": denoising_ratio(net, x, GaussianNoise(0.2), trial),
        }
    values |= {
        "psnr": values["psnr_hidden"],
        "psnr_lost": values["psnr_plain"] - values["psnr_hidden"],
        "blend_ratio": values["blend_ratio_hidden"],
        "gaussian_ratio": values["gaussian_ratio_hidden"],
        "missed": values["missed_hidden"],
        "missed_plain_net": values["missed_plain"],
        "missed_ratio": over(values["missed_hidden"], values["missed_plain"]),
        "missed_ratio_equal": over(values["missed_hidden"], values["missed_plain_equal"]),
    }
    values |= _of_axes(trial, recipe.data, x, few)
    rows = inversion_rows(few, {"plain": found["plain"], "hidden": found["hidden"]})
    rows |= {f"copy, {name}": copies(nets[name], few)[:8] for name in ("plain", "hidden")}
    caption = "Landscapes, images whose outputs equal theirs with the hidden module and without, and their copies."
    return Measurements(
        values=by_inversion(CLAIM, values), pictures={"inversions": Pictures(caption=caption, rows=rows)}
    )


def _nearest(rungs: Sequence[Rung], *, wanted: float) -> Reconstructor:
    """The net on its way whose PSNR is nearest to a wanted one, in dB."""
    rung = min(rungs, key=lambda each: abs(each.record.psnr - wanted))
    return needs(rung.model, Reconstructor, verb="an experiment")


def _of_axes(trial: Trial, source: str, x: Images, few: Images) -> dict[str, float]:
    """What as many principal axes of training images copy, and what their inverses miss."""
    train = trial.splits(source).train.images().to(trial.device)
    axes = PrincipalBasis.fitted(train).axes[:UNITS]
    copier = LinearCopier(mean=train.mean(0), axes=axes)
    noise = draw_normal(few.shape, mean=0.7, std=0.05, generator=trial.generator("axes"), like=few)
    rows = few.flatten(1)
    basis = axes.to(rows).T
    inverses = [
        end_of_descent(basis, rows, start.flatten(1)).view_as(few) for start in (noise, torch.full_like(few, 0.5))
    ]
    return {"psnr_axes": float(psnr(copier(x), x).mean()), "missed_axes": inversion_numbers(inverses, few).missed}


EXPERIMENT = Experiment(claim=CLAIM, run=run)
