"""No parameter of a shallow convolutional model joins pixels that are far apart, and its samples lack order."""

__all__ = ["CLAIM", "EXPERIMENT"]

from dataclasses import replace

import torch

from copyist.claims.measures.copy_measures import clean_psnr, held_out
from copyist.claims.measures.landscapes import (
    by_rules,
    landscape_controls,
    landscape_pictures,
    landscape_values,
    sample_landscapes,
)
from copyist.claims.nets.shapes import EQUAL_PSNR, shape
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.metrics.jacobian import jacobian_support
from copyist.models.unet import UNetConfig
from copyist.randomness import derive

LEVELS = (1, 2, 3)

SOURCE = 'third version, "Diffusion with no Diffusion"'

CLAIM = Claim(
    sentence="No parameter joins far pixels in a shallow convolutional model, and its samples have less global order.",
    source='Badger, "Autoencoders: Learning by Copying", on the coherence of samples',
    regime=Regime(psnr=EQUAL_PSNR, code=1.0),
    picture="samples",
    parts=(
        Part(
            name="corner_reach",
            source=f"{SOURCE}: with one convolution there and one back no parameter joins the upper right and the "
            "lower left of an image, the kernel being much smaller than the image",
            measure="share of the pixels of an image (16×16) on which the upper right pixel of the copy depends, "
            "U-Net of two levels, random weights and values, without batch statistics; 100 of 256 on paper",
            holds_when=Below(0.5),
        ),
        Part(
            name="corner_reach_deep",
            source=f"{SOURCE}: where many convolutions end in few elements, some parameters relate every pixel to "
            "every other",
            measure="the same with three levels",
            holds_when=Above(0.99),
        ),
        Part(
            name="order",
            source=f"{SOURCE}: without such parameters nothing guarantees that a generated image has the right "
            "relation between those pixels",
            measure="odds that a sample keeps all scene rules (30 steps of the linear schedule, batches of 64; gray "
            "and remembered ones do not keep them) for the U-Net of three levels over those for that of two, equal "
            "image visits",
            holds_when=Above(1.0),
            scale="log",
            instruments=("rules",),
        ),
        Part(
            name="order_alike",
            measure=f"the same at equal PSNR, each at its snapshot of {EQUAL_PSNR:g} dB",
            holds_when=Above(1.0),
            scale="log",
            instruments=("rules",),
        ),
        Part(
            name="variety",
            measure="standard deviation over the deeper net's samples, mean over pixels, of that over held-out scenes: "
            "a net whose samples are all one orderly image has no order to show",
            holds_when=Above(0.25),
            scale="log",
        ),
    ),
    controls=(
        *(
            control
            for levels in LEVELS
            for control in landscape_controls(f"of_{levels}", f"samples of the U-Net of {levels} levels")
        ),
        *(
            control
            for levels in LEVELS[1:]
            for control in landscape_controls(f"alike_{levels}", f"the same of {levels} levels at {EQUAL_PSNR:g} dB")
        ),
        *(
            Control(name=f"{what}_{levels}", measure=f"{words}, {levels} levels")
            for levels in LEVELS
            for what, words in (
                ("reach", "share of pixels that the upper right pixel of the copy depends on"),
                ("extent", "rows or columns to the farthest of them"),
                ("radius", "root mean square radius of the influence on the middle pixel, trained, pixels"),
                ("psnr", "clean PSNR, dB"),
            )
        ),
    ),
)


def run(trial: Trial) -> Measurements:
    """Train U-Nets of one, two and three levels, and compare what reaches a corner with the order of samples."""
    recipes = {levels: shape(trial, levels=levels) for levels in LEVELS}
    x = held_out(trial, recipes[3].data)
    nets = {f"of_{levels}": trial.trained(recipe, control=levels == 1) for levels, recipe in recipes.items()}
    alike = {f"alike_{levels}": trial.trained(recipes[levels], at=EQUAL_PSNR) for levels in LEVELS[1:]}
    found = sample_landscapes({**nets, **alike}, trial, source=recipes[3].data)
    values, reaches = landscape_values(found), list[float]()
    for levels, recipe in recipes.items():
        assert isinstance(recipe.model, UNetConfig)
        reach, extent = _corner_reach(trial, recipe.model, (x.shape[1], x.shape[2], x.shape[3]))
        reaches.append(reach)
        model, middle = nets[f"of_{levels}"], (x.shape[2] // 2, x.shape[3] // 2)
        influence = jacobian_support(model, x[:16], position=middle, threshold=0.01)
        values |= {
            f"reach_{levels}": reach,
            f"extent_{levels}": extent,
            f"radius_{levels}": float(influence.radius.nanmean()),
            f"psnr_{levels}": clean_psnr(model, x),
        }
    values |= {
        "corner_reach": values["reach_2"],
        "corner_reach_deep": values["reach_3"],
        "variety": found["of_3"].spread,
    }
    order = {
        "order": by_rules(trial, source=recipes[3].data, more=found["of_3"], fewer=found["of_2"]),
        "order_alike": by_rules(trial, source=recipes[3].data, more=found["alike_3"], fewer=found["alike_2"]),
    }
    curves = Curves(
        title="Order and reach over the number of levels",
        x_label="levels",
        y_label="share",
        x=LEVELS,
        lines={
            "samples that keep all rules": [found[f"of_{levels}"].coherent for levels in LEVELS],
            "pixels that reach a corner": reaches,
        },
    )
    caption = "Held-out scenes, and samples of U-Nets of one, two and three levels."
    pictures = landscape_pictures(found, trial, source=recipes[3].data, caption=caption)
    return Measurements(values={**values, **order}, curves={"levels": curves}, pictures={"samples": pictures})


def _corner_reach(trial: Trial, config: UNetConfig, image_shape: tuple[int, int, int]) -> tuple[float, float]:
    """What no training can change: the pixels that reach the upper right one, whatever the weights and the image.

    Returns:
        Their share, and the rows or columns to the farthest.
    """
    plain = replace(config.fitted(image_shape), statistics="none")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(trial.seed, "reach"))
        model, x = plain.build().eval(), torch.rand(16, *image_shape)
    support = jacobian_support(model, x, position=(0, image_shape[2] - 1))
    # A unit that is silent hides a path on one image; each image is a lower bound.
    return float(support.reached.any(0).float().mean()), float(support.extent.max())


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
