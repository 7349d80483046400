"""A U-Net without skips denoises although it was only trained to copy."""

__all__ = ["CLAIM", "EXPERIMENT"]

from collections.abc import Mapping

import torch

from copyist.baselines.filters import MatchedBlur
from copyist.baselines.linear_copier import moments_matched
from copyist.claims.measures.against_filters import against_filters
from copyist.claims.measures.copy_measures import copies, denoising_ratio, held_out
from copyist.claims.measures.denoising_parts import CONTROLS, PARTS_OF_OURS, blend_parts
from copyist.claims.measures.distances import Distances
from copyist.claims.measures.instruments import record_checks
from copyist.claims.measures.over_training import learning_curve, learning_curves
from copyist.claims.measures.references import INSTRUMENTS
from copyist.claims.nets import scenes, scenes_mlp, small_scenes, small_unet
from copyist.claims.nets.ladder import ladder, ladder_denoiser
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.corruption import Blend, Corruption, GaussianNoise
from copyist.evidence import Below, Claim, Control, Part, Regime
from copyist.models.contracts import Autoencoder
from copyist.models.in_batches import in_batches
from copyist.randomness import draw_normal

HEAVIEST = 0.1
"""α of a blend with a large addition of noise."""

BLURS = (0.8, 1.4, 2.0, 3.0, 4.5)

_MORE = '"Autoencoders are capable of denoising without being trained to do so": after more training images come back '

CLAIM = Claim(
    sentence="A U-Net without skips that was only trained to copy denoises, under heavy noise too, and better than a "
    "fully connected net.",
    source='Badger, "Autoencoders: Learning by Copying", on autoencoders that denoise without being trained to, and on '
    "the role of batch normalization",
    regime=Regime(psnr=33.0, code=1.0),
    picture="blend",
    parts=(
        *blend_parts(
            '"Autoencoders are capable of denoising without being trained to do so": a U-Net without residual '
            "connections takes the noise off its input"
        ),
        Part(
            name="blend_heaviest",
            measure=f"the same at α = {HEAVIEST:g}, after all training",
            holds_when=Below(1.0),
            scale="log",
            source=_MORE + "even from a large addition of noise",
        ),
        Part(
            name="blend_over_mlp",
            measure="ratio of a U-Net under the blend at α = 0.3, over that of the overcomplete MLP; both on 2048 "
            "landscapes of 16×16, each after all its training",
            holds_when=Below(1.0),
            scale="log",
            source='"The Role of Batch Normalization in Denoising": the U-Net is a more capable denoiser than the '
            "fully connected autoencoder",
        ),
        *PARTS_OF_OURS,
        Part(
            name="heaviest_after_training",
            measure=f"the ratio at α = {HEAVIEST:g} at the end of training, over that at the first snapshot (24 dB)",
            holds_when=Below(1.0),
            scale="log",
        ),
        Part(
            name="gaussian_over_mlp",
            measure="as with the MLP above, under zero-mean noise of σ = 0.2",
            holds_when=Below(1.0),
            scale="log",
        ),
        Part(
            name="blend_over_mlp_at_equal_psnr",
            measure="as with the MLP above, the U-Net where its copies were as good as the MLP's, between its "
            "snapshots",
            holds_when=Below(1.0),
            scale="log",
        ),
        Part(
            name="pure_noise_over_noise",
            measure="Fréchet distance to held-out landscapes of copies of pure noise, N(0.7, 0.2²), over that of the "
            "noise itself; of pure noise the source shows a picture, and says later that one pass makes no image of it",
            holds_when=Below(1.0),
            scale="log",
            instruments=INSTRUMENTS,
        ),
        Part(
            name="pure_noise_over_blur",
            measure="the distance of copies of pure noise, over that of the best blur of the same noise, with mean and "
            "spread set to the data's",
            holds_when=Below(1.0),
            scale="log",
            instruments=INSTRUMENTS,
        ),
    ),
    controls=(
        *CONTROLS,
        Control(name="heaviest_early", measure=f"ratio at α = {HEAVIEST:g} at the first snapshot"),
        *(
            Control(name=f"small_{kind}_{net}", measure=f"ratio of the {words} on landscapes of 16×16, {noise}")
            for kind, noise in (("blend", "blend at α = 0.3"), ("gaussian", "zero-mean noise of σ = 0.2"))
            for net, words in (("unet", "U-Net"), ("mlp", "MLP"))
        ),
        Control(name="small_psnr_unet", measure="clean PSNR of that U-Net, dB"),
        Control(name="small_psnr_mlp", measure="clean PSNR of that MLP, dB"),
        *(
            Control(
                name=f"pure_noise_{kind}", measure=f"distance of {what} on principal axes, over that of real images"
            )
            for kind, what in (("itself", "the noise"), ("copies", "its copies"), ("blur", "its best blur"))
        ),
    ),
)


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """The table, the course of training, the MLP on equal images, and pure noise."""
    recipe = ladder(trial)
    model = trial.autoencoder(recipe)
    found = against_filters(model, trial.trained(ladder_denoiser(trial), control=True), scenes(trial), trial)
    x = held_out(trial, scenes(trial), count=trial.pick(smoke=16, standard=256, gpu=256))
    noises: dict[str, Corruption] = {
        "blend, α = 0.3": Blend(0.3), f"blend, α = {HEAVIEST:g}": Blend(HEAVIEST),
        "zero-mean, σ = 0.1": GaussianNoise(0.1), "zero-mean, σ = 0.2": GaussianNoise(0.2),
    }  # fmt: skip
    rungs = trial.rungs(recipe)
    lines = {
        name: learning_curve(rungs, lambda net: denoising_ratio(net, x, noise, trial))  # noqa: B023
        for name, noise in noises.items()
    }
    heavy = lines[f"blend, α = {HEAVIEST:g}"].values
    pure, pictures = _pure_noise(model, trial)
    values = {
        **found.values,
        **_against_mlp(trial),
        **pure,
        "blend_heaviest": heavy[-1],
        "heaviest_early": heavy[0],
        "heaviest_after_training": heavy[-1] / heavy[0],
    }
    training = learning_curves(
        lines, title="Denoising over training", y_label="distance to the clean image, of the noisy one's"
    )
    return Measurements(
        values=values,
        curves={**found.curves, "training": training},
        pictures={**found.pictures, "pure-noise": pictures},
    )


