"""PSNR of denoised pictures: on paper where the model is known, and whatever the pictures' sizes."""

import math

import pytest
import torch
from torch import Tensor

from contracts import CLASSIFIERS, CONFIGS, built, classifier
from copyist.baselines.filters import TotalVariation
from copyist.corruption import GaussianNoise
from copyist.errors import ArgumentError, ContractError
from copyist.evaluation.psnr_table import PSNRTable, psnr_table
from copyist.metrics.distortion import psnr
from copyist.procedures import reconstruct
from copyist.randomness import generator
from known import GaussianDenoiser

SIGMAS = (15 / 255, 50 / 255)


def pictures(channels: int = 1) -> list[Tensor]:
    draws = torch.Generator().manual_seed(0)
    return [0.2 + 0.6 * torch.rand(channels, *size, generator=draws) for size in ((33, 40), (40, 33), (33, 40))]


def noisy(picture: Tensor, name: str, sigma: float) -> Tensor:
    return GaussianNoise(sigma)(picture[None], generator=generator(0, "psnr", name, str(sigma)))


def test_noise_is_not_clipped_and_an_identity_s_answers_are() -> None:
    x = [torch.zeros(1, 90, 110), torch.ones(1, 110, 90)]
    identity = GaussianDenoiser(mean=0, std=1, sigma=0)
    rows = psnr_table(identity, x, names=["a", "b"], sigmas=SIGMAS, filters=False).rows
    for row, on_paper in zip(rows, (24.61, 14.15), strict=True):
        # 10,000 values tell their variance to 1.4 %, which is 0.06 dB.
        assert row.noisy.mean == pytest.approx(on_paper, abs=0.15)
        # At a border half of the noise is clipped away.
        assert row.model.mean == pytest.approx(row.noisy.mean + 10 * math.log10(2), abs=0.15)


def test_pictures_of_any_size_are_padded_and_cut_back() -> None:
    model = built(CONFIGS["unet-none"])
    x = pictures(3)
    (row,) = psnr_table(model, x, names=["a", "b", "c"], sigmas=[0.1], filters=False).rows
    by_hand: list[float] = []
    for name, picture in zip("abc", x, strict=True):
        x_tilde = noisy(picture, name, 0.1)
        height, width = picture.shape[1:]
        padded = torch.nn.functional.pad(x_tilde, (0, -width % 4, 0, -height % 4), mode="reflect")
        answer = reconstruct(model, padded)[..., :height, :width].clamp(0, 1)
        by_hand.append(float(psnr(answer, picture[None])[0]))
    assert row.model.mean == pytest.approx(sum(by_hand) / 3, rel=1e-5)


def test_the_best_filter_of_each_picture_is_taken() -> None:
    x = [torch.linspace(0, 1, 40).expand(1, 30, 40), pictures()[0]]
    found = psnr_table(GaussianDenoiser(mean=0.5, std=1, sigma=0.1), x, names=["ramp", "snow"], sigmas=[0.1])
    (row,) = found.rows
    assert row.total_variation is not None
    assert row.blur is not None
    for setting in (0.03, 0.1, 0.2):
        reached = [
            float(psnr(TotalVariation(setting)(noisy(picture, name, 0.1)).clamp(0, 1), picture[None])[0])
            for name, picture in zip(("ramp", "snow"), x, strict=True)
        ]
        assert row.total_variation.mean >= sum(reached) / 2 - 1e-6
    assert row.total_variation.mean > row.noisy.mean
    assert row.blur.mean > row.noisy.mean
    assert PSNRTable.from_document(found.to_document()) == found
    text = found.text(labels=["0.1"])
    assert text.startswith("Mean PSNR over 2 pictures, each whole, each image by itself; noise")
    assert f"{row.total_variation.mean:.2f}" in text
    assert "Filters have each picture's best setting" in text


def test_a_picture_s_noise_does_not_depend_on_its_company() -> None:
    model = built(CONFIGS["dncnn"])
    one, two, three = pictures(3)
    whole = psnr_table(model, [one, two, three], names=["a", "b", "c"], sigmas=[0.1], filters=False).rows[0]
    parts = [
        psnr_table(model, [each], names=[name], sigmas=[0.1], filters=False).rows[0]
        for each, name in ((one, "a"), (two, "b"), (three, "c"))
    ]
    assert sum(part.model.mean for part in parts) / 3 == pytest.approx(whole.model.mean, rel=1e-6)


def test_what_cannot_be_measured_is_refused() -> None:
    model = built(CONFIGS["dncnn"])
    with pytest.raises(ArgumentError, match=r"^sigma must be greater than 0, got 0$"):
        psnr_table(model, pictures(3), names=["a", "b", "c"], sigmas=[0])
    with pytest.raises(ArgumentError, match=r"^at least one picture and σ must be given, got 0 and 1$"):
        psnr_table(model, [], names=[], sigmas=[0.1])
    with pytest.raises(
        ContractError, match=r"^psnr needs a model that copies, and ViT does not; take a model trained to copy$"
    ):
        psnr_table(classifier(CLASSIFIERS["vit"]), pictures(3), names=["a", "b", "c"], sigmas=[0.1])
