"""An autoencoder with an entropy model on its codes is an image codec."""

__all__ = ["CLAIM", "EXPERIMENT"]

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from copyist import recipes
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.compression.code_coding import CodeCoder
from copyist.compression.codec import ImageCoder
from copyist.compression.raster import Raster
from copyist.evaluation.compressed.rate_distortion import (
    CodecCurve,
    Pixels,
    classical_curve,
    learned_encode,
    measured_curve,
)
from copyist.evidence import Above, Below, Claim, Control, Part, Regime, Within, adjusted_share
from copyist.models.contracts import Compressor, needs
from copyist.models.image_codec import ImageCodecConfig
from copyist.objectives import RateDistortion
from copyist.tensors import Images
from copyist.training import Recipe

RIVALS = {"jpeg": "JPEG", "optimized": "JPEG, optimized", "webp": "WebP", "avif": "AVIF"}
"""The codecs that it is held against, by the names of parts."""

PLACE = "Autoencoders & Denoising AEs, on compression"

CLAIM = Claim(
    sentence="An autoencoder with an entropy model on its codes is an image codec.",
    source='"Autoencoders & Denoising AEs", on compression',
    regime=Regime(psnr=None, why="each quality has a distortion of its own, and a rate beside it"),
    picture="copies",
    parts=(
        Part(
            name="exact",
            measure="share of files of held-out photographs of 256×256, at all eight qualities, that decode to the "
            "very pixels that their codes stand for, by a decoder that is given the file and the model alone",
            holds_when=Above(0.9),
            source=f"{PLACE}: codecs of images are autoencoders with a learned entropy model on the latents",
            scale="logit",
        ),
        Part(
            name="estimate",
            measure="bytes of all files over what the entropy model says that they take",
            holds_when=Within(0.05, around=1.0),
            source=f"{PLACE}: the entropy model is learned, and its bits are those of the files",
        ),
        Part(
            name="of_fixed_length",
            measure="bytes of all files over those of the same integers at a fixed number of bits per channel, enough "
            "for its range",
            holds_when=Below(0.8),
            source=f"{PLACE}: it is the entropy model that makes the codes small",
            scale="log",
        ),
        *(
            Part(
                name=f"over_{name}",
                measure=f"bits of files at equal PSNR over those of {codec}, by Bjøntegaard's rate where both have it",
                holds_when=Below(1.0),
                scale="log",
            )
            for name, codec in RIVALS.items()
            if name != "avif"
        ),
    ),
    controls=(
        Control(name="over_avif", measure="the same over AVIF, its file's header included"),
        Control(name="rate_lowest", measure="bits per pixel of files at the lowest quality"),
        Control(name="rate_highest", measure="the same at the highest"),
        Control(name="psnr_lowest", measure="PSNR of decoded photographs at the lowest quality, dB"),
        Control(name="psnr_highest", measure="the same at the highest"),
    ),
)


def run(trial: Trial) -> Measurements:
    """Train it on photographs for a while, some 15 minutes of one thread, and write files of held-out ones."""
    recipe = _recipe(trial)
    coder = ImageCoder(needs(trial.model(recipe, control=True), Compressor, verb="an experiment"))
    few = trial.pick(smoke=2, standard=None, gpu=None)
    originals = [_pixels(x[None]) for x in trial.splits(_photos(trial)).test.images()[:few]]
    x = torch.stack([torch.from_numpy(each).permute(2, 0, 1) for each in originals]).to(trial.device) / 255
    qualities = range(1, coder.model.num_qualities + 1)
    ours = measured_curve("copyist", qualities, partial(learned_encode, coder), originals)
    others = {name: classical_curve(codec, originals) for name, codec in RIVALS.items()}
    first, last = ours.points[0], ours.points[-1]
    values: dict[str, float | Mapping[str, float]] = {
        **_files(coder, x, originals),
        **{f"over_{name}": 1 + ours.against(other, rates=None) / 100 for name, other in others.items()},
        "rate_lowest": first.bits_per_pixel,
        "rate_highest": last.bits_per_pixel,
        "psnr_lowest": first.psnr,
        "psnr_highest": last.psnr,
    }
    return Measurements(
        values=values,
        curves={"rate": _curves(ours, *others.values())},
        pictures={"copies": _pictures(coder, x, originals)},
    )


PHOTOS = "photos?size=256"
"""Each photograph is in one part alone, to train on or held out."""


def _photos(trial: Trial) -> str:
    return trial.pick(smoke="photos?size=64&limit=16", standard=PHOTOS, gpu=PHOTOS)


