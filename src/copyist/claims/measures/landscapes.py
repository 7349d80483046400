"""What a model trained on landscapes samples from noise: whether it keeps their rules, and how much detail it has."""

__all__ = [
    "Landscapes",
    "by_rules",
    "check_rules",
    "judge_landscapes",
    "keeps_all_rules",
    "ladder_landscapes",
    "landscape_controls",
    "landscape_pictures",
    "landscape_spectra",
    "landscape_values",
    "odds_ratio",
    "remembered_images",
    "sample_landscapes",
]

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from copyist.claims.measures.copy_measures import held_out
from copyist.claims.measures.instruments import mean_colored, shuffled_patches, upside_down
from copyist.claims.nets import scenes
from copyist.claims.nets.ladder import Variant, ladder
from copyist.claims.nets.training import SEEDS
from copyist.claims.result import Curves, InstrumentCheck
from copyist.claims.trial import Pictures, Trial
from copyist.evidence import Control, adjusted_share, odds
from copyist.metrics.neighbors import nearest
from copyist.metrics.noise import noise_level
from copyist.metrics.scenes import scene_rules
from copyist.metrics.spectra import high_frequency_energy, radial_spectrum
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
    "coherent": "share that keep all scene rules and are neither gray nor remembered:",
    "gray": "share rejected as gray:",
    "remembered": "share rejected as remembered (half as far from a training image as held-out ones are):",
    "detail": "energy above half of Nyquist's frequency over held-out scenes':",
    "artifacts": "mean |log power over that of held-out scenes| over radial frequencies:",
    "noise": "noise level minus that of held-out scenes, wavelet estimate:",
    "spread": "standard deviation over the images, mean over pixels, of that of held-out scenes:",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Landscapes:
    """Images, and what they are worth."""

    images: Images
    """(B, 3, H, W)."""

    num_coherent: int
    """How many keep all rules, and are neither gray nor remembered."""

    gray: float
    """Share of images that are gray."""

    remembered: float
    """Share of images that are nearly a training image."""

    detail: float
    """Energy above half of Nyquist's frequency, of held-out scenes'."""

    artifacts: float
    """Mean over radial frequencies of |log(power / held-out scenes' power)|: 0 where all of it is theirs."""

    noise: float
    """Noise level above that of held-out scenes, in units of pixel value."""

    spread: float
    """Standard deviation over the images, of that of held-out scenes; near 0 where all are alike."""

    @property
    def coherent(self) -> float:
        """Share of images that keep all rules, and are neither gray nor remembered."""
        return self.num_coherent / len(self.images)

    @property
    def adjusted(self) -> float:
        """The same, never 0 or 1."""
        return adjusted_share(self.num_coherent, len(self.images))


def sample_landscapes(models: Mapping[str, Reconstructor], trial: Trial, *, source: str) -> dict[str, Landscapes]:
    """Samples of models by name: copied from noise on the linear schedule, the same noise for all, in batches of 64.

    Args:
        models: by name, all trained on `source`.
        trial: whose scale decides how many samples, and in how many steps: 256 in 30 at scale standard.
        source: landscapes.
    """
    count, steps = trial.pick(smoke=(32, 4), standard=(256, 30), gpu=(512, 200))
    splits = trial.splits(source)
    train, x = splits.train.images().to(trial.device), held_out(trial, source, count=count)

    def drawn(model: Reconstructor) -> Images:
        method, draws = NoDiffusion(steps=steps), trial.generator("samples")
        shape = (x.shape[1], x.shape[2], x.shape[3])
        return sample(
            model,
            count=count,
            shape=shape,
            method=method,
            generator=draws,
            batch_size=64,
            precision="float32",
        )

    return {name: judge_landscapes(drawn(model), train=train, held_out=x) for name, model in models.items()}


@torch.no_grad()
def judge_landscapes(images: Images, *, train: Images, held_out: Images) -> Landscapes:
    """What any images (B, 3, H, W) are worth as landscapes, beside those of training and held-out ones."""
    return Landscapes(
        images=images,
        num_coherent=int(keeps_all_rules(images, train=train, held_out=held_out).sum()),
        gray=float((~scene_rules(images).not_gray).float().mean()),
        remembered=float(remembered_images(images, train=train, held_out=held_out).float().mean()),
        detail=float(high_frequency_energy(images).mean() / high_frequency_energy(held_out).mean()),
        artifacts=_artifacts(images, held_out),
        noise=float(noise_level(images).mean() - noise_level(held_out).mean()),
        spread=float(images.std(0).mean() / held_out.std(0).mean()),
    )


def ladder_landscapes(trial: Trial, variants: Mapping[str, Variant]) -> dict[str, Landscapes | None]:
    """Samples of nets of the standard ladder at their ends, by label; None for a seed that the ladder has not.

    Args:
        trial: whose scale and seed are the nets'.
        variants: of the ladder, by label.
    """
    if trial.seed not in SEEDS:
        return dict.fromkeys(variants)
    models = {label: trial.trained(ladder(trial, variant), control=True) for label, variant in variants.items()}
    return dict(sample_landscapes(models, trial, source=scenes(trial)))


def by_rules(trial: Trial, *, source: str, more: Landscapes, fewer: Landscapes) -> Mapping[str, float]:
    """The odds ratio of coherent images, by the instrument `rules`, which is checked on the source before."""
    if "rules" not in trial.instruments:
        splits = trial.splits(source)
        train, x = splits.train.images().to(trial.device), held_out(trial, source, count=len(more.images))
        trial.check(check_rules(train=train, held_out=x))
    return {"rules": odds_ratio(more, fewer)}


def odds_ratio(more: Landscapes, fewer: Landscapes) -> float:
    """The odds that an image is coherent, over those of other images; of shares that are never 0 or 1."""
    first, second = (odds(each.num_coherent, len(each.images)) for each in (more, fewer))
    return first / second


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


def landscape_values(found: Mapping[str, Landscapes | None]) -> dict[str, float]:
    """Their values, by the labels of `landscape_controls`; not a number for what is not there."""
    return {
        f"{name}_{label}": math.nan if each is None else getattr(each, name)
        for label, each in found.items()
        for name in _MEASURES
    }


def landscape_pictures(found: Mapping[str, Landscapes | None], trial: Trial, *, source: str, caption: str) -> Pictures:
    """Held-out scenes, and the first eight of the images by name."""
    rows = {name.replace("_", " "): each.images[:8] for name, each in found.items() if each is not None}
    return Pictures(caption=caption, rows={"scenes": held_out(trial, source, count=8), **rows})


def landscape_spectra(found: Mapping[str, Landscapes], trial: Trial, *, source: str) -> Curves:
    """The power of images by name over frequency, of that of held-out scenes."""
    own = radial_spectrum(held_out(trial, source))
    power = own.power.mean(0)
    return Curves(
        title="Power of samples over frequency",
        x_label="cycles per pixel",
        y_label="mean power, of that of held-out scenes",
        x=own.frequency.tolist(),
        lines={label: (radial_spectrum(each.images).power.mean(0) / power).tolist() for label, each in found.items()},
        log_y=True,
    )


def _artifacts(x: Images, held_out: Images) -> float:
    ratio = radial_spectrum(x).power.mean(0) / radial_spectrum(held_out).power.mean(0)
    return float(ratio.log().abs().mean())
