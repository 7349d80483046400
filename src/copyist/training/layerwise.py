"""Greedy pretraining: the layers of a stack trained one after the other, and then all of it from there."""

__all__ = ["begin_below", "check_layers", "layer_recipes", "pretrain"]

from dataclasses import replace

import torch

from copyist.models.contracts import Model, Pretrainable, PretrainableConfig, Stack, needs
from copyist.objectives import TopLayer
from copyist.training.config import Recipe
from copyist.training.finish import finish
from copyist.training.loop import Interrupts, take_steps
from copyist.training.saving import begin_run, resume_run, save_state
from copyist.training.state import TrainingState
from copyist.training.store import Store


def layer_recipes(recipe: Recipe) -> tuple[Recipe, ...]:
    """The runs that pretraining is made of: one per layer, each of the stack as far as it has grown.

    A run starts from the weights of the one before it and trains the layer it adds, alone, so that it costs a pass
    through the layers below and needs no room for their codes. Its model is whole: it copies through all its layers.

    Source:
        Bengio et al. (2007), "Greedy Layer-Wise Training of Deep Networks", section 3; Vincent et al. (2010), section
        3.4, where each layer denoises.
    """
    pretraining = recipe.pretraining
    if pretraining is None:
        return ()
    stacks = needs(recipe.model, PretrainableConfig, verb="pretraining").stacks()
    objectives = pretraining.objectives * (len(stacks) if len(pretraining.objectives) == 1 else 1)
    optimization = pretraining.optimization or recipe.training.optimization
    training = replace(recipe.training, steps=pretraining.steps, optimization=optimization)
    return tuple(
        Recipe(
            name=f"{recipe.name}-layer-{index}",
            data=recipe.data,
            model=stack,
            objective=TopLayer(objective=objective),
            training=training,
        )
        for index, (stack, objective) in enumerate(zip(stacks, objectives, strict=True))
    )


def check_layers(state: TrainingState) -> None:
    """Let the objectives of the layers to come refuse their models and the data, before anything is written.

    Raises:
        CopyistError: whatever an objective raises.
    """
    for recipe in layer_recipes(state.recipe):
        with torch.random.fork_rng(devices=[]):
            model = recipe.model.fitted(state.data.splits.train.shape).build().to(state.device)
        recipe.objective.check_model(model)
        recipe.objective.check_data(model, state.held_out.x)


def pretrain(state: TrainingState, interrupts: Interrupts) -> None:
    """Train each layer in a run of its own, or go on with that, and start from the last; `state` is at its first step.

    Raises:
        TrainingError, OutputError: as `take_steps`.
        CheckpointError: a layer was begun with other settings.
    """
    recipes = layer_recipes(state.recipe)
    below: TrainingState | None = None
    for index, recipe in enumerate(recipes):
        layer = begin_below(state, recipe, state.store.layer(index))
        if below is not None:
            _start_from(layer, below.result)
        state.observer.begin_phase(f"layer {index + 1} of {len(recipes)}")
        if not layer.finished:
            state.observer.notify(f"pretraining layer {index + 1} of {len(recipes)}, in {layer.store}")
        take_steps(layer, interrupts)
        finish(layer)
        below = layer
    if below is not None:
        _start_from(state, below.result)
        state.observer.notify(f"training all {len(recipes)} layers together, in {state.store}")


def begin_below(state: TrainingState, recipe: Recipe, store: Store) -> TrainingState:
    """The run of a part of the model that is trained before all of it, at its first step or where it was left."""
    begun = store.has_state
    # All processes must have looked before one writes.
    state.accelerator.wait_for_everyone()
    below = TrainingState(recipe, state.data.splits, store, seed=state.seed, observer=state.observer)
    if begun:
        resume_run(below)
    else:
        below.check_data()
        begin_run(below, overwrite=True)
    return below


def _start_from(state: TrainingState, pretrained: Model) -> None:
    """Before the first step, take over the layers of a pretrained stack; a run that goes on has them already."""
    if state.counters.step:
        return
    stack = needs(pretrained, Stack, verb="pretraining")
    for model in (state.model, state.average, state.best):
        if model is not None:
            needs(model, Pretrainable, verb="pretraining").start_from(stack)
    # What goes back to the start must not go back to before it.
    save_state(state)
