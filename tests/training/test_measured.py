"""What a model measures on the training data after the last step travels in its file, beside the weights."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import pytest
import torch
from torch import Tensor, nn

import copyist
from copyist.checkpoint import read_model
from copyist.data import open_source
from copyist.models import Autoencoder, MLPConfig, Model, ModelConfig, ResidualConfig
from copyist.training import Optimization, Run, train
from training.tiny import StoppedError, Told, same_bits, tiny, weights


@dataclass(frozen=True, kw_only=True)
class SpreadConfig(ModelConfig):
    """A family of one's own: one number, and how far its codes spread."""

    def fitted(self, shape: tuple[int, ...]) -> "SpreadConfig":
        return self

    def build(self) -> "Spread":
        return Spread(self)


@final
class Spread(Autoencoder):
    """z = w·x; how far z spreads over the training images is measured."""

    measured = ("spread", "count")

    def __init__(self, config: SpreadConfig) -> None:
        super().__init__()
        self._config = config
        self.weight = nn.Parameter(torch.tensor([0.25]))
        self.register_buffer("spread", torch.zeros(()))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    @property
    def config(self) -> SpreadConfig:
        return self._config

    def check_input(self, x: Tensor) -> None:
        pass

    def encode(self, x: Tensor) -> Tensor:
        return self.weight * x

    def decode(self, z: Tensor) -> Tensor:
        return z

    def measured_on(self, examples: Tensor) -> None:
        assert not self.training
        assert not torch.is_grad_enabled()
        self.get_buffer("spread").copy_(self.encode(examples).std())
        self.get_buffer("count").fill_(len(examples))


def loaded(run: Run) -> Model:
    return copyist.load(run.folder, class_of=f"{__name__}:SpreadConfig", device="cpu")


def spread_of(model: Model, data: str) -> Tensor:
    x = open_source(data).train.examples()
    return (model.get_parameter("weight") * x).std().detach()


# A rate far too high, so that the best weights are not the last ones.
DIVERGING = Optimization(optimizer="sgd", learning_rate=15, schedule="constant", warmup=0, clip=0)


@pytest.mark.parametrize(
    "training",
    [{}, {"averaging": 0.9}, {"patience": 1, "validate_every": 5, "optimization": DIVERGING}],
)
def test_what_is_measured_is_of_the_weights_that_are_written(tmp_path: Path, training: dict[str, Any]) -> None:
    run = train(tiny(model=SpreadConfig(), steps=20, **training), out=tmp_path / "run")
    model = loaded(run)
    assert isinstance(model, Spread)
    torch.testing.assert_close(model.get_buffer("spread"), spread_of(model, "digits"))
    assert int(model.get_buffer("count")) == len(open_source("digits").train) == 1617
    # The last weights of the training are others than those that are written, but for a plain run.
    _, state = copyist.checkpoint.read_tensors(run.folder / "state" / "state.safetensors")
    assert float(state["model.spread"]) == 0
    assert torch.equal(state["model.weight"], model.get_parameter("weight")) == (not training)


def test_a_run_that_was_stopped_measures_the_same(tmp_path: Path) -> None:
    recipe = tiny(model=SpreadConfig())
    alone = train(recipe, out=tmp_path / "alone")
    with pytest.raises(StoppedError):
        train(recipe, out=tmp_path / "run", observer=Told(stop_at=17))
    assert same_bits(train(recipe, out=tmp_path / "run", resume=True), alone)


def test_a_run_that_starts_from_a_model_takes_its_weights_and_measures_anew(tmp_path: Path) -> None:
    first = train(tiny(model=SpreadConfig()), out=tmp_path / "first")
    other = "digits?limit=300"
    again = train(tiny(model=SpreadConfig(), data=other, steps=1), out=tmp_path / "again", start=first.folder)
    model = loaded(again)
    assert int(model.get_buffer("count")) == 300
    torch.testing.assert_close(model.get_buffer("spread"), spread_of(model, other))
    _, state = copyist.checkpoint.read_tensors(again.folder / "state" / "state.safetensors")
    assert int(state["model.count"]) == 0
    # One step of Adam moves a weight by its rate, 0.01, at most.
    assert float((weights(first)["weight"] - weights(again)["weight"]).abs()) < 0.011


@pytest.mark.parametrize(
    "config", [MLPConfig(num_columns=4, widths=(3,)), ResidualConfig(model=MLPConfig(num_columns=4, widths=(3,)))]
)
def test_a_model_of_a_table_fills_the_buffers_that_it_names_and_no_others(config: ModelConfig) -> None:
    model = config.build()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    x = torch.randn(7, 4, generator=torch.Generator().manual_seed(0)) * 5 + 2
    model.measured_on(x)
    changed = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    # The origin of columns that are not far from 0 stays 0.
    assert changed == set(model.measured) - {"standardization.origin"}
    torch.testing.assert_close(model.get_buffer("standardization.mean"), x.mean(0))
    torch.testing.assert_close(model.get_buffer("standardization.std"), x.std(0, correction=0))


def test_images_measure_nothing_and_their_files_hold_weights_alone(tmp_path: Path) -> None:
    run = train(tiny(model=MLPConfig(widths=(5,)), steps=2), out=tmp_path / "run")
    assert run.load().measured == ()
    assert set(read_model(run.model_file)[1]) == {name for name, _ in run.load().named_parameters()}
