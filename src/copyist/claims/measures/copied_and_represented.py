"""What one copier makes of clean and noisy images, and what its output knows of them: one table for several claims."""

__all__ = ["copied_and_represented", "represented_controls"]

from collections.abc import Collection

import torch

from copyist.baselines.linear_copier import linear_copier
from copyist.claims.measures.copy_measures import (
    clean_psnr,
    copies,
    denoising_ratio,
    distance_ratio,
    gain,
    held_out,
    psnr_without_detail,
)
from copyist.claims.measures.inversion_check import check_inversion
from copyist.claims.measures.inversion_finding import InversionFinding, find_inversion
from copyist.claims.measures.inversion_table import (
    floor_controls,
    floor_values,
    inversion_controls,
    inversion_rows,
    inversion_values,
)
from copyist.claims.trial import Measurements, Pictures, Trial
from copyist.corruption import Blend, GaussianNoise
from copyist.evidence import Control, adjusted_share
from copyist.models.contracts import Reconstructor, needs
from copyist.training import Recipe

SIGMA, ALPHA = 0.2, 0.3

_CONTROLS = (
    Control(name="psnr_mean_image", measure="PSNR of the training images' mean, dB"),
    Control(name="psnr_one_color", measure="PSNR of each image's own mean color, dB: attention to all alike"),
    Control(name="clean_psnr", measure="PSNR of the copies of clean held-out images, dB"),
    Control(name="beyond_one_color", measure="that PSNR minus the better of the two above"),
    Control(name="psnr_untrained", measure="PSNR of the copies before training, dB"),
    Control(name="gain", measure="projected gain at σ = 0.1: 1 for the identity"),
    Control(name="blend_ratio", measure=f"‖O(x̃) − x‖ / ‖x̃ − x‖ under the blend at α = {ALPHA}"),
    Control(name="blend_mean_image", measure="that ratio of the training images' mean"),
    Control(name="gaussian_ratio", measure=f"the ratio under zero-mean noise of σ = {SIGMA}"),
    Control(
        name="gaussian_linear_copier",
        measure=f"the ratio of as many principal axes as copy clean images as well, σ = {SIGMA}",
    ),
    Control(name="converged_share", measure="share of images that converged from every start, of which none is 0 or 1"),
    Control(
        name="missed_reference",
        measure="error of what the inverses share over contrast after the source's 500 steps, all images",
    ),
    Control(name="converged_reference", measure="share of images that converged in these"),
    *floor_controls(),
    *inversion_controls("trained", "the output after training"),
    *inversion_controls("untrained", "the output before training"),
)


def represented_controls(parts: Collection[str]) -> tuple[Control, ...]:
    """The numbers of `copied_and_represented` that stand beside a claim.

    Args:
        parts: names of those that the claim is about.
    """
    return tuple(control for control in _CONTROLS if control.name not in parts)


@torch.no_grad()
def copied_and_represented(trial: Trial, recipe: Recipe, *, caption: str) -> Measurements:
    """Train a copier, let it copy clean and noisy held-out images, and invert its output before and after training.

    Inversions are checked first, as an instrument that parts may name.

    Args:
        trial: at whose scale all is measured; 16 images are inverted.
        recipe: of the copier, which is judged by the claim's regime.
        caption: of the pictures, one sentence.
    """
    model = trial.trained(recipe)
    fresh = needs(trial.untrained(recipe), Reconstructor, verb="an experiment")
    x, train = held_out(trial, recipe.data), trial.splits(recipe.data).train.images().to(trial.device)
    noise, blend = GaussianNoise(SIGMA), Blend(ALPHA)
    noisy, blended = (each(x, generator=trial.generator("noise", "beside")) for each in (noise, blend))
    quality = clean_psnr(model, x)
    values = psnr_without_detail(x, train)
    axes = linear_copier(train, x, clean_psnr=quality)
    values |= {
        "clean_psnr": quality,
        "beyond_one_color": quality - max(values["psnr_one_color"], values["psnr_mean_image"]),
        "psnr_untrained": clean_psnr(fresh, x),
        "gain": gain(model, x, trial),
        "blend_ratio": denoising_ratio(model, x, blend, trial),
        "blend_mean_image": distance_ratio(train.mean(0).expand_as(x), blended, x),
        "gaussian_ratio": denoising_ratio(model, x, noise, trial),
        "gaussian_linear_copier": distance_ratio(axes(noisy), noisy, x),
    }
    few = x[: trial.pick(smoke=4, standard=16, gpu=32)]
    check_inversion(trial, few)
    after, before = find_inversion(model, few, trial), find_inversion(fresh, few, trial)
    values |= _represented(after, before, find_inversion(model, few, trial, method="reference"))
    answers = {"copy": copies(model, x), "noisy": noisy, "copy of the noisy": copies(model, noisy)}
    answers |= {"blended": blended, "copy of the blended": copies(model, blended)}
    rows = inversion_rows(few, {"inverted": after}) | {
        label: images[: min(8, len(few))] for label, images in answers.items()
    }
    return Measurements(values=values, pictures={"inversions": Pictures(caption=caption, rows=rows)})


def _represented(after: InversionFinding, before: InversionFinding, reference: InversionFinding) -> dict[str, float]:
    return {
        **floor_values(after),
        **inversion_values("trained", after),
        **inversion_values("untrained", before),
        "converged_share": adjusted_share(int(after.kept.sum()), len(after.kept)),
        "missed_reference": reference.everything.missed,
        "converged_reference": reference.converged,
    }
