"""N(0, I) drawn in the code of an overcomplete copier gives no data."""

__all__ = ["CLAIM", "EXPERIMENT"]

import torch

from copyist.claims.measures.copy_measures import copies
from copyist.claims.measures.walks_and_samples import (
    Reference,
    coherent_share,
    one_pass,
    reference_for,
    samples,
    states,
    walk_frames,
)
from copyist.claims.nets import scenes_unet, variational
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Claim, Control, Part, Regime
from copyist.models.contracts import Autoencoder
from copyist.models.in_batches import in_batches
from copyist.procedures import Prior, sample
from copyist.randomness import draw_normal
from copyist.tensors import Codes, Images

WHAT = {
    "standard": "codes drawn from N(0, I)",
    "per_unit": "codes drawn from normal laws with the mean and spread of each unit over the training images",
    "correlated": "codes drawn from the normal law with the mean and all covariances of the training images' codes",
    "walk": "states of walks (300 steps, noise of 0.2)",
    "samples": "samples of diffusion with no diffusion (N = 30)",
    "one_pass": "copies of pure noise N(0.7, 0.2²)",
    "copies": "copies of held-out landscapes",
    "vae": "draws of a variational autoencoder with the same maps, as many units of code and the same steps",
    "vae_copies": "copies of held-out landscapes by that variational autoencoder: what its decoder can at best",
    "real": "as many training images: the floor",
}
"""What is decoded or made."""

CLAIM = Claim(
    sentence="A code drawn from N(0, I) does not decode to data in an overcomplete model that was trained only to "
    "copy.",
    source='Badger, "Autoencoders: Learning by Copying", on image generation with a manifold walk',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="against_walk",
            measure="Fréchet distance to held-out landscapes, in a classifier's features, of decoded codes from "
            "N(0, I), minus that of states of walks; a U-Net of double width, whose code has more units than the image "
            "has values (not at scale smoke), 256 pictures, batches of 64",
            holds_when=Above(0.0),
        ),
        Part(
            name="against_samples",
            measure="the same, minus that of samples of diffusion with no diffusion (N = 30)",
            holds_when=Above(0.0),
        ),
        Part(
            name="against_vae",
            measure="the same, minus that of a variational autoencoder's draws, of equal size and training",
            holds_when=Above(0.0),
        ),
    ),
    controls=(
        *(Control(name=f"distance_{name}", measure=f"Fréchet distance of {what}") for name, what in WHAT.items()),
        *(Control(name=f"check_{name}", measure=f"on principal axes, {what}") for name, what in WHAT.items()),
        *(
            Control(name=f"coherent_{name}", measure=f"share that keeps all rules: {what}")
            for name, what in WHAT.items()
        ),
        Control(name="code_mean", measure="root mean square of the units' means over training images: 0 for N(0, I)"),
        Control(name="code_std", measure="root mean square of the units' spreads over training images: 1 for N(0, I)"),
        Control(name="units_per_value", measure="units of the code per value of the image: above 1 is overcomplete"),
    ),
)


def run(trial: Trial) -> Measurements:
    """One model, all that its decoder may be given, and a model that was trained to be given N(0, I)."""
    reference = reference_for(trial)
    model = trial.autoencoder(scenes_unet(trial, widen=2))
    vae = trial.trained(variational(scenes_unet(trial, widen=2)))
    z = _codes(model, reference)
    pictures = {name: _decoded(model, codes) for name, codes in _drawn(z, len(reference.real), trial).items()}
    pictures |= {
        "walk": states(walk_frames(model, reference.starts, trial), trial),
        "samples": samples(model, trial, steps=trial.pick(smoke=5, standard=30, gpu=30)),
        "one_pass": one_pass(model, reference, trial),
        "copies": copies(model, reference.real),
        "vae": sample(
            vae,
            count=len(reference.real),
            method=Prior(),
            generator=trial.generator("draws of the prior"),
            precision="float32",
        ),
        "vae_copies": copies(vae, reference.real),
        "real": reference.some_train,
    }
    values: dict[str, float] = {}
    for name, x in pictures.items():
        values[f"distance_{name}"] = reference.distance(x)
        values[f"check_{name}"] = reference.plain_distance(x)
        values[f"coherent_{name}"] = coherent_share(x)
    standard = values["distance_standard"]
    values |= {
        "against_walk": standard - values["distance_walk"],
        "against_samples": standard - values["distance_samples"],
        "against_vae": standard - values["distance_vae"],
        "code_mean": float(z.mean(0).square().mean().sqrt()),
        "code_std": float(z.var(0).mean().sqrt()),
        "units_per_value": z[0].numel() / reference.real[0].numel(),
    }
    rows = {name.replace("_", " "): x[:8].cpu() for name, x in pictures.items()}
    caption = "Decoded codes, and what else the same model makes."
    return Measurements(values=values, pictures={"decoded": Pictures(caption=caption, rows=rows)})


@torch.no_grad()
def _codes(model: Autoencoder, reference: Reference) -> Codes:
    """Of all training images."""
    return in_batches(model, model.encode, reference.train)


@torch.no_grad()
def _decoded(model: Autoencoder, z: Codes) -> Images:
    return in_batches(model, model.decode, z)


def _drawn(z: Codes, count: int, trial: Trial) -> dict[str, Codes]:
    """Codes of three normal laws."""
    standard = draw_normal((count, *z.shape[1:]), generator=trial.generator("standard codes"), like=z)
    mean, spread = z.mean(0), z.std(0)
    # Normal weights on the centered codes have exactly their covariance, which need not be written down.
    weights = draw_normal((count, len(z)), generator=trial.generator("correlated codes"), like=z)
    correlated = weights @ (z - mean).flatten(1) / (len(z) - 1) ** 0.5
    return {
        "standard": standard,
        "per_unit": mean + spread * standard,
        "correlated": mean + correlated.view_as(standard),
    }


EXPERIMENT = Experiment(claim=CLAIM, run=run)
