"""The output's representation of a noisy input has lost some of the noise."""

__all__ = ["CLAIM", "EXPERIMENT"]

import math

from torch import Tensor

from copyist.claims.measures.copy_measures import copies, held_out
from copyist.claims.measures.inversion_check import INVERSION, by_inversion, check_inversion
from copyist.claims.measures.inversion_finding import InversionFinding, find_inversion, inversion_numbers, rms
from copyist.claims.measures.inversion_table import (
    floor_controls,
    floor_values,
    inversion_controls,
    inversion_values,
    over,
    shared,
)
from copyist.claims.nets.ladder import ladder
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.corruption import Blend, Corruption, GaussianNoise, gaussian_blur
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.metrics.distortion import aligned
from copyist.models.contracts import Model
from copyist.tensors import Images

CORRUPTIONS: dict[str, Corruption] = {"blend": Blend(0.5), "gaussian": GaussianNoise(0.2)}

KEPT = (
    "noise over signal in what the output represents, over that in x̃; x̃ is its channels' best fit by x, which is the "
    "signal, and noise; what is represented is what converged inverses from N(0.7, 0.05²) and from gray share, for x̃ "
    "fitted by that for x"
)

CLAIM = Claim(
    sentence="The output of a trained U-Net represents a noisy input with less noise than the input has, and nearer to "
    "the clean image.",
    source='Badger, "Autoencoders: Learning by Copying", on autoencoders that denoise without being trained to',
    regime=Regime(psnr=33.0, code=1.0),
    parts=(
        Part(
            name="blend_kept",
            measure=f"{KEPT}; blend at α = 0.5, 16 held-out landscapes in one batch that are all noisy",
            holds_when=Below(1.0),
            instruments=(INVERSION,),
            source="on autoencoders that denoise without being trained to: a corrupted input loses some of its noise "
            "in the output layer's representation of it too, and not in the output alone",
            scale="log",
        ),
        Part(
            name="gaussian_kept",
            measure="the same for zero-mean noise of σ = 0.2",
            holds_when=Below(1.0),
            instruments=(INVERSION,),
            scale="log",
        ),
        *(
            Part(
                name=f"{kind}_distance",
                measure="root mean square distance of what those inverses share to the clean image over that of x̃, "
                f"channels aligned in both, {kind}",
                holds_when=Below(1.0),
                instruments=(INVERSION,),
                scale="log",
            )
            for kind in CORRUPTIONS
        ),
        Part(
            name="blend_sharpness",
            measure="energy above half of Nyquist's frequency of what the inverses of O(x̃) share, over that for "
            "O(x), blend: it has not lost the noise by being smooth",
            holds_when=Above(0.5),
            instruments=(INVERSION,),
            scale="log",
        ),
    ),
    controls=(
        *floor_controls(),
        *(
            Control(name=f"{what}_{kind}", measure=f"{words}, {kind}")
            for kind in CORRUPTIONS
            for what, words in (
                ("projected", "the share of this very noise that is represented, by projection: 1 for the identity"),
                ("output_kept", "noise over signal in the output itself, over that in x̃"),
                ("blurred_kept", "noise over signal in x̃ blurred by 0.6 pixels, over that in x̃"),
                ("blurred_distance", "distance of x̃ blurred by 0.6 pixels to the clean image over that of x̃"),
                ("grain_of_noisy", "white noise of x̃ over the clean images' contrast"),
            )
        ),
        *inversion_controls("clean", "clean images: the floor of what follows"),
        *(
            control
            for kind in CORRUPTIONS
            for control in inversion_controls(kind, f"noisy images, {kind}, against the clean ones")
        ),
        Control(name="untrained_kept", measure="noise over signal in what is represented before training, blend"),
        Control(name="converged_untrained", measure="share of clean and blended images that converged, untrained"),
        Control(
            name="brief_grain", measure="white noise of the first start's inverse, blend, after the source's 500 steps"
        ),
        Control(
            name="brief_distance", measure="distance over that of x̃, blend, after the source's 500 steps, all images"
        ),
    ),
    picture="inversions",
)


