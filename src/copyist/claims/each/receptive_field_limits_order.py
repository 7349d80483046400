"""No parameter of a shallow convolutional model joins pixels that are far apart, and its samples lack order."""

__all__ = ["CLAIM", "EXPERIMENT"]

from dataclasses import replace

import torch

from copyist.claims.measures.copy_measures import clean_psnr, copies, held_out
from copyist.claims.measures.landscapes import judge_landscapes
from copyist.claims.nets import scenes, scenes_unet
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.metrics.jacobian import jacobian_support
from copyist.metrics.scenes import scene_rules
from copyist.models.unet import UNetConfig
from copyist.procedures.no_diffusion import NoDiffusion
from copyist.procedures.sampling import sample
from copyist.randomness import derive
from copyist.tensors import Images

DEPTHS = ("shallow", "middle", "deep")

CLAIM = Claim(
    sentence="No parameter joins far pixels in a shallow convolutional model, and its samples have less global order.",
    source='Badger, "Autoencoders: Learning by Copying", on the coherence of samples',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="share_shallow",
            measure="share of the pixels of a landscape on which the middle pixel of the copy depends at all, "
            "two levels fewer than usual, without batch statistics",
            holds_when=Below(0.5),
        ),
        Part(
            name="share_difference",
            measure="the same with the usual levels, minus that",
            holds_when=Above(0.25),
        ),
        Part(
            name="order_difference",
            measure="share of columns of samples (30 steps, batch 64) that keep to one horizon, 0 for gray samples; "
            "the usual levels minus two fewer",
            holds_when=Above(0.05),
        ),
    ),
    controls=(
        Control(name="order_real", measure="that order in held-out landscapes"),
        *(
            Control(name=f"{what}_{depth}", measure=f"{words}, {depth}")
            for depth in DEPTHS
            for what, words in (
                ("order", "order of samples"),
                ("coherent", "share of samples that keep all rules"),
                ("remembered", "share of samples that are nearly a training image"),
                ("spread", "standard deviation over the samples, of that of held-out scenes: 0 where all are alike"),
                ("extent", "farthest pixel that is reached, without batch statistics"),
                ("radius", "root mean square radius of the influence, trained, pixels"),
                ("copied_order", "order of copies of held-out landscapes"),
                ("psnr", "clean PSNR, dB"),
            )
        ),
    ),
)


def run(trial: Trial) -> Measurements:
    """Train U-Nets of fewer and fewer levels, and compare what reaches a pixel with the order of samples."""
    x = held_out(trial, scenes(trial), count=trial.pick(smoke=16, standard=256, gpu=256))
    fewer = trial.pick(smoke=1, standard=2, gpu=3)
    values = {"order_real": _order(x)}
    rows = {"held-out": x[:8]}
    shares: list[float] = []
    for depth, deepen in zip(DEPTHS, (-fewer, -1, 0), strict=True):
        recipe = scenes_unet(trial, deepen=deepen)
        model = trial.trained(recipe)
        drawn = sample(
            model,
            count=trial.pick(smoke=16, standard=128, gpu=256),
            shape=(x.shape[1], x.shape[2], x.shape[3]),
            method=NoDiffusion(steps=trial.pick(smoke=3, standard=30, gpu=30)),
            generator=trial.generator("samples"),
            precision="float32",
        )
        found = judge_landscapes(drawn, trial)
        assert isinstance(recipe.model, UNetConfig)
        share, extent = _reach(trial, recipe.model, x[:4])
        shares.append(share)
        middle = (x.shape[2] // 2, x.shape[3] // 2)
        influence = jacobian_support(model, x[:16], position=middle, threshold=0.01)
        values |= {
            f"order_{depth}": _order(drawn),
            f"remembered_{depth}": found.remembered,
            f"spread_{depth}": found.spread,
            f"coherent_{depth}": float(scene_rules(drawn).coherent.float().mean()),
            f"extent_{depth}": extent,
            f"radius_{depth}": float(influence.radius.nanmean()),
            f"copied_order_{depth}": _order(copies(model, x)),
            f"psnr_{depth}": clean_psnr(model, x),
        }
        rows[depth] = drawn[:8]
    values |= {
        "share_shallow": shares[0],
        "share_difference": shares[-1] - shares[0],
        "order_difference": values["order_deep"] - values["order_shallow"],
    }
    lines = {"order of samples": [values[f"order_{depth}"] for depth in DEPTHS], "share of pixels reached": shares}
    curves = Curves(title="Order and reach", x_label="depth", y_label="share", x=[1, 2, 3], lines=lines)
    pictures = Pictures(caption="Landscapes, and samples of shallower and deeper U-Nets.", rows=rows)
    return Measurements(values=values, curves={"depth": curves}, pictures={"samples": pictures})


def _reach(trial: Trial, config: UNetConfig, x: Images) -> tuple[float, float]:
    """What no training can change: the pixels that reach the middle, over several images and random weights."""
    plain = replace(config.fitted((x.shape[1], x.shape[2], x.shape[3])), statistics="none")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(trial.seed, "reach"))
        model = plain.build().to(x.device).eval()
    support = jacobian_support(model, x, position=(x.shape[2] // 2, x.shape[3] // 2))
    # A unit that is silent hides a path on one image; each image is a lower bound.
    return float(support.reached.any(0).float().mean()), float(support.extent.max())


def _order(x: Images) -> float:
    rules = scene_rules(x)
    return float((rules.order * rules.not_gray).mean())


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
