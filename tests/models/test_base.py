"""What a model cannot do it refuses in one sentence that says which model can."""

from dataclasses import dataclass
from typing import Self, final

import pytest
import torch
from torch import Tensor, nn

from contracts import CONFIGS, built, images
from copyist.data import open_source
from copyist.errors import ContractError, ShapeError
from copyist.evaluation.evaluate import evaluate_images
from copyist.models import ModelConfig
from copyist.models.contracts import Classifier, Reconstructor, needs
from copyist.procedures import denoise, encode, reconstruct, sample, walk


@dataclass(frozen=True, kw_only=True)
class BrightConfig(ModelConfig):
    def fitted(self, shape: tuple[int, ...]) -> Self:
        return self

    def build(self) -> Classifier:
        return Bright()


@final
class Bright(Classifier):
    """Dark or bright, on paper: the one feature is an image's mean, the logits are 1 − mean and mean."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(1, 2)
        with torch.no_grad():
            self.head.weight.copy_(torch.tensor([[-1.0], [1.0]]))
            self.head.bias.copy_(torch.tensor([1.0, 0.0]))

    @property
    def config(self) -> BrightConfig:
        return BrightConfig()

    def check_input(self, x: Tensor) -> None:
        if x.shape[1] != 3:
            raise ShapeError("three channels only")

    def features(self, x: Tensor) -> Tensor:
        return x.mean((1, 2, 3))[:, None]


def test_the_answer_of_a_classifier_is_its_head_on_its_features() -> None:
    x = images()
    mean = x.mean((1, 2, 3))
    with torch.no_grad():
        torch.testing.assert_close(Bright()(x), torch.stack([1 - mean, mean], dim=1))


def test_a_classifier_checks_what_it_is_given() -> None:
    with pytest.raises(ShapeError, match="three channels only"):
        Bright().check_batch(images(2, (1, 4, 5)))
    with pytest.raises(ShapeError, match=r"give a single image a batch axis with x\[None\]"):
        Bright().check_batch(images()[0])


@pytest.mark.parametrize("verb", ["reconstruct", "denoise", "sample", "evaluate"])
def test_a_classifier_refuses_to_copy(verb: str) -> None:
    model, x = Bright(), images()
    acts = {
        "reconstruct": lambda: reconstruct(model, x),
        "denoise": lambda: denoise(model, x),
        "sample": lambda: sample(model, count=2, shape=(3, 8, 12)),
        "evaluate": lambda: evaluate_images({"bright": model}, open_source("digits?limit=9"), num_images=4),
    }
    with pytest.raises(
        ContractError, match=f"^{verb} needs a model that copies, and Bright does not; take a model trained to copy$"
    ):
        acts[verb]()


@pytest.mark.parametrize("verb", ["encode", "walk"])
def test_a_classifier_has_no_code(verb: str) -> None:
    model, x = Bright(), images()
    with pytest.raises(
        ContractError, match=f"^{verb} works in a model's code, and Bright has none; take a model with a code, such"
    ):
        encode(model, x) if verb == "encode" else walk(model, x)


@pytest.mark.parametrize("kind", ["mlp", "unet-skips"])
def test_a_model_that_copies_names_nothing(kind: str) -> None:
    model = built(CONFIGS[kind])
    assert needs(model, Reconstructor, verb="denoise") is model
    with pytest.raises(
        ContractError, match=f"^features names images, and {type(model).__name__} copies them; take a classifier$"
    ):
        needs(model, Classifier, verb="features")


def test_a_classifier_is_one() -> None:
    model = Bright()
    assert needs(model, Classifier, verb="features") is model