def _against_mlp(trial: Trial) -> dict[str, float]:
    x = held_out(trial, small_scenes(trial))
    unet, mlp = trial.trained(small_unet(trial), control=True), trial.trained(scenes_mlp(trial), control=True)
    rungs, psnr = trial.rungs(small_unet(trial)), trial.rungs(scenes_mlp(trial))[-1].record.psnr
    values = {"small_psnr_unet": rungs[-1].record.psnr, "small_psnr_mlp": psnr}
    for kind, noise in {"blend": Blend(0.3), "gaussian": GaussianNoise(0.2)}.items():
        ratios = {name: denoising_ratio(net, x, noise, trial) for name, net in (("unet", unet), ("mlp", mlp))}
        values |= {f"small_{kind}_{name}": value for name, value in ratios.items()}
        values[f"{kind}_over_mlp"] = ratios["unet"] / ratios["mlp"]
    early = learning_curve(rungs, lambda net: denoising_ratio(net, x, Blend(0.3), trial)).at_psnr(psnr)
    values["blend_over_mlp_at_equal_psnr"] = early / values["small_blend_mlp"]
    return values


def _pure_noise(model: Autoencoder, trial: Trial) -> "tuple[dict[str, float | Mapping[str, float]], Pictures]":
    """Distances of what becomes of pure noise, by instruments that are checked first."""
    splits = trial.splits(scenes(trial))
    train, real = (part.images().to(trial.device) for part in (splits.train, splits.test))
    distances = Distances.fit(train=train, held_out=real)
    noise = Blend(0.0)(distances.reference, generator=trial.generator("pure noise"))
    shown = copies(model, noise)
    codes = in_batches(model, model.encode, distances.real[:1])
    drawn = draw_normal((len(noise), *codes.shape[1:]), generator=trial.generator("codes"), like=noise)
    decoded = in_batches(model, model.decode, drawn)
    checks = distances.check(copies=copies(model, distances.real), one_pass=shown, decoded=decoded)
    record_checks(checks, trial)
    blurs = [moments_matched(MatchedBlur.fitted(train, blur=blur)(noise), train) for blur in BLURS]
    best = min(blurs, key=lambda images: distances.in_floors(images)["axes"])
    found = {kind: distances.in_floors(images) for kind, images in (("itself", noise), ("copies", shown))}
    blurred = {name: min(distances.in_floors(images)[name] for images in blurs) for name in INSTRUMENTS}
    values: dict[str, float | Mapping[str, float]] = {
        "pure_noise_over_noise": {name: found["copies"][name] / found["itself"][name] for name in INSTRUMENTS},
        "pure_noise_over_blur": {name: found["copies"][name] / blurred[name] for name in INSTRUMENTS},
        "pure_noise_itself": found["itself"]["axes"],
        "pure_noise_copies": found["copies"]["axes"],
        "pure_noise_blur": blurred["axes"],
    }
    rows = {"noise": noise[:8], "its copy": shown[:8], "its best blur": best[:8]}
    return values, Pictures(caption="Copies of pure noise, at the end of training.", rows=rows)


EXPERIMENT = Experiment(claim=CLAIM, run=run)
