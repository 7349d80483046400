"""N(0, I) drawn in the code of an overcomplete copier gives no data."""

__all__ = ["CLAIM", "EXPERIMENT"]

import torch

from copyist.claims.measures.copy_measures import copies
from copyist.claims.measures.references import (
    INSTRUMENTS,
    RULES,
    Reference,
    appraisal_controls,
    appraisal_values,
    appraise,
    check_instruments,
    decoded_noise,
    ratios,
    reference_for,
)
from copyist.claims.measures.samples import one_pass, samples
from copyist.claims.measures.walks import keep_walk, walk_frames
from copyist.claims.nets.ladder import ladder, ladder_variational
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime, adjusted_share
from copyist.models.contracts import Autoencoder, needs
from copyist.models.in_batches import in_batches
from copyist.procedures import Prior, sample
from copyist.randomness import draw_normal
from copyist.tensors import Codes, Images

WHAT = {
    "standard": "codes drawn from N(0, I), decoded",
    "per_unit": "codes drawn from normal laws with the mean and spread of each unit over the training images, decoded",
    "correlated": "codes drawn from the normal law with the mean and all covariances of the training images' codes",
    "walk": "states of walks from training images (300 steps, noise of 0.2)",
    "samples": "samples of diffusion with no diffusion (N = 30)",
    "one_pass": "copies of pure noise N(0.7, 0.2²)",
    "copies": "copies of training landscapes",
    "vae": "draws of a variational autoencoder with the same maps and as many units of code",
    "vae_copies": "copies of training landscapes by that variational autoencoder: what its decoder can at best",
    "real": "as many training images: the floor",
}
"""What is decoded or made."""

PLACE = 'second version, "Image Generation with an Autoencoder Manifold Walk"'

CLAIM = Claim(
    sentence="A code drawn from N(0, I) does not decode to data in an overcomplete model that was trained only to "
    "copy.",
    source='Badger, "Autoencoders: Learning by Copying", on image generation with a manifold walk',
    regime=Regime(psnr=33.0, code=1.0),
    picture="decoded",
    parts=(
        Part(
            name="far",
            measure="Fréchet distance to held-out landscapes of 512 decoded codes from N(0, I), over that of real "
            "landscapes: as far as the instruments' own controls must be",
            holds_when=Above(10.0),
            source=f"{PLACE}: normal values put in the place of an overcomplete code and decoded are not likely to "
            "give an image of the data",
            scale="log",
            instruments=INSTRUMENTS,
        ),
        Part(
            name="against_walk",
            measure="the same distance over that of 512 states of walks from training images",
            holds_when=Above(1.0),
            source=f"{PLACE}: instead of that, a walk from the codes of images",
            scale="log",
            instruments=INSTRUMENTS,
        ),
        Part(
            name="against_vae",
            measure="the same distance over that of a variational autoencoder's draws from N(0, I)",
            holds_when=Above(1.0),
            source=f"{PLACE}: unless the model is constrained to such codes, as a variational autoencoder is",
            scale="log",
            instruments=INSTRUMENTS,
        ),
        Part(
            name="against_samples",
            measure="the same distance over that of samples of diffusion with no diffusion (N = 30)",
            holds_when=Above(1.0),
            scale="log",
            instruments=INSTRUMENTS,
        ),
        Part(
            name="kept",
            measure="share of the decoded codes that keep all rules of landscapes, (k + ½) / (n + 1)",
            holds_when=Below(0.1),
            scale="logit",
            instruments=RULES,
        ),
        Part(
            name="against_correlated",
            measure="the same distance over that of decoded codes from the normal law with the mean and covariances of "
            "training images' codes: whether the law's spread alone is what is wrong",
            holds_when=Above(1.0),
            scale="log",
            instruments=INSTRUMENTS,
        ),
    ),
    controls=(
        *appraisal_controls(WHAT),
        Control(name="code_mean", measure="root mean square of the units' means over training images: 0 for N(0, I)"),
        Control(name="code_std", measure="root mean square of the units' spreads over training images: 1 for N(0, I)"),
        Control(name="units_per_value", measure="units of the code per value of the image: above 1 is overcomplete"),
    ),
)


