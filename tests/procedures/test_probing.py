"""What codes know of classes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from contracts import CONFIGS, built
from copyist.data import open_source
from copyist.data.examples import ExampleSet
from copyist.data.splits import Splits
from copyist.errors import ContractError, DataError
from copyist.metrics.probes import probes
from copyist.models import MaskedViTConfig, MLPConfig
from copyist.models.contracts import Autoencoder, needs
from copyist.procedures import probe
from copyist.procedures.probing import code_features, labeled

DIGITS = open_source("digits?limit=300")
UNLABELED = Splits(train=replace(DIGITS.train, labels=None), test=replace(DIGITS.test, labels=None))


def test_an_identity_s_code_is_probed_like_pixels() -> None:
    model = needs(
        built(MLPConfig(image_shape=(1, 8, 8), widths=(64,), activation="identity")), Autoencoder, verb="test"
    )
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, torch.nn.Linear):
                layer.weight.copy_(torch.eye(64))
                layer.bias.zero_()
    splits = DIGITS
    assert splits.train.labels is not None
    assert splits.test.labels is not None
    pixels = probes(
        splits.train.images().flatten(1),
        torch.tensor(splits.train.labels),
        splits.test.images().flatten(1),
        torch.tensor(splits.test.labels),
    )
    assert probe(model, splits) == pixels
    # Digits are told apart by their pixels; ten classes guessed would be one in ten.
    assert pixels.linear > 0.7


def test_features_are_the_mean_token_or_all_values_of_the_code() -> None:
    x = torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    tokens = needs(built(MaskedViTConfig(image_shape=(1, 8, 8), patch=4, width=8, heads=2)), Autoencoder, verb="test")
    with torch.no_grad():
        assert torch.equal(code_features(tokens, x), tokens.encode(x).mean(1))
    maps: Autoencoder = needs(built(replace(CONFIGS["unet-none"], channels=1)), Autoencoder, verb="test")
    with torch.no_grad():
        z: Tensor = maps.encode(x)
        assert torch.equal(code_features(maps, x), z.reshape(4, -1))


def test_labels_missing_is_one_sentence() -> None:
    model = built(MLPConfig(image_shape=(1, 8, 8), widths=(9,)))
    with pytest.raises(DataError, match=r"^digits.* must have labels to be learned, and has none; take digits, faces "):
        probe(model, UNLABELED)


def test_a_model_without_a_code_is_refused() -> None:
    model = built(replace(CONFIGS["unet-skips"], channels=1))
    with pytest.raises(ContractError, match=r"^probe works in a model's code, and UNetSkips has none; "):
        probe(model, DIGITS)


def test_sorted_classes_teach_a_probe_too() -> None:
    """Of more rows than a probe takes, those it takes are of all classes: the first ones would be of one."""
    rng = np.random.default_rng(0)
    names = np.repeat([0, 1], 3000)
    values = rng.normal(size=(6000, 4)).astype(np.float32) + 3 * names[:, None].astype(np.float32)
    rows = ExampleSet(
        source="t", array=values, names=("",) * 6000, labels=names, columns=("a", "b", "c", "d"), fingerprint="0"
    )
    splits = Splits(train=rows, test=rows)
    (_, taught), (_, asked) = labeled(splits, num_images=100)
    assert (len(taught), int(taught.sum())) == (4096, 2048)
    assert (len(asked), int(asked.sum())) == (100, 50)
