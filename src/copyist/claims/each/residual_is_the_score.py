"""For small noise the residual of a denoising autoencoder, over σ², is the gradient of the log-density."""

__all__ = ["CLAIM", "EXPERIMENT"]

from itertools import pairwise

import torch
from torch.nn.functional import cosine_similarity

from copyist.claims.measures.copy_measures import distance_ratio
from copyist.claims.measures.known_densities import (
    Mixture,
    circle,
    circle_tangents,
    gaussian_denoiser,
    trained_on_draws,
)
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.corruption import GaussianNoise
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.models.contracts import ModelConfig, Reconstructor, needs
from copyist.models.mlp import MLPConfig
from copyist.objectives import Copying, Denoising
from copyist.procedures import posterior_mean, score
from copyist.randomness import draw_normal
from copyist.tensors import Images
from copyist.training import Optimization, Recipe, Training

SIGMAS = (0.4, 0.2, 0.1)
"""At which autoencoders are trained, for a mixture whose parts have a standard deviation of 0.3."""

CURVE_SIGMA, DIGITS_SIGMA = 0.1, 0.2

PLANE, CURVE = (1, 2, 2), (1, 6, 8)
"""(C, H, W) of the draws."""

_SAID = (
    '"Autoencoders & Denoising AEs", on denoising autoencoders: trained on Gaussian noise of small variance, the '
    "residual is the score of the data"
)

CLAIM = Claim(
    sentence="For noise of small variance the residual of a denoising autoencoder over that variance is the gradient "
    "of the data's log-density.",
    source='"Autoencoders & Denoising AEs", on denoising autoencoders, after Vincent (2011) and Alain & Bengio (2014)',
    regime=Regime(psnr=None, why="the nets are trained to denoise draws of known density, and not to copy images"),
    picture="sigma",
    parts=(
        Part(
            name="cosine",
            measure="mean cosine between (D(E(x)) − x) / σ² and ∇ log p(x), σ = 0.1, at draws of a mixture of four "
            "Gaussians of standard deviation 0.3 in 4 dimensions; an overcomplete net trained on new draws",
            holds_when=Above(0.9),
            source=_SAID,
        ),
        Part(
            name="error_over_variance",
            measure="relative error of that estimate, ‖·‖ over all draws, at σ = 0.1 over that at σ = 0.4: it is less "
            "where the variance is",
            holds_when=Below(1.0),
            scale="log",
            source=_SAID,
        ),
        *(
            Part(
                name=f"error_step_to_{name}",
                measure=f"that error at σ = {sigma:g} over that at twice the σ: it falls all the way, and does not "
                "come to what the net itself is off by",
                holds_when=Below(1.0),
                scale="log",
            )
            for name, sigma in (("small", 0.2), ("smaller", 0.1))
        ),
        Part(
            name="over_linear",
            measure="that cosine minus the one of the best linear denoiser at the same draws, the score of a Gaussian",
            holds_when=Above(0.0),
        ),
        Part(
            name="curve_cosine",
            measure="mean cosine with the exact score of a circle in 48 dimensions with noise of σ = 0.1, at noisy "
            "points",
            holds_when=Above(0.9),
        ),
        Part(
            name="digits_cosine",
            measure="mean cosine with the exact score, by the posterior mean, of the finite set of training digits "
            "with noise of σ = 0.2, at noisy ones",
            holds_when=Above(0.9),
        ),
    ),
    controls=(
        Control(name="untrained_cosine", measure="cosine of the untrained net's residual, mixture, σ = 0.1"),
        Control(name="copier_cosine", measure="that of the same net trained only to copy"),
        Control(name="linear_cosine", measure="that of the best linear denoiser, the score of a Gaussian"),
        Control(name="exact_cosine", measure="that of the exact posterior mean: what noise of σ = 0.1 costs"),
        Control(name="exact_error", measure="its relative error"),
        Control(name="error", measure="relative error of the trained net at σ = 0.1"),
        Control(name="noisy_error", measure="its error against the score of the data with the noise, ∇ log p_σ"),
        Control(name="curve_linear_cosine", measure="cosine of the best linear denoiser on the circle"),
        Control(
            name="curve_tangent_error",
            measure="share of the residual at points of the circle along it, where the exact score has none",
        ),
        Control(
            name="diffusion_identity",
            measure="Σ over levels of the denoising loss / σ², over the sum of the loss of the same net as a predictor "
            "of the noise in √ᾱ·x + √(1 − ᾱ)·ε, σ² = (1 − ᾱ)/ᾱ: denoising, so weighted, is the objective of diffusion "
            "models. An identity, 1 for every net",
        ),
        Control(name="digits_linear_cosine", measure="cosine of the best linear denoiser on digits"),
        Control(name="digits_copier_cosine", measure="cosine of the same net trained only to copy digits"),
        Control(name="digits_held_out", measure="‖x̂ − x‖ / ‖x̃ − x‖ of the trained net on held-out digits"),
        Control(name="digits_held_out_exact", measure="the same of the posterior mean over the training digits"),
    ),
)


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """Train denoisers on data of known density, and hold their residuals against its gradient."""
    values, curve = _mixture(trial)
    values |= _curve(trial) | _digits(trial)
    return Measurements(values=values, curves={"sigma": curve})


