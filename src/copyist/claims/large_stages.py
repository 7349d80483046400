"""What is measured of the nets at the source's own sizes: denoising, samples, walks, and how training stills them."""

__all__ = ["Measure", "stages"]

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

import torch

from copyist.claims.large_plan import LargePlan, large_recipe
from copyist.claims.measures.copy_measures import clean_psnr, copies, denoising_ratio, gain, held_out
from copyist.claims.model_folder import ModelFolder
from copyist.claims.trial import Pictures, Trial
from copyist.corruption import Blend, Corruption, GaussianNoise
from copyist.metrics.scenes import scene_rules
from copyist.models.contracts import Autoencoder, Reconstructor, needs
from copyist.procedures.no_diffusion import NoDiffusion
from copyist.procedures.sampling import sample
from copyist.procedures.trajectory import walkers
from copyist.procedures.walk import walk
from copyist.randomness import draw_normal
from copyist.tensors import Images
from copyist.training import Recipe

NOISES: Mapping[str, Corruption] = {
    "blend at 0.3": Blend(0.3),
    "blend at 0.1": Blend(0.1),
    "noise of 0.1": GaussianNoise(0.1),
    "noise of 0.2": GaussianNoise(0.2),
    "noise of 0.4": GaussianNoise(0.4),
}


Measure: TypeAlias = Callable[[], tuple[dict[str, float], Pictures | None]]
"""What a stage finds: values and pictures."""


def stages(plan: LargePlan, trial: Trial, folder: ModelFolder) -> Iterator[tuple[str, Sequence[Recipe], Measure]]:
    """In the order in which the source shows them: a name, the nets that must be there, and what is measured then."""
    nets = {name: large_recipe(plan, name) for name in plan.steps}
    scenes, skips, faces = nets["scenes"], nets["scenes-skips"], nets["faces"]
    shown, last = {"scenes": scenes, "scenes-skips": skips}, plan.sample_steps[-1]
    yield "train-scenes", [scenes], lambda: (_trained(scenes, trial, folder), None)
    yield "train-scenes-skips", [skips], lambda: (_trained(skips, trial, folder), None)
    yield "denoising", [scenes, skips], lambda: _denoising(shown, plan.scenes, trial)
    for steps in plan.sample_steps:
        yield f"samples-{steps}", [scenes], lambda steps=steps: _samples(scenes, trial, plan, steps)
    yield "walk", [scenes], lambda: _walk(scenes, trial, plan)
    yield "stilling", [scenes], lambda: _stilling(scenes, trial, plan)
    yield "train-faces", [faces], lambda: (_trained(faces, trial, folder), None)
    yield "denoising-faces", [faces], lambda: _denoising({"faces": faces}, plan.faces, trial)
    yield "samples-faces", [faces], lambda: _samples(faces, trial, plan, last)


def _trained(recipe: Recipe, trial: Trial, folder: ModelFolder) -> dict[str, float]:
    """How well a net copies, and what its training took."""
    run = folder.run(recipe, seed=trial.seed)
    psnr = clean_psnr(needs(run.load(), Reconstructor, verb="an experiment"), held_out(trial, recipe.data))
    visits, seconds = recipe.training.steps * recipe.training.batch_size, run.kept.seconds
    return {"psnr": psnr, "visits": visits, "seconds": seconds, "images_per_second": visits / seconds}


def _denoising(nets: Mapping[str, Recipe], source: str, trial: Trial) -> tuple[dict[str, float], Pictures]:
    x = held_out(trial, source)
    values: dict[str, float] = {}
    x_tilde = Blend(0.3)(x, generator=trial.generator("picture"))
    shown = {"image": x[:8], "blend at 0.3": x_tilde[:8]}
    for name, recipe in nets.items():
        model = trial.trained(recipe)
        values |= {f"{name}, {noise}": denoising_ratio(model, x, each, trial) for noise, each in NOISES.items()}
        values |= {f"{name}, gain": gain(model, x, trial), f"{name}, psnr": clean_psnr(model, x)}
        shown[f"{name}, copy"] = copies(model, x_tilde)[:8]
    return values, Pictures(caption="Held-out images, blended at α = 0.3, and copied.", rows=shown)


def _samples(recipe: Recipe, trial: Trial, plan: LargePlan, steps: int) -> tuple[dict[str, float], Pictures]:
    model = trial.trained(recipe)
    draws, method = trial.generator("samples"), NoDiffusion(steps=steps)
    x = sample(model, count=plan.count, method=method, generator=draws, precision="float32")
    begin = trial.generator("samples")
    single = copies(model, draw_normal(x.shape, mean=method.mean, std=method.std, generator=begin, like=x))
    values = {"spread": float(torch.pdist(x.flatten(1)).median() / torch.pdist(single.flatten(1)).median())}
    if recipe.data == plan.scenes:
        values |= {"coherent": _coherent(x), "coherent_one_pass": _coherent(single)}
    return values, Pictures(caption="From the same noise.", rows={"one pass": single[:8], f"N = {steps}": x[:8]})


def _walk(recipe: Recipe, trial: Trial, plan: LargePlan) -> tuple[dict[str, float], Pictures]:
    model = trial.autoencoder(recipe)
    starts = trial.splits(recipe.data).train.images(0, plan.batch_size).to(trial.device)
    shown: dict[str, Images] = {}
    values: dict[str, float] = {}
    for name, noise in (("noise", 0.2), ("no noise", 0.0)):
        frames = walk(
            model, starts, steps=plan.walk_steps, noise=noise, generator=trial.generator("walk"), precision="float32"
        )
        values[f"coherent, {name}"] = _coherent(frames[-1])
        values[f"share, {name}"] = _walked(model, starts, frames[-1])
        shown[name] = frames[torch.linspace(0, len(frames) - 1, 10).round().long(), 0]
    return values, Pictures(caption=f"One landscape over {plan.walk_steps} steps.", rows=shown)


def _stilling(recipe: Recipe, trial: Trial, plan: LargePlan) -> tuple[dict[str, float], Pictures]:
    starts = trial.splits(recipe.data).train.images(0, plan.count // 4).to(trial.device)
    values: dict[str, float] = {}
    shown: dict[str, Images] = {"start": starts[:8]}
    for rung in trial.rungs(recipe):
        model = needs(rung.model, Autoencoder, verb="walk")
        last = walk(model, starts, steps=300, noise=0.0, generator=trial.generator("walk"), precision="float32")[-1]
        values[f"share at {rung.record.psnr_training:.1f} dB of training images"] = _walked(model, starts, last)
        shown[f"{rung.record.psnr_training:.1f} dB, after 300 copies"] = last[:8]
    return values, Pictures(caption="Training landscapes, copied 300 times by nets of rising quality.", rows=shown)


def _coherent(x: Images) -> float:
    """Share of images that keep all rules of landscapes."""
    return float(scene_rules(x).coherent.double().mean())


def _walked(model: Reconstructor, starts: Images, last: Images) -> float:
    """Share of images that walked."""
    begun = copies(model, starts)
    return float(walkers(last.to(begun), begun).walked.double().mean())
