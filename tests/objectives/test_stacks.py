"""What trains stacks: the cross entropy of copies, and an objective for the innermost layer alone."""

import pytest
import torch
from torch.nn import functional as F

from contracts import built, images
from copyist.corruption import MaskingNoise
from copyist.errors import ArgumentError, ContractError
from copyist.models import MLPConfig, UNetConfig
from copyist.models.contracts import Stack, needs
from copyist.objectives import Classification, Contraction, Copying, CrossEntropy, Denoising, TopLayer

SHAPE = (2, 3, 5)
CONFIG = MLPConfig(image_shape=SHAPE, widths=(9, 7), activation="sigmoid", output="sigmoid")


def draws() -> torch.Generator:
    return torch.Generator().manual_seed(4)


def test_cross_entropy_is_that_of_bernoulli_values() -> None:
    model, x = built(CONFIG), images(4, SHAPE)
    corruption = MaskingNoise(share=0.4)
    loss = CrossEntropy(corruption=corruption)(model, x, generator=draws())
    logits = torch.logit(model(corruption(x, generator=draws())).double())
    expected = F.binary_cross_entropy_with_logits(logits, x.double())
    torch.testing.assert_close(loss.double(), expected, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(CrossEntropy()(model, x, generator=draws()), F.binary_cross_entropy(model(x), x))


def test_cross_entropy_is_finite_where_a_sigmoid_is_saturated() -> None:
    model, x = built(CONFIG), images(4, SHAPE).round()
    with torch.no_grad():
        model.get_parameter("decoder.2.bias").fill_(200)
    loss = CrossEntropy()(model, x, generator=draws()).detach()
    assert torch.isfinite(loss)
    # Every zero is taken for a one with as much certainty as is allowed.
    assert float(loss) == pytest.approx(16.1 * float((x == 0).float().mean()), rel=0.02)


def test_cross_entropy_in_half_precision_is_that_of_the_logits() -> None:
    # A net that answers a logit of 8 to everything: in bfloat16 its sigmoid would be 1, and the loss 16 and flat.
    model = built(MLPConfig(image_shape=(1, 2, 2), widths=(3,), activation="sigmoid", output="sigmoid"))
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
        model.get_parameter("decoder.0.bias").fill_(8.0)
    x = torch.zeros(5, 1, 2, 2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = CrossEntropy()(model, x, generator=torch.Generator())
    loss.backward()
    wanted = F.binary_cross_entropy_with_logits(torch.full((5, 4), 8.0), torch.zeros(5, 4))
    assert float(loss.detach()) == pytest.approx(float(wanted), rel=1e-3)
    gradient = model.get_parameter("decoder.0.bias").grad
    assert gradient is not None
    torch.testing.assert_close(gradient, torch.full((4,), 0.25), rtol=1e-2, atol=0)


def test_the_exact_contraction_of_a_layer_is_that_of_the_layer_alone() -> None:
    model = built(MLPConfig(image_shape=(1, 2, 3), widths=(5, 4), activation="sigmoid"))
    stack, x = needs(model, Stack, verb="test"), images(6, (1, 2, 3))
    h = stack.layers[0].encode(x).detach()[:, :, None, None]
    exact = Contraction(weight=1.0)
    alone = exact(stack.layers[1], h, generator=torch.Generator())
    together = TopLayer(objective=exact)(model, x, generator=torch.Generator())
    torch.testing.assert_close(together, alone)


def test_cross_entropy_of_what_is_no_probability_is_refused() -> None:
    model, x = built(MLPConfig(image_shape=SHAPE, widths=(4,))), images(4, SHAPE)
    with pytest.raises(
        ArgumentError, match=r"^cross entropy must be given copies in \[0, 1\], got -.*output=sigmoid\)$"
    ):
        CrossEntropy()(model, x, generator=draws())
    with pytest.raises(ArgumentError, match=r"^cross entropy must be given images in \[0, 1\], got .* to 1\..*squared"):
        CrossEntropy()(built(CONFIG), x + 0.5, generator=draws())


@pytest.mark.parametrize("share", [0.0, 0.4])
def test_the_innermost_layer_copies_the_clean_code_of_those_below(share: float) -> None:
    model, x = built(CONFIG), images(6, SHAPE)
    corruption = MaskingNoise(share=share)
    inner = Denoising(corruption=corruption)
    loss = TopLayer(objective=inner)(model, x, generator=draws())
    first, second, back = (model.get_submodule(name) for name in ("encoder.1", "encoder.3", "decoder.0"))
    h = torch.sigmoid(first(x.flatten(1)))
    h_tilde = corruption(h[:, :, None, None], generator=draws()).flatten(1)
    h_hat = torch.sigmoid(back(torch.sigmoid(second(h_tilde))))
    torch.testing.assert_close(loss, F.mse_loss(h_hat, h))


def test_only_the_innermost_layer_is_trained() -> None:
    model = built(CONFIG)
    objective = TopLayer(objective=Copying())
    kept = {id(weight) for weight in objective.frozen_weights(model)}
    frozen = {name for name, weight in model.named_parameters() if id(weight) in kept}
    objective(model, images(4, SHAPE), generator=draws()).backward()
    moved = {name for name, weight in model.named_parameters() if weight.grad is not None}
    assert moved == {"encoder.3.weight", "encoder.3.bias", "decoder.0.weight", "decoder.0.bias"}
    assert frozen == {name for name, _ in model.named_parameters()} - moved


def test_a_layer_is_trained_to_copy_and_in_a_stack() -> None:
    with pytest.raises(ArgumentError, match=r"^a layer must be trained to copy, got Classification, which needs lab"):
        TopLayer(objective=Classification())
    with pytest.raises(ContractError, match=r"^TopLayer needs layers in a row, and UNet has none; take an mlp$"):
        TopLayer(objective=Copying()).check_model(built(UNetConfig(channels=2, width=4, levels=2)))