def _mixture(trial: Trial) -> tuple[dict[str, float], Curves]:
    draws = trial.generator("mixture")
    means = draw_normal((4, *PLANE), mean=0.5, std=0.5, generator=draws, like=torch.empty(0, device=trial.device))
    data = Mixture(means=means, std=0.3)
    x = data.draw(trial.pick(smoke=64, standard=2048, gpu=8192), generator=draws)
    recipes = {
        sigma: _recipe(
            trial,
            name="mixture",
            data="four Gaussians, drawn anew at every step",
            model=MLPConfig(image_shape=PLANE, widths=(128, 128)),
            sigma=sigma,
            steps=12_000,
            batch_size=1024,
        )
        for sigma in (*SIGMAS, 0.0)
    }
    nets = {sigma: trained_on_draws(data, recipe, trial=trial) for sigma, recipe in recipes.items()}
    fresh = needs(trial.built(recipes[SIGMAS[-1]].model), Reconstructor, verb="an experiment")
    wanted, last = data.score(x, sigma=0), SIGMAS[-1]
    errors = [_error(score(nets[sigma], x, sigma=sigma), wanted) for sigma in SIGMAS]
    found = score(nets[last], x, sigma=last)
    cosine, linear = _cosine(found, wanted), _cosine(gaussian_denoiser(x, sigma=last)(x) - x, wanted)
    values = {
        "cosine": cosine,
        "over_linear": cosine - linear,
        "error_over_variance": errors[-1] / errors[0],
        **{
            f"error_step_to_{name}": smaller / larger
            for name, (larger, smaller) in zip(("small", "smaller"), pairwise(errors), strict=True)
        },
        "diffusion_identity": _identity(nets[last], x, trial),
        "untrained_cosine": _cosine(fresh(x) - x, wanted),
        "copier_cosine": _cosine(nets[0.0](x) - x, wanted),
        "linear_cosine": linear,
        "exact_cosine": _cosine(data.score(x, sigma=last), wanted),
        "exact_error": _error(data.score(x, sigma=last), wanted),
        "error": errors[-1],
        "noisy_error": _error(found, data.score(x, sigma=last)),
    }
    lines = {"trained": errors, "exact posterior mean": [_error(data.score(x, sigma=s), wanted) for s in SIGMAS]}
    curve = Curves(
        title="Error of the score over the noise",
        x_label="σ",
        y_label="relative error",
        x=SIGMAS,
        lines=lines,
        log_x=True,
    )
    return values, curve


