"""What a model trained on landscapes samples from noise: whether it keeps their rules, and how much detail it has."""

__all__ = [
    "Landscapes",
    "check_rules",
    "judge_landscapes",
    "keeps_all_rules",
    "landscape_controls",
    "landscape_pictures",
    "landscape_values",
    "remembered_images",
    "sample_landscapes",
    "scene_controls",
    "scene_values",
    "shuffled",
]

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from copyist.claims.measures.copy_measures import held_out
from copyist.claims.measures.instruments import mean_colored, shuffled_patches, upside_down
from copyist.claims.nets import scenes
from copyist.claims.result import InstrumentCheck
from copyist.claims.trial import Pictures, Trial
from copyist.evidence import Control
from copyist.metrics.neighbors import nearest
from copyist.metrics.noise import noise_level
from copyist.metrics.scenes import scene_rules
from copyist.metrics.spectra import high_frequency_energy
from copyist.models.contracts import Reconstructor
from copyist.procedures.no_diffusion import NoDiffusion
from copyist.procedures.sampling import sample
from copyist.tensors import Images

REMEMBERED = 0.5
"""A sample is remembered if it is nearer to a training image than this share of what is usual for a held-out one."""

REAL_SHARE, SPOILED_SHARE = 0.99, 0.02
"""Of real scenes at least so many keep all rules, and of each kind that is spoiled at most so many."""

RULES_RULE = (
    f"share that keep all rules and are neither gray nor remembered: real >= {REAL_SHARE:g}; upside_down, shuffled, "
    f"mean_colored, mean_image and training_images, which are remembered, <= {SPOILED_SHARE:g}"
)

