"""In a sparse code only the k largest units speak, and they say what they heard."""

import pytest
import torch

from contracts import autoencoder, built, images
from copyist.errors import ArgumentError, ContractError, ShapeError
from copyist.models import SparseMLPConfig, UNetConfig
from copyist.models.contracts import Dictionary, needs

SHAPE = (2, 3, 5)


def sparse(k: int | None = 4, widths: tuple[int, ...] = (50,)) -> Dictionary:
    return needs(built(SparseMLPConfig(image_shape=SHAPE, widths=widths, k=k)), Dictionary, verb="test")


@pytest.mark.parametrize("k", [1, 4, 50])
def test_at_most_k_units_speak_and_they_are_the_largest(k: int) -> None:
    model, x = sparse(k), images(6, SHAPE)
    with torch.no_grad():
        z = model.encode(x)
        heard = x.flatten(1) @ model.to_code.weight.T + model.to_code.bias
    for code, a in zip(z, heard, strict=True):
        kept = sorted(range(50), key=lambda unit: float(a[unit]))[-k:]
        by_hand = [max(0.0, float(a[unit])) if unit in kept else 0.0 for unit in range(50)]
        torch.testing.assert_close(code, torch.tensor(by_hand))


def test_without_k_it_is_rectified() -> None:
    model, x = sparse(None), images(6, SHAPE)
    with torch.no_grad():
        torch.testing.assert_close(model.encode(x), sparse(50).encode(x))


def test_a_copy_is_the_sum_of_the_columns_of_the_units_that_speak() -> None:
    model, x = sparse(3), images(6, SHAPE)
    with torch.no_grad():
        z = model.encode(x)
        by_hand = model.atoms.bias + sum(z[:, unit, None] * model.atoms.weight[:, unit] for unit in range(50))
        torch.testing.assert_close(model(x).flatten(1), by_hand)


def test_units_begin_by_speaking_in_the_direction_they_listen_to() -> None:
    model = sparse(widths=(8, 20))
    columns, rows = model.atoms.weight.T, model.to_code.weight
    torch.testing.assert_close(columns.norm(dim=1), torch.ones(20))
    torch.testing.assert_close(torch.cosine_similarity(columns, rows), torch.ones(20))


def test_widths_are_mirrored_around_the_code() -> None:
    model = sparse(k=5, widths=(9, 40))
    assert model.hidden(images(2, SHAPE)).shape == (2, 9)
    assert model.encode(images(2, SHAPE)).shape == (2, 40)
    assert model.examples_since_fired.tolist() == [0] * 40


@pytest.mark.parametrize("k", [0, -1, 51])
def test_a_k_that_the_code_does_not_have_is_refused(k: int) -> None:
    rule = "k must lie in [1, 50], got 51" if k > 50 else f"k must be a whole number of at least 1, got {k}"
    with pytest.raises(ArgumentError) as refused:
        SparseMLPConfig(widths=(100, 50), k=k)
    assert str(refused.value) == rule


def test_a_config_that_cannot_be_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^widths must name at least the units of the code, got none$"):
        SparseMLPConfig(widths=())
    with pytest.raises(ArgumentError, match=r"^a sparse MLP must know its image_shape; give it, or fit the config"):
        SparseMLPConfig().build()
    with pytest.raises(ShapeError, match=r"^the model was built for images of shape \(2, 3, 5\), got \(2, 5, 3\); re"):
        SparseMLPConfig(image_shape=SHAPE).fitted((2, 5, 3))
    with pytest.raises(ShapeError, match=r"^the model takes images of shape \(2, 3, 5\) only, got \(2, 5, 3\); resize"):
        sparse().check_batch(torch.rand(4, 2, 5, 3))


def test_what_is_no_dictionary_says_so() -> None:
    with pytest.raises(
        ContractError,
        match=r"^DeadUnitResampling gives single units of a code new work, and UNet has none that can be told apart",
    ):
        needs(autoencoder(UNetConfig(channels=3, width=4, levels=2)), Dictionary, verb="DeadUnitResampling")
