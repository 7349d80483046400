"""The image codec as a model: what it takes, what it learns, and what is measured for its files."""

from typing import get_args

import pytest
import torch

from copyist import settings
from copyist.checkpoint import MODEL_CATALOGUES
from copyist.errors import ArgumentError, ShapeError
from copyist.models import ImageCodec, ImageCodecConfig, ModelConfig
from copyist.models.image_codec import CodecActivation
from copyist.nn.discretized import NUM_SCALES, gaussian_bits, scale_of
from copyist.nn.frequencies import TOTAL, gaussian_frequencies, reach, whole_frequencies


def codec(*, qualities: int = 3, activation: CodecActivation = "relu") -> ImageCodec:
    torch.manual_seed(0)
    config = ImageCodecConfig(
        channels=3,
        code_channels=12,
        width=4,
        synthesis_width=4,
        side_channels=2,
        qualities=qualities,
        activation=activation,
    )
    model = config.build().eval()
    assert isinstance(model, ImageCodec)
    return model


@pytest.mark.parametrize("activation", get_args(CodecActivation))
def test_every_weight_gets_a_gradient_from_rate_and_distortion(activation: CodecActivation) -> None:
    model, x = codec(activation=activation), torch.rand(3, 3, 32, 48)
    with torch.no_grad():  # Side information that is rounded to 0 tells the layer behind it nothing.
        model.get_parameter("to_side.4.weight").mul_(30)
    x_hat, bits = model.rate_distortion(x, quality=torch.arange(3), generator=torch.Generator().manual_seed(0))
    assert x_hat.shape == x.shape
    assert bits.shape == (3,)
    ((x_hat - x).square().sum() * 100 + bits.sum()).backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.abs().sum() > 0, name


def test_it_is_rebuilt_from_its_config_with_what_was_measured() -> None:
    model = codec()
    assert not model.is_measured
    model.measured_on(torch.rand(2, 3, 32, 48))
    assert model.is_measured
    again = settings.load(ModelConfig, settings.dump(model.config, MODEL_CATALOGUES), MODEL_CATALOGUES).build()
    assert isinstance(again, ImageCodec)
    again.load_state_dict(model.state_dict())
    for one, two in zip(model.tables.code, again.tables.code, strict=True):
        assert torch.equal(one, two)
        assert int(one.sum()) == TOTAL
        assert int(one.min()) >= 1


def test_images_of_other_sides_are_refused_with_a_way_out() -> None:
    with pytest.raises(ShapeError, match=r"multiples of 16, got 20x32; pad the images .* copyist compress"):
        codec().check_input(torch.rand(1, 3, 20, 32))
    with pytest.raises(ShapeError, match="channel"):
        codec().check_input(torch.rand(1, 1, 32, 32))


def test_a_code_ignores_what_lies_beyond_its_overlap() -> None:
    model = codec()
    x = torch.rand(1, 3, 16 * 9, 16 * 9)
    changed = x.clone()
    changed[:, :, :, : 16 * (8 - model.overlap)] = 0
    with torch.no_grad():
        assert torch.equal(model.encode(x)[:, :, :, 8], model.encode(changed)[:, :, :, 8])
        z = torch.randn(1, 12, 9, 9)
        other = z.clone()
        other[:, :, :, : 8 - model.overlap] = 0
        torch.testing.assert_close(model.decode(z)[..., 16 * 8 :], model.decode(other)[..., 16 * 8 :])


@pytest.mark.parametrize("scale", [0, 30, 60, 96])
def test_frequencies_are_those_of_the_gaussian(scale: int) -> None:
    found = gaussian_frequencies(scale)
    at = torch.arange(-reach(scale), reach(scale) + 1, dtype=torch.float64)
    bits = gaussian_bits(at, scale=scale_of(torch.tensor(float(scale), dtype=torch.float64)))
    # Each frequency is at least 1, which takes from the others in proportion.
    free = TOTAL - len(found)
    assert int(found.sum()) == TOTAL
    assert ((found[:-1] - 1) / free - (-bits).exp2()).abs().max() < 2 / free


def test_counts_weigh_against_the_gaussian() -> None:
    counts = torch.zeros(2 * reach(40) + 2)
    counts[reach(40) + 1] = 10**7
    assert gaussian_frequencies(40, counts)[reach(40) + 1] > 0.99 * TOTAL
    assert torch.equal(gaussian_frequencies(40, torch.zeros_like(counts)), gaussian_frequencies(40))


def test_frequencies_are_whole_and_nearest() -> None:
    found = whole_frequencies(torch.tensor([1.0, 1.0, 0.0, 2.0]))
    assert found.tolist() == [1 + 16383, 1 + 16383, 1, 1 + 32766]
    assert NUM_SCALES == 97


def test_documents_of_rectified_codecs_do_not_name_their_activation() -> None:
    plain, divided = (settings.dump(codec(activation=each).config, MODEL_CATALOGUES) for each in ("relu", "gdn"))
    assert "activation" not in plain
    assert divided["activation"] == "gdn"
    with pytest.raises(ArgumentError, match=r"activation must be .*gdn-1.*got 'GDN'"):
        settings.load(ModelConfig, divided | {"activation": "GDN"}, MODEL_CATALOGUES)
