"""Models that experiments share: the same from the same recipe and seed, trained once."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from copyist.claims import model_folder, net_record
from copyist.claims.model_folder import ModelFolder
from copyist.claims.result import SCALES
from copyist.claims.trial import Trial
from copyist.data import open_source
from copyist.models import ConvClassifierConfig, Model, ModelConfig, UNetConfig
from copyist.objectives import Classification, Copying
from copyist.training import Optimization, Recipe, Training
from copyist.training.history import NullObserver
from copyist.training.state import TrainingState
from copyist.training.store import Store


def recipe(model: ModelConfig | None = None, *, steps: int = 2) -> Recipe:
    config = model or UNetConfig(width=2, levels=2, convolutions=1)
    objective = Classification() if isinstance(config, ConvClassifierConfig) else Copying()
    training = Training(steps=steps, batch_size=8, validation_images=8)
    return Recipe(name="small", data="digits?limit=40", model=config, objective=objective, training=training)


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return Trial(scale="smoke", seed=3, resources=ModelFolder(tmp_path / "models"))


def same(one: Model, other: Model) -> bool:
    """Whether two models have the same weights, bit for bit."""
    first, second = one.state_dict(), other.state_dict()
    return list(first) == list(second) and all(torch.equal(first[name].cpu(), second[name].cpu()) for name in first)


@pytest.mark.parametrize(
    "config", [UNetConfig(width=2, levels=2), ConvClassifierConfig(width=2, levels=2)], ids=["copies", "names"]
)
def test_an_untrained_model_has_the_weights_that_training_starts_from(config: ModelConfig, trial: Trial) -> None:
    found, splits = trial.untrained(recipe(config)), open_source(recipe(config).data)
    begun = TrainingState(recipe(config), splits, Store(None), seed=trial.seed, observer=NullObserver())
    assert same(found, begun.model)
    assert (found.batch_size, found.image_shape, found.training) == (8, (1, 8, 8), False)


def test_a_built_model_depends_on_the_seed_alone(trial: Trial, tmp_path: Path) -> None:
    config = UNetConfig(width=2, levels=2, channels=3)
    assert same(trial.built(config), trial.built(config))
    assert not same(trial.built(config), Trial(scale="smoke", seed=4, resources=ModelFolder(tmp_path)).built(config))


def test_an_untrained_model_draws_nothing_from_the_global_generator(trial: Trial) -> None:
    before = torch.random.get_rng_state()
    trial.untrained(recipe())
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_model_is_trained_once_and_then_loaded(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    first = trial.trained(recipe())
    assert not same(first, trial.untrained(recipe()))

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("it was trained again")

    monkeypatch.setattr(model_folder, "train", refuse)
    assert same(trial.trained(recipe()), first)
    with pytest.raises(AssertionError, match="trained again"):
        trial.trained(recipe(steps=3))


def test_two_seeds_make_two_models_and_one_seed_makes_one(trial: Trial, tmp_path: Path) -> None:
    other = Trial(scale="smoke", seed=4, resources=trial.resources)
    elsewhere = Trial(scale="smoke", seed=3, resources=ModelFolder(tmp_path / "elsewhere"))
    first = trial.trained(recipe())
    assert not same(first, other.trained(recipe()))
    assert same(first, elsewhere.trained(recipe()))
    assert not same(trial.untrained(recipe()), other.untrained(recipe()))


def test_what_was_asked_for_is_on_record_under_its_name_and_settings(trial: Trial) -> None:
    trial.untrained(recipe())
    trial.untrained(recipe())
    trial.untrained(recipe(steps=3))
    assert [name.rpartition("-")[0] for name in trial.recipes] == ["small", "small"]
    assert [document["training"]["steps"] for document in trial.recipes.values()] == [2, 3]


def test_each_scale_picks_its_own_setting_and_each_purpose_its_own_draws(tmp_path: Path) -> None:
    trial = Trial(scale="smoke", seed=0, resources=ModelFolder(tmp_path))
    assert [replace(trial, scale=scale).pick(smoke=1, standard=2, gpu=3) for scale in SCALES] == [1, 2, 3]
    draws = [torch.rand(5, generator=trial.generator(*names)).tolist() for names in (("a",), ("b",), ("a",))]
    assert draws[0] == draws[2] != draws[1]


def test_a_net_that_starts_from_another_is_on_record_beside_the_same_net_that_does_not(trial: Trial) -> None:
    first, second = recipe(steps=3), recipe()
    trial.model(second, control=True)
    trial.model(second, start=first)
    assert [net.judged for net in trial.nets.values()] == [False, True]
    assert len({net.name for net in trial.nets.values()}) == 2


def test_the_gate_measures_the_copies_that_a_snapshot_was_kept_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Averaged weights are what is kept and measured, on images spread over the split and not its first ones.
    training = Training(
        steps=20, batch_size=8, validate_every=10, validation_images=24, averaging=0.9, snapshots=(1.0,),
        optimization=Optimization(learning_rate=0.01),
    )  # fmt: skip
    small = replace(recipe(), data="digits", training=training)
    monkeypatch.setattr(net_record, "COUNT", 24)
    trial = Trial(scale="standard", seed=0, resources=ModelFolder(tmp_path))
    first, _ = trial.rungs(small)
    kept = ModelFolder(tmp_path).run(small, seed=0).store.read_snapshot_header(1.0).training["psnr"]
    assert first.record.psnr == pytest.approx(kept, abs=1e-3)
    assert first.record.visits == 80