def _curve(trial: Trial) -> dict[str, float]:
    draws, sigma = trial.generator("curve"), CURVE_SIGMA
    data = Mixture(means=circle(2000, shape=CURVE, generator=draws).to(trial.device))
    points = data.draw(trial.pick(smoke=64, standard=1024, gpu=4096), generator=draws)
    noisy = GaussianNoise(sigma)(points, generator=draws)
    recipe = _recipe(
        trial,
        name="circle",
        data="points of a circle, drawn anew at every step",
        model=MLPConfig(image_shape=CURVE, widths=(128, 128)),
        sigma=sigma,
        steps=2000,
        batch_size=256,
    )
    net = trained_on_draws(data, recipe, trial=trial)
    wanted = data.score(noisy, sigma=sigma)
    residual = (net(points) - points).flatten(1)
    along = (residual * circle_tangents(data.means, points).flatten(1)).sum(1)
    return {
        "curve_cosine": _cosine(score(net, noisy, sigma=sigma), wanted),
        "curve_linear_cosine": _cosine(gaussian_denoiser(data.means, sigma=sigma)(noisy) - noisy, wanted),
        "curve_tangent_error": float(along.norm() / residual.norm()),
    }


def _digits(trial: Trial) -> dict[str, float]:
    source, sigma = trial.pick(smoke="digits?limit=100", standard="digits", gpu="digits"), DIGITS_SIGMA
    splits = trial.splits(source)
    data = Mixture(means=splits.train.images().to(trial.device))
    x = splits.test.images(0, 256).to(trial.device)
    noise, draws = GaussianNoise(sigma), trial.generator("digits")
    noisy, held = noise(data.means[:256], generator=draws), noise(x, generator=draws)
    net, copier = (
        trial.trained(
            _recipe(
                trial,
                name="digits-score",
                data=source,
                model=MLPConfig(widths=(256, 256)),
                sigma=level,
                steps=3600,
                batch_size=256,
            ),
            control=level == 0,
        )
        for level in (sigma, 0.0)
    )
    wanted = data.score(noisy, sigma=sigma)
    return {
        "digits_cosine": _cosine(score(net, noisy, sigma=sigma), wanted),
        "digits_linear_cosine": _cosine(gaussian_denoiser(data.means, sigma=sigma)(noisy) - noisy, wanted),
        "digits_copier_cosine": _cosine(copier(noisy) - noisy, wanted),
        "digits_held_out": distance_ratio(net(held), held, x),
        "digits_held_out_exact": distance_ratio(posterior_mean(held, data.means, sigma=sigma), held, x),
    }


def _recipe(
    trial: Trial, *, name: str, data: str, model: ModelConfig, sigma: float, steps: int, batch_size: int
) -> Recipe:
    """A net that removes noise of one level, or copies where `sigma` is 0."""
    taken = trial.pick(smoke=20, standard=steps, gpu=10 * steps)
    training = Training(
        steps=taken,
        batch_size=batch_size,
        flip=False,  # a mirrored digit has another density
        averaging=0.999 if taken > 1000 else 0.0,
        precision="float32",  # what is divided by σ² must be exact
        validate_every=taken,
        save_every=taken,
        optimization=Optimization(learning_rate=3e-3, clip=0.0),
    )
    return Recipe(
        name=f"{name}-denoiser-{sigma:g}" if sigma else f"{name}-copier",
        data=data,
        model=model,
        objective=Denoising(corruption=GaussianNoise(sigma)) if sigma else Copying(),
        training=training,
    )


def _cosine(found: Images, wanted: Images) -> float:
    return float(cosine_similarity(found.flatten(1), wanted.flatten(1), dim=1).mean())


def _error(found: Images, wanted: Images) -> float:
    return float((found - wanted).norm() / wanted.norm())


def _identity(model: Reconstructor, x: Images, trial: Trial) -> float:
    """Denoising losses weighted by 1 / σ², over the loss of diffusion models with the same net and the same noise."""
    denoising = diffusion = 0.0
    for level, kept in enumerate((0.99, 0.9, 0.5, 0.1, 0.01)):  # ᾱ
        sigma = ((1 - kept) / kept) ** 0.5
        objective = Denoising(corruption=GaussianNoise(sigma))
        denoising += float(objective(model, x, generator=trial.generator("levels", level))) / sigma**2
        epsilon = draw_normal(x.shape, generator=trial.generator("levels", level), like=x)
        x_t = kept**0.5 * x + (1 - kept) ** 0.5 * epsilon
        scaled = x_t / kept**0.5
        predicted = (scaled - model(scaled)) / sigma
        diffusion += float((predicted - epsilon).square().mean())
    return denoising / diffusion


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
