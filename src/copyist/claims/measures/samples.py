"""Pictures out of pure noise: samples of a copier on a schedule, and what may take the schedule's or its place."""

__all__ = ["BLURS", "blurred_samples", "drawn", "one_pass", "plain_copies", "samples"]

from copyist.baselines.filters import MatchedBlur
from copyist.claims.measures.copy_measures import copies
from copyist.claims.measures.references import NOISE_MEAN, NOISE_STD, Reference, pure_noise
from copyist.claims.trial import Trial
from copyist.models.contracts import Model, Reconstructor
from copyist.models.in_batches import apply_in_batches
from copyist.procedures.method import Method
from copyist.procedures.no_diffusion import NoDiffusion
from copyist.procedures.sampling import sample
from copyist.randomness import draw_normal
from copyist.schedules import linear
from copyist.tensors import Images

BLURS = (0.8, 1.4, 2.0, 3.0)
"""Standard deviations in pixels of the blurs that may take a model's place."""


def drawn(model: Model, method: Method, reference: Reference, trial: Trial) -> Images:
    """Samples of a trained model by a method of its own, in float32; as many as the reference has."""
    draws = trial.generator("samples")
    return sample(model, count=reference.count, method=method, generator=draws, precision="float32")


def samples(model: Reconstructor, reference: Reference, trial: Trial, *, steps: int) -> Images:
    """Diffusion with no diffusion in float32, in batches of the model's own size; as many as the reference has."""
    return drawn(model, NoDiffusion(steps=steps, mean=NOISE_MEAN, std=NOISE_STD), reference, trial)


def one_pass(model: Reconstructor, reference: Reference, trial: Trial) -> Images:
    """Copies of the noise that these samples begin with."""
    return copies(model, pure_noise(reference, trial))


def plain_copies(model: Reconstructor, reference: Reference, trial: Trial, *, times: int) -> Images:
    """The same noise copied, the copy copied, and so on, without schedule or new noise."""
    x = pure_noise(reference, trial)
    for _ in range(times):
        x = copies(model, x)
    return x


def blurred_samples(reference: Reference, trial: Trial, *, blur: float, steps: int, batch_size: int) -> Images:
    """The same schedule and noise, with a blur matched to the training data's mean and spread in the model's place."""
    blurred = MatchedBlur.fitted(reference.train, blur=blur)
    like, draws = reference.real, trial.generator("samples")
    a = draw_normal(like.shape, mean=NOISE_MEAN, std=NOISE_STD, generator=draws, like=like)
    x_hat = a
    for share in linear(steps):
        x_hat = apply_in_batches(blurred, a, batch_size=batch_size)
        noise = draw_normal(a.shape, mean=NOISE_MEAN, std=NOISE_STD, generator=draws, like=a)
        a = share * x_hat + (1 - share) * noise
    return x_hat
