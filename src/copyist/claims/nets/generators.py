"""Models that make landscapes, each planned for the same time of one thread: what a copier's samples are compared with.

On one machine a step of 32 landscapes of 32×32 was timed, in seconds of one thread: copying by the plain net of the
ladder 0.21, and by its variational form 0.23; denoising 0.17; diffusion of pixels 0.23; an autoencoder of small codes
0.15, and diffusion of its codes 0.06. Steps are chosen by that, so that none has much more time than the copier.
"""

__all__ = [
    "diffusion_like_ladder",
    "short_copier",
    "short_denoiser",
    "short_diffusion",
    "short_latent_diffusion",
    "short_variational",
]

from dataclasses import replace

from copyist import recipes
from copyist.claims.nets.ladder import ladder, ladder_denoiser, ladder_variational
from copyist.claims.nets.scaling import scenes
from copyist.claims.trial import Trial
from copyist.models.diffusion_unet import DiffusionUNetConfig
from copyist.training import FirstStage, Recipe, Training


def diffusion_like_ladder(trial: Trial) -> Recipe:
    """Diffusion of pixels, for the time in which the plain net of the ladder is trained, some 50 minutes of one thread.

    Its 1.54 million parameters are 11 % fewer than that net's; it sees 416,000 images, 13 % fewer.
    """
    return _diffusion(trial, name="ladder-diffusion", steps=trial.pick(smoke=20, standard=13_000, gpu=17_000))


def short_copier(trial: Trial) -> Recipe:
    """The plain net of the ladder, trained for 3000 steps, some 10 minutes of one thread, as all that follow."""
    base = _shortened(ladder(trial), trial)
    return replace(base, name="short-copier", training=replace(base.training, snapshots=()))


def short_denoiser(trial: Trial) -> Recipe:
    """The same net, trained to denoise."""
    return _shortened(ladder_denoiser(trial), trial)


def short_variational(trial: Trial) -> Recipe:
    """Its variational form: 6 % longer than the copier."""
    return _shortened(ladder_variational(trial), trial)


def short_diffusion(trial: Trial) -> Recipe:
    """Diffusion of pixels."""
    return _diffusion(trial, name="short-diffusion", steps=trial.pick(smoke=20, standard=2600, gpu=5200))


def short_latent_diffusion(trial: Trial) -> Recipe:
    """Diffusion of the codes of an autoencoder, which is trained for a third of the time."""
    base = recipes.latent_diffusion(data=scenes(trial))
    assert base.first_stage is not None
    before = _training(base.first_stage.training, trial, steps=trial.pick(smoke=20, standard=1400, gpu=2800))
    training = _training(base.training, trial, steps=trial.pick(smoke=20, standard=7000, gpu=14_000))
    first = FirstStage(model=base.first_stage.model, objective=base.first_stage.objective, training=before)
    return replace(base, name="short-latent-diffusion", first_stage=first, training=training)


def _shortened(recipe: Recipe, trial: Trial) -> Recipe:
    """For as many steps as the short copier takes."""
    steps = trial.pick(smoke=20, standard=3000, gpu=6000)
    return replace(recipe, training=replace(recipe.training, steps=steps))


def _diffusion(trial: Trial, *, name: str, steps: int) -> Recipe:
    """By a net with skips of about as many parameters as the plain net of the ladder."""
    base = recipes.diffusion(data=scenes(trial))
    model = DiffusionUNetConfig(
        width=trial.pick(smoke=8, standard=24, gpu=48), levels=trial.pick(smoke=3, standard=4, gpu=5)
    )
    return replace(base, name=name, model=model, training=_training(base.training, trial, steps=steps))


def _training(training: Training, trial: Trial, *, steps: int) -> Training:
    every = min(steps, trial.pick(smoke=20, standard=500, gpu=1000))
    batch = trial.pick(smoke=16, standard=32, gpu=32)
    return replace(training, steps=steps, batch_size=batch, validate_every=every, save_every=every)