_MEASURES = {
    "score": "mean graded score of the scene rules in [0, 1], gray and remembered images as 0:",
    "coherent": "share that keep all scene rules and are neither gray nor remembered:",
    "gray": "share rejected as gray:",
    "remembered": "share rejected as remembered (half as far from a training image as held-out ones are):",
    "detail": "energy above half of Nyquist's frequency over held-out scenes':",
    "noise": "noise level minus that of held-out scenes, wavelet estimate:",
    "spread": "standard deviation over the images, mean over pixels, of that of held-out scenes:",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Landscapes:
    """Images, and what they are worth."""

    images: Images
    """(B, 3, H, W)."""

    score: float
    """Mean of the graded rules, in [0, 1], where gray and remembered images count as 0."""

    coherent: float
    """Share of images that keep all rules, and are neither gray nor remembered."""

    gray: float
    """Share of images that are gray."""

    remembered: float
    """Share of images that are nearly a training image."""

    detail: float
    """Energy above half of Nyquist's frequency, of held-out scenes'."""

    noise: float
    """Noise level above that of held-out scenes, in units of pixel value."""

    spread: float
    """Standard deviation over the images, of that of held-out scenes; near 0 where all are alike."""


def sample_landscapes(models: Mapping[str, Reconstructor], trial: Trial) -> dict[str, Landscapes]:
    """Samples of models by name: copied from noise on the linear schedule, the same noise for all, in batches of 64."""
    count, steps = trial.pick(smoke=(32, 4), standard=(256, 30), gpu=(512, 200))

    def drawn(model: Reconstructor) -> Images:
        method, draws = NoDiffusion(steps=steps), trial.generator("samples")
        return sample(model, count=count, method=method, generator=draws, batch_size=64, precision="float32")

    return {name: judge_landscapes(drawn(model), trial) for name, model in models.items()}


@torch.no_grad()
def judge_landscapes(images: Images, trial: Trial) -> Landscapes:
    """What any images are worth as landscapes."""
    train = trial.splits(scenes(trial)).train.images().to(trial.device)
    x = held_out(trial, scenes(trial), count=len(images))
    remembered = remembered_images(images, train=train, held_out=x)
    rules = scene_rules(images)
    return Landscapes(
        images=images,
        score=float((rules.score * ~remembered).mean()),
        coherent=float((rules.coherent & ~remembered).float().mean()),
        gray=float((~rules.not_gray).float().mean()),
        remembered=float(remembered.float().mean()),
        detail=float(high_frequency_energy(images).mean() / high_frequency_energy(x).mean()),
        noise=float(noise_level(images).mean() - noise_level(x).mean()),
        spread=float(images.std(0).mean() / x.std(0).mean()),
    )


def remembered_images(x: Images, *, train: Images, held_out: Images) -> torch.Tensor:
    """(B,) bool: which images are nearer to a training image, mirrored or not, than half of what is usual for new ones.

    Args:
        x: images (B, C, H, W).
        train: what was trained on (N, C, H, W).
        held_out: images of the same data that were not (M, C, H, W), whose median distance is what is usual.
    """
    usual = nearest(held_out, train, flipped=True).distance.median()
    return nearest(x, train, flipped=True).distance < REMEMBERED * usual


def keeps_all_rules(x: Images, *, train: Images, held_out: Images) -> torch.Tensor:
    """(B,) bool: which images keep every rule of the scenes and are neither gray nor remembered.

    Args:
        x: images (B, 3, H, W); train and held_out: as `remembered_images`.
    """
    return scene_rules(x).coherent & ~remembered_images(x, train=train, held_out=held_out)


def check_rules(*, train: Images, held_out: Images) -> InstrumentCheck:
    """Whether the share of images that keep all rules may judge: what real, spoiled, gray and remembered ones score.

    Args:
        train: scenes that models were trained on (N, 3, H, W).
        held_out: others (M, 3, H, W), sides multiples of 4.
    """
    order = torch.Generator().manual_seed(0)
    kinds = {
        "real": held_out,
        "upside_down": upside_down(held_out),
        "shuffled": shuffled_patches(held_out, generator=order),
        "mean_colored": mean_colored(held_out),
        "mean_image": train.mean(0, keepdim=True),
        "training_images": train[: len(held_out)],
    }
    values = {
        name: float(keeps_all_rules(x, train=train, held_out=held_out).double().mean()) for name, x in kinds.items()
    }
    spoiled = all(value <= SPOILED_SHARE for name, value in values.items() if name != "real")
    passed = values["real"] >= REAL_SHARE and spoiled
    return InstrumentCheck(name="rules", values=values, passed=passed, rule=RULES_RULE)


def landscape_controls(label: str, what: str) -> tuple[Control, ...]:
    """A control for each of the measures of some images."""
    return tuple(Control(name=f"{name}_{label}", measure=f"{text} {what}") for name, text in _MEASURES.items())


def landscape_values(found: Mapping[str, Landscapes]) -> dict[str, float]:
    """Their values, by the labels of `landscape_controls`."""
    return {f"{name}_{label}": getattr(each, name) for label, each in found.items() for name in _MEASURES}


def landscape_pictures(found: Mapping[str, Landscapes], trial: Trial, *, caption: str) -> Pictures:
    """Held-out scenes, and the first eight of the images by name."""
    rows = {name.replace("_", ", "): each.images[:8] for name, each in found.items()}
    return Pictures(caption=caption, rows={"scenes": held_out(trial, scenes(trial), count=8), **rows})


def scene_controls() -> tuple[Control, ...]:
    """Whether the rules know a landscape: what real, shuffled and averaged ones score."""
    return (
        Control(name="coherent_scenes", measure="share of held-out scenes that keep all rules"),
        Control(name="score_scenes", measure="mean graded score of held-out scenes"),
        Control(name="coherent_shuffled", measure="share of the same whose quarter-size patches are shuffled"),
        Control(name="score_shuffled", measure="mean graded score of those"),
        Control(name="score_mean_image", measure="graded score of the training scenes' mean: of having no detail"),
    )


@torch.no_grad()
def scene_values(trial: Trial) -> dict[str, float]:
    """Their values."""
    x = held_out(trial, scenes(trial))
    mean = trial.splits(scenes(trial)).train.images().mean(0, keepdim=True).to(trial.device)
    real, mixed = scene_rules(x), scene_rules(shuffled(x, trial))
    return {
        "coherent_scenes": float(real.coherent.float().mean()),
        "score_scenes": float(real.score.mean()),
        "coherent_shuffled": float(mixed.coherent.float().mean()),
        "score_shuffled": float(mixed.score.mean()),
        "score_mean_image": float(scene_rules(mean).score.mean()),
    }


def shuffled(x: Images, trial: Trial) -> Images:
    """Images of the same patches, 4 × 4 of them, each in another order."""
    return shuffled_patches(x, generator=trial.generator("shuffled"))
