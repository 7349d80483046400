"""Trained and used with batches of one, batch normalization does the same."""

__all__ = ["CLAIM", "EXPERIMENT"]

from dataclasses import replace

from copyist.claims.measures.copy_measures import clean_psnr, denoising_ratio, held_out
from copyist.claims.nets import photos, photos_unet
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.corruption import Blend, Corruption, GaussianNoise
from copyist.evidence import Below, Claim, Control, Part, Regime, Within
from copyist.models.unet import UNetConfig
from copyist.training import Optimization, Recipe

BATCHES = (1, 8, 16)
MARGIN = 0.1

CLAIM = Claim(
    sentence="A U-Net that is trained and used with batches of one image denoises as it does with batches of 8 or 16.",
    source='Badger, "Autoencoders: Learning by Copying", on the role of batch normalization in denoising',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="blend_ratio_of_one",
            measure="‖O(x̃) − x‖ / ‖x̃ − x‖ under the blend at α = 0.3, trained and used with batches of one",
            holds_when=Below(1.0),
        ),
        *(
            Part(
                name=f"{kind}_one_minus_{size}",
                measure=f"that ratio under {noise} with batches of one, minus that with batches of {size}, each net "
                "trained for as many steps and used as it was trained",
                holds_when=Within(MARGIN),
            )
            for kind, noise in (("blend", "the blend at α = 0.3"), ("gaussian", "zero-mean noise of σ = 0.2"))
            for size in (8, 16)
        ),
    ),
    controls=(
        *(
            Control(name=f"{kind}_{size}", measure=f"ratio with batches of {size}, {kind}")
            for kind in ("blend", "gaussian")
            for size in BATCHES
        ),
        *(Control(name=f"psnr_{size}", measure=f"clean PSNR with batches of {size}, dB") for size in BATCHES),
        *(
            Control(
                name=f"{kind}_shallow_{size}",
                measure=f"ratio with batches of {size} of a U-Net of two levels, {kind}: its smallest maps have 16 "
                "times as many positions for the statistics of one image",
            )
            for kind in ("blend", "gaussian")
            for size in (1, 16)
        ),
        Control(name="blend_one_among_16", measure="ratio, blend, trained with batches of one and used with 16"),
        Control(name="blend_16_alone", measure="ratio, blend, trained with batches of 16 and used with one"),
    ),
)


def run(trial: Trial) -> Measurements:
    """Three U-Nets, alike but for their batches."""
    x = held_out(trial, photos(trial), count=trial.pick(smoke=16, standard=128, gpu=256))
    nets = {size: trial.trained(_recipe(trial, size)) for size in BATCHES}
    noises: dict[str, Corruption] = {"blend": Blend(0.3), "gaussian": GaussianNoise(0.2)}
    values = {f"psnr_{size}": clean_psnr(net, x) for size, net in nets.items()}
    for kind, noise in noises.items():
        ratios = {size: denoising_ratio(net, x, noise, trial) for size, net in nets.items()}
        values |= {f"{kind}_{size}": ratio for size, ratio in ratios.items()}
        values |= {f"{kind}_one_minus_{size}": ratios[1] - ratios[size] for size in (8, 16)}
        for size in (1, 16):
            shallow = trial.trained(_recipe(trial, size, levels=2))
            values[f"{kind}_shallow_{size}"] = denoising_ratio(shallow, x, noise, trial)
    values["blend_ratio_of_one"] = values["blend_1"]
    values["blend_one_among_16"] = denoising_ratio(nets[1], x, noises["blend"], trial, batch_size=16)
    values["blend_16_alone"] = denoising_ratio(nets[16], x, noises["blend"], trial, batch_size=1)
    return Measurements(values=values)


def _recipe(trial: Trial, batch_size: int, *, levels: int | None = None) -> Recipe:
    """The usual steps three times over; a small batch has noisy gradients, so the rate is lower than usual."""
    base = photos_unet(trial, batch_size=batch_size, share=3.0)
    # At scale smoke batches are capped, but not these.
    training = replace(base.training, batch_size=batch_size, optimization=Optimization(learning_rate=1e-3))
    if levels is None:
        return replace(base, training=training)
    assert isinstance(base.model, UNetConfig)
    return replace(base, name=f"{base.name}-shallow", model=replace(base.model, levels=levels), training=training)


EXPERIMENT = Experiment(claim=CLAIM, run=run)
