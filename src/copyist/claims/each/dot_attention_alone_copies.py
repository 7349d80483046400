"""Dot-product attention with nothing beside it copies, knows its input, and does not denoise."""

__all__ = ["CLAIM", "EXPERIMENT"]

from dataclasses import replace

from copyist.claims.measures.copied_and_represented import copied_and_represented, represented_controls
from copyist.claims.measures.inversion_check import INVERSION, by_inversion
from copyist.claims.nets import attention_copier
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.evidence import Above, Below, Claim, Part, Regime

_SAID = (
    'second version, "Representations in Unet generative models with Attention": without the convolutions, so that '
    "dot-product attention alone takes the input to the output, "
)

_PARTS = (
    Part(
        name="beyond_one_color",
        measure="PSNR of the copies of 256 held-out landscapes of 16×16, minus the better of each one's mean color and "
        "of the training images' mean, dB: 6 where at most half of their error is left",
        holds_when=Above(6.0),
        source=f"{_SAID}an effective autoencoder can be trained",
    ),
    Part(
        name="missed_trained",
        measure="error of what converged inverses of the output from N(0.7, 0.05²) and from gray share, channels "
        "aligned, over the originals' contrast; 16 held-out landscapes: 1 where only mean colors are known",
        holds_when=Below(0.5),
        instruments=(INVERSION,),
        source=f"{_SAID}its output represents the input well",
        scale="log",
    ),
    Part(
        name="blend_ratio",
        measure="‖O(x̃) − x‖ / ‖x̃ − x‖ under the blend at α = 0.3, held-out landscapes: at most a tenth is removed",
        holds_when=Above(0.9),
        source=f"{_SAID}it does not denoise",
        scale="log",
    ),
    Part(
        name="gaussian_ratio",
        measure="the same under zero-mean noise of σ = 0.2",
        holds_when=Above(0.9),
        scale="log",
    ),
    Part(
        name="gain",
        measure="projected gain at σ = 0.1: noise is passed on, rather than replaced by other errors",
        holds_when=Above(0.5),
    ),
    Part(
        name="converged_share",
        measure="share of the 16 landscapes whose inversions converged from both starts, (k + ½) / 17",
        holds_when=Above(0.5),
        scale="logit",
    ),
)

CLAIM = Claim(
    sentence="Dot-product attention alone, without convolutions, can be trained to copy; its output represents the "
    "input well, and it does not denoise.",
    source='Badger, "Autoencoders: Learning by Copying", on representations in U-Nets with attention',
    regime=Regime(psnr=None, why="whether it copies is a part of the claim; its PSNR stands beside one color's"),
    parts=_PARTS,
    controls=represented_controls([part.name for part in _PARTS]),
    picture="inversions",
)


def run(trial: Trial) -> Measurements:
    """Train it on 64,000 images, some 5 minutes of one thread, and invert it, some 3."""
    recipe = attention_copier(trial, attention="dot", convolutions=False)
    caption = "Dot-product attention alone: images whose outputs equal those of the top row, and copies."
    found = copied_and_represented(trial, recipe, caption=caption)
    return replace(found, values=by_inversion(CLAIM, found.values))


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