def run(trial: Trial) -> Measurements:
    """Invert the outputs for clean and for noisy landscapes, after training and before.

    About 10 minutes of one thread for each seed.
    """
    recipe = ladder(trial)
    x = held_out(trial, recipe.data, count=trial.pick(smoke=4, standard=16, gpu=32))
    check_inversion(trial, x)
    net = trial.trained(recipe)
    noisy = {kind: noise(x, generator=trial.generator("noise", kind)) for kind, noise in CORRUPTIONS.items()}
    clean = find_inversion(net, x, trial)
    values = floor_values(clean) | inversion_values("clean", clean)
    rows = {"image": x, "inverted, from noise": clean.inverses[0], "inverted, from gray": clean.inverses[1]}
    for kind, x_tilde in noisy.items():
        found = find_inversion(net, x_tilde, trial, original=x)
        both = clean.kept & found.kept
        copied = copies(net, x), copies(net, x_tilde)
        blurred, noise = gaussian_blur(x_tilde, sigma=0.6), rms(_noise(x_tilde, x))
        kept, projected = _represented(clean, found, x_tilde, x)
        values |= inversion_values(kind, found) | {
            f"{kind}_kept": kept,
            f"{kind}_distance": _distance(shared(found)[both], x_tilde[both], x[both]),
            f"projected_{kind}": projected,
            f"output_kept_{kind}": rms(_noise(copied[1], copied[0])) / noise,
            f"blurred_kept_{kind}": rms(_noise(blurred, gaussian_blur(x, sigma=0.6))) / noise,
            f"blurred_distance_{kind}": _distance(blurred, x_tilde, x),
            f"grain_of_noisy_{kind}": inversion_numbers([x_tilde, x_tilde], x).grain,
        }
        rows |= {kind: x_tilde, f"{kind}, inverted, from noise": found.inverses[0]}
        rows[f"{kind}, inverted, from gray"] = found.inverses[1]
    values["blend_sharpness"] = over(values["sharpness_blend"], values["sharpness_clean"])
    values |= _beside(trial, net, trial.untrained(recipe), noisy["blend"], x)
    shown = {label: images[:8] for label, images in rows.items()}
    caption = "Landscapes, clean and noisy, and images whose outputs equal theirs."
    return Measurements(
        values=by_inversion(CLAIM, values), pictures={"inversions": Pictures(caption=caption, rows=shown)}
    )


def _beside(trial: Trial, net: Model, untrained: Model, x_tilde: Images, x: Images) -> dict[str, float]:
    """What an untrained net represents of blended images, and where the source's own steps lead."""
    before, fresh = find_inversion(untrained, x, trial), find_inversion(untrained, x_tilde, trial, original=x)
    brief = find_inversion(net, x_tilde, trial, original=x, method="reference")
    return {
        "untrained_kept": _represented(before, fresh, x_tilde, x)[0],
        "converged_untrained": float((before.kept & fresh.kept).double().mean()),
        "brief_grain": brief.everything.grain,
        "brief_distance": _distance(shared(brief), x_tilde, x),
    }


def _noise(after: Images, before: Images) -> Tensor:
    """What noise adds to images (B, C, H, W), in units of the signal: beyond the clean ones, fitted to them by channel.

    Images of any brightness and contrast are as good, which a normalization does not tell apart.
    """
    signal = aligned(before, after)
    return (after - signal) / rms(signal - signal.mean((2, 3), keepdim=True))


def _represented(clean: InversionFinding, found: InversionFinding, x_tilde: Images, x: Images) -> tuple[float, float]:
    """The size of the noise that is represented over that of the noise, and the share of this very noise."""
    both = clean.kept & found.kept
    if not both.any():
        return math.nan, math.nan
    represented, noise = _noise(shared(found)[both], shared(clean)[both]), _noise(x_tilde[both], x[both])
    return rms(represented) / rms(noise), float((represented * noise).sum() / noise.square().sum())


def _distance(x_hat: Images, x_tilde: Images, x: Images) -> float:
    """Of an answer to the clean image, over that of the noisy one, channels fitted in both."""
    if len(x) == 0:
        return math.nan
    return rms(aligned(x_hat, x) - x) / rms(aligned(x_tilde, x) - x)


EXPERIMENT = Experiment(claim=CLAIM, run=run)