def run(trial: Trial) -> Measurements:
    """One model, all that its decoder may be given, and a model that was trained to be given N(0, I).

    What must be far for an instrument to pass is decoded by the untrained model: by the trained one it is the claim.
    """
    reference, recipe = reference_for(trial), ladder(trial)
    model = trial.autoencoder(recipe)
    check_instruments(
        reference, model, trial, decoder=needs(trial.untrained(recipe), Autoencoder, verb="an experiment")
    )
    z = _codes(model, reference)
    pictures = {"standard": decoded_noise(model, reference, trial)}
    pictures |= {name: _decoded(model, codes) for name, codes in _fitted(z, reference.count, trial).items()}
    pictures |= {
        "walk": keep_walk(
            walk_frames(model, reference.train[: _walkers(trial)], trial), model, reference, trial
        ).states,
        "samples": samples(model, reference, trial, steps=trial.pick(smoke=5, standard=30, gpu=30)),
        "one_pass": one_pass(model, reference, trial),
        "copies": copies(model, reference.distances.real),
    }
    pictures |= _variational(reference, trial) | {"real": reference.distances.real}
    found = {name: appraise(x, reference) for name, x in pictures.items()}
    standard, kept, others = (
        found["standard"].distance,
        found["standard"].kept,
        ("walk", "vae", "samples", "correlated"),
    )
    values = {
        "far": reference.distances.in_floors(pictures["standard"]),
        **{f"against_{name}": ratios(standard, found[name].distance) for name in others},
        "kept": {"rules": adjusted_share(kept, reference.count)},
        **appraisal_values(found),
        "code_mean": float(z.mean(0).square().mean().sqrt()),
        "code_std": float(z.var(0).mean().sqrt()),
        "units_per_value": z[0].numel() / reference.real[0].numel(),
    }
    labels = {"standard": "N(0, I), decoded", "vae": "a VAE's draws", "walk": "walks", "real": "landscapes"}
    rows = {labels.get(name, name.replace("_", " ")): x[:8].cpu() for name, x in pictures.items()}
    caption = "Decoded codes, and what else the same model makes."
    return Measurements(values=values, pictures={"decoded": Pictures(caption=caption, rows=rows)})


def _walkers(trial: Trial) -> int:
    return trial.pick(smoke=16, standard=64, gpu=64)


def _variational(reference: Reference, trial: Trial) -> dict[str, Images]:
    """What a model makes that was trained to be given N(0, I)."""
    vae = trial.trained(ladder_variational(trial), control=True)
    draws = trial.generator("draws of the prior")
    return {
        "vae": sample(vae, count=reference.count, method=Prior(), generator=draws, precision="float32"),
        "vae_copies": copies(vae, reference.distances.real),
    }


@torch.no_grad()
def _codes(model: Autoencoder, reference: Reference) -> Codes:
    """Of all training images."""
    return in_batches(model, model.encode, reference.train)


@torch.no_grad()
def _decoded(model: Autoencoder, z: Codes) -> Images:
    return in_batches(model, model.decode, z).float()


def _fitted(z: Codes, count: int, trial: Trial) -> dict[str, Codes]:
    """Codes of two normal laws that were fitted to those of images."""
    mean, spread = z.mean(0), z.std(0)
    units = draw_normal((count, *z.shape[1:]), generator=trial.generator("codes per unit"), like=z)
    # Normal weights on the centered codes have exactly their covariance, which need not be written down.
    weights = draw_normal((count, len(z)), generator=trial.generator("correlated codes"), like=z)
    correlated = weights @ (z - mean).flatten(1) / (len(z) - 1) ** 0.5
    return {"per_unit": mean + spread * units, "correlated": mean + correlated.view_as(units)}


EXPERIMENT = Experiment(claim=CLAIM, run=run)
