"""Copy the hidden patches: the loss is its formula, and the model is shown nothing of them."""

import math
from typing import cast

import pytest
import torch
from torch import Tensor, nn

from contracts import CLASSIFIERS, CONFIGS, built, classifier, images
from copyist.errors import ArgumentError, ContractError, ShapeError
from copyist.models import MaskedViT, Model
from copyist.nn.patches import draw_visible, from_patches, to_patches
from copyist.objectives import MaskedCopying


def generator(seed: int = 3) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def masked() -> MaskedViT:
    model = built(CONFIGS["masked-vit"])
    assert isinstance(model, MaskedViT)
    return model


class Known(nn.Module):
    """Answers with images that were given to it, and keeps what it was asked."""

    takes_visible = False
    uses_batch_statistics = False
    batch_size = 64

    def __init__(self, answer: Tensor) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, x: Tensor) -> Tensor:
        self.asked = x
        return self.answer


def known(answer: Tensor) -> Known:
    return Known(answer)


@torch.no_grad()
@pytest.mark.parametrize("weight", [0.0, 0.4])
def test_the_loss_is_the_mean_squared_error_of_the_hidden_patches(weight: float) -> None:
    model, x = masked(), images()
    loss = MaskedCopying(hidden=0.5, visible_weight=weight)(model, x, generator=generator())
    visible = draw_visible(5, 6, hidden=0.5, generator=generator())
    errors = (to_patches(model.forward_visible(x, visible), size=4) - to_patches(x, size=4)).double().square()
    on_paper = errors[~visible].mean() + weight * errors[visible].mean()
    assert loss.item() == pytest.approx(on_paper.item(), rel=1e-5)


def test_hidden_pixels_are_the_target_and_nothing_else() -> None:
    x = images().requires_grad_()
    visible = draw_visible(5, 6, hidden=0.5, generator=generator())
    for model in (masked(), built(CONFIGS["unet-none"])):
        loss = MaskedCopying(hidden=0.5)(model, x, generator=generator())
        (slope,) = torch.autograd.grad(loss, x)
        with torch.no_grad():
            # d/dx (x̂ − x)² = −2 (x̂ − x), where x̂ ignores x; the loss is a mean over so many values.
            copy = x - slope * (~visible).sum() * 48 / 2
        again = x.detach().clone()
        again = from_patches(
            torch.where(visible[:, :, None], to_patches(again, size=4), to_patches(copy, size=4)),
            size=4,
            image_size=(8, 12),
        )
        with torch.no_grad():
            # Where the hidden pixels are what the model answers, nothing is left to learn.
            assert MaskedCopying(hidden=0.5)(model, again, generator=generator()).item() < 1e-10


def test_a_model_that_takes_whole_images_is_shown_them_painted_over() -> None:
    x = images()
    visible = draw_visible(5, 24, hidden=0.75, generator=generator())
    model = known(torch.zeros_like(x))
    loss = MaskedCopying(patch=2)(cast("Model", model), x, generator=generator())
    assert loss.item() == pytest.approx(to_patches(x, size=2)[~visible].square().mean().item(), rel=1e-5)
    asked, true = to_patches(model.asked, size=2), to_patches(x, size=2)
    assert torch.equal(asked[visible], true[visible])
    for index in range(5):
        assert (asked[index, ~visible[index]].reshape(18, 3, 4).flatten(1, 1).std((0, 2)) < 1e-6).all()


def test_normalized_targets_have_no_mean_and_no_scale() -> None:
    x = images()
    # What copies a patch up to brightness and contrast, each patch with its own, has nothing left to learn.
    patches = to_patches(x, size=4).double()
    normal = (patches - patches.mean(2, keepdim=True)) / patches.std(2, keepdim=True)
    answer = from_patches(0.5 + 0.25 * normal, size=4, image_size=(8, 12)).float()
    for scaled in (x, 0.5 * x + 0.3):
        loss = MaskedCopying(normalized=True)(cast("Model", known(answer)), scaled, generator=generator())
        assert loss.item() < 1e-7
    flat = known(torch.full_like(x, 0.5))
    # The mean square of n values of standard deviation 1 about their mean is (n − 1) / n.
    loss = MaskedCopying(normalized=True)(cast("Model", flat), x, generator=generator())
    assert loss.item() == pytest.approx(47 / 48, rel=1e-4)


@pytest.mark.parametrize("normalized", [False, True])
def test_a_picture_shows_the_hidden_the_reconstructed_and_the_image_in_units_of_pixels(normalized: bool) -> None:
    x = images()
    patches = to_patches(x, size=4)
    normal = 0.5 + 0.25 * (patches - patches.mean(2, keepdim=True)) / patches.std(2, keepdim=True)
    answer = from_patches(normal, size=4, image_size=(8, 12)) if normalized else x
    visible = draw_visible(5, 6, hidden=0.5, generator=generator())
    objective = MaskedCopying(hidden=0.5, normalized=normalized)
    rows = objective.pictures(cast("Model", known(answer)), x, generator=generator())
    assert list(rows) == ["50% hidden", "reconstructed", "image"]
    torch.testing.assert_close(rows["reconstructed"], x, rtol=1e-3, atol=1e-4)
    assert rows["image"] is x
    hidden = to_patches(rows["50% hidden"], size=4)
    assert torch.equal(hidden[visible], patches[visible])
    assert (hidden[~visible] == 0.5).all()


def test_visible_patches_of_a_picture_are_the_images_own() -> None:
    x = images()
    visible = draw_visible(5, 6, hidden=0.5, generator=generator())
    rows = MaskedCopying(hidden=0.5).pictures(cast("Model", known(1 - x)), x, generator=generator())
    filled = to_patches(rows["reconstructed"], size=4)
    assert torch.equal(filled[visible], to_patches(x, size=4)[visible])
    assert torch.equal(filled[~visible], to_patches(1 - x, size=4)[~visible])


@pytest.mark.parametrize("hidden", [0.0, 1.0, -0.1, 1.2, math.nan])
def test_a_hidden_share_of_nothing_or_all_is_refused(hidden: float) -> None:
    with pytest.raises(ArgumentError, match=r"^the hidden share must lie strictly between 0 and 1, got "):
        MaskedCopying(hidden=hidden)


def test_a_patch_that_does_not_divide_the_image_is_refused() -> None:
    with pytest.raises(
        ShapeError, match=r"^image sides must be multiples of the patch of 5, got 8x12; resize the imag"
    ):
        MaskedCopying(patch=5)(built(CONFIGS["unet-none"]), images(), generator=generator())
    with pytest.raises(ArgumentError, match=r"^patch must be at least 1, got 0$"):
        MaskedCopying(patch=0)


def test_patches_other_than_the_models_own_are_refused() -> None:
    MaskedCopying(patch=4).check_model(masked())
    with pytest.raises(
        ArgumentError, match=r"^the model is cut into patches of 4, and the objective hides patches of 2;"
    ):
        MaskedCopying(patch=2).check_model(masked())


def test_an_image_of_one_patch_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^some patches must be shown and some hidden, got 1 hidden of 1; take "):
        MaskedCopying(patch=8).check_data(built(CONFIGS["unet-none"]), torch.rand(2, 3, 8, 8))


def test_what_names_images_is_refused() -> None:
    with pytest.raises(
        ContractError, match=r"^MaskedCopying needs a model that copies, and ViT does not; take a model trained "
    ):
        MaskedCopying().check_model(classifier(CLASSIFIERS["vit"]))
