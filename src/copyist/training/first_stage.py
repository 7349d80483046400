"""The first stage of a latent diffusion model: trained in a run of its own before the denoiser, or given."""

__all__ = [
    "check_first_stage",
    "first_stage_recipe",
    "read_first_stage",
    "train_first_stage",
    "with_given",
]

from dataclasses import replace
from pathlib import Path

import torch

from copyist.checkpoint import load
from copyist.errors import ContractError
from copyist.models.contracts import Autoencoder, needs
from copyist.models.latent_diffusion import LatentDiffusion, LatentDiffusionConfig
from copyist.training.config import Recipe
from copyist.training.finish import finish, finished_model
from copyist.training.layerwise import begin_below
from copyist.training.loop import Interrupts, take_steps
from copyist.training.saving import save_state
from copyist.training.state import TrainingState


def first_stage_recipe(recipe: Recipe) -> Recipe | None:
    """The run that trains the first stage of a recipe; None where there is none to train."""
    first = recipe.first_stage
    if first is None:
        return None
    return Recipe(
        name=f"{recipe.name}-first-stage",
        data=recipe.data,
        model=first.model,
        objective=first.objective,
        training=first.training,
    )


def read_first_stage(given: str | Path | Autoencoder) -> Autoencoder:
    """The autoencoder of a model file or a run's folder; of a latent diffusion model its first stage.

    Raises:
        CheckpointError: the file is missing, damaged, or no model.
        ContractError: its model has no code.
    """
    model = load(given, device="cpu") if isinstance(given, str | Path) else given
    if isinstance(model, LatentDiffusion):
        return model.first_stage
    return needs(model, Autoencoder, verb="latent diffusion")


def with_given(recipe: Recipe, first_stage: Autoencoder) -> Recipe:
    """The recipe of a run whose first stage is given, and not trained.

    Raises:
        ContractError: its model is no latent diffusion model.
    """
    if not isinstance(recipe.model, LatentDiffusionConfig):
        raise ContractError(
            f"a first stage is given to a latent diffusion model, and {recipe.name} trains none; leave --first-stage "
            "out, or take the recipe latent-diffusion"
        )
    return replace(recipe, first_stage=None, model=replace(recipe.model, first_stage=first_stage.config))


def check_first_stage(state: TrainingState) -> None:
    """Let the objective of the first stage refuse its model and the data, before anything is written.

    Raises:
        CopyistError: whatever the objective raises.
    """
    recipe = first_stage_recipe(state.recipe)
    if recipe is None:
        return
    with torch.random.fork_rng(devices=[]):
        model = recipe.model.fitted(state.data.splits.train.shape).build().to(state.device)
    recipe.objective.check_model(model)
    test = state.data.splits.test.subset(recipe.training.batch_size)
    recipe.objective.check_data(model, test.examples().to(state.device))


def train_first_stage(state: TrainingState, interrupts: Interrupts) -> None:
    """Train the first stage in a run of its own, or go on with that, and take it over; `state` is at its first step.

    Raises:
        TrainingError, OutputError: as `take_steps`.
        CheckpointError: the first stage was begun with other settings.
        DataError: its codes are not finite.
    """
    recipe = first_stage_recipe(state.recipe)
    if recipe is None:
        return
    below = begin_below(state, recipe, state.store.first_stage)
    state.observer.begin_phase("first stage")
    if not below.finished:
        state.observer.notify(f"training the first stage, in {below.store}")
    take_steps(below, interrupts)
    finish(below)
    state.take_first_stage(needs(finished_model(below, below.result), Autoencoder, verb="latent diffusion"))
    # What goes back to the start must not go back to before it.
    save_state(state)
    state.observer.notify(f"training the denoiser of its codes, in {state.store}")