def _recipe(trial: Trial) -> Recipe:
    """The library's codec, trained for 2000 steps of eight crops of 128×128."""
    base = recipes.image_codec(data=_photos(trial))
    assert isinstance(base.model, ImageCodecConfig)
    assert isinstance(base.objective, RateDistortion)
    steps = trial.pick(smoke=10, standard=2000, gpu=10_000)
    training = replace(
        base.training,
        steps=steps,
        batch_size=8,
        validate_every=steps,
        save_every=min(steps, 200),
        optimization=replace(base.training.optimization, learning_rate=1e-3),
    )
    small = replace(base.model, code_channels=24, width=8, synthesis_width=8, side_channels=4, qualities=3)
    return replace(
        base,
        model=trial.pick(smoke=small, standard=base.model, gpu=base.model),
        objective=replace(base.objective, crop=trial.pick(smoke=32, standard=128, gpu=192)),
        training=training,
    )


@torch.no_grad()
def _files(coder: ImageCoder, x: Images, originals: Sequence[Pixels]) -> dict[str, float]:
    """What becomes of every photograph at every quality."""
    codes, decoder = CodeCoder(coder.model), ImageCoder(coder.model)
    exact = written = 0
    estimated = fixed = 0.0
    for quality in range(coder.model.num_qualities):
        integers: list[Tensor] = []
        for image, pixels in zip(x, originals, strict=True):
            coded, number = _coded(coder.model, codes, image[None], quality)
            made = coder.compress(Raster(pixels=pixels), quality=quality + 1)
            foreseen = _pixels(coder.model.synthesize(coded, quality=quality).cpu())
            exact += bool((decoder.decompress(made.data).pixels == foreseen).all())
            written += len(made.data)
            estimated += made.estimated_bytes
            integers.append(number)
        fixed += _fixed_length(integers)
    return {
        "exact": adjusted_share(exact, len(originals) * coder.model.num_qualities),
        "estimate": written / estimated,
        "of_fixed_length": written / fixed,
    }


def _coded(model: Compressor, codes: CodeCoder, x: Images, quality: int) -> tuple[Tensor, Tensor]:
    """The code (1, M, h, w) of an image as a decoder has it, and the integers in it."""
    code = model.analyze(x, quality=quality)
    side = model.side_information(code, quality=quality)
    found = codes.encode(code, side, quality=quality, checksum=0).code
    law = model.entropy_model(side, quality=quality, size=(code.shape[2], code.shape[3]))
    return found.float(), found - law.mean


def _fixed_length(integers: Sequence[Tensor]) -> float:
    """Bytes of integers (1, M, h, w), each in as many bits as its channel's range needs over all of them."""
    channels = torch.cat([each[0].flatten(1) for each in integers], 1)
    bits = (channels.amax(1) - channels.amin(1) + 1).log2().ceil()
    return float(bits.sum()) * channels.shape[1] / 8


def _pixels(x: Images) -> Pixels:
    """One image (1, C, H, W) as values of 8 bits (H, W, C)."""
    return (x[0] * 255 + 0.5).floor().clamp(0, 255).permute(1, 2, 0).numpy().astype(np.uint8)


def _curves(*found: CodecCurve) -> Curves:
    """PSNR at the rates of the first, each codec between its points."""
    rates = [point.bits_per_pixel for point in found[0].points]
    lines: dict[str, list[float]] = {}
    for curve in found:
        points = sorted((point.bits_per_pixel, point.psnr) for point in curve.points)
        at = np.interp(rates, *zip(*points, strict=True), left=math.nan, right=math.nan)
        lines[curve.codec] = [float(each) for each in at]
    return Curves(
        title="Rate and distortion of held-out photographs",
        x_label="bits per pixel of the file",
        y_label="PSNR, dB",
        x=rates,
        lines=lines,
    )


def _pictures(coder: ImageCoder, x: Images, originals: Sequence[Pixels]) -> Pictures:
    """Photographs, and what comes out of files of three qualities."""
    count = coder.model.num_qualities
    rows = {"photograph": x[:4].cpu()}
    for quality in dict.fromkeys((1, (count + 1) // 2, count)):
        files = [coder.compress(Raster(pixels=pixels), quality=quality).data for pixels in originals[:4]]
        images = [torch.from_numpy(coder.decompress(data).pixels).permute(2, 0, 1) / 255 for data in files]
        rate = 8 * sum(map(len, files)) / sum(pixels.shape[0] * pixels.shape[1] for pixels in originals[:4])
        rows[f"{rate:.2f} bits per pixel"] = torch.stack(images)
    return Pictures(caption="Held-out photographs, and their files decoded.", rows=rows)


EXPERIMENT = Experiment(claim=CLAIM, run=run)
