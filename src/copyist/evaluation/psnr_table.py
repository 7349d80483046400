"""How well whole pictures are denoised, as the literature counts it: mean PSNR at a few levels of Gaussian noise."""

__all__ = ["PSNRRow", "PSNRTable", "psnr_table"]

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, final

import torch
from torch import Tensor

from copyist.baselines.filters import TotalVariation
from copyist.checks import check_positive
from copyist.corruption import GaussianNoise, gaussian_blur
from copyist.drawing.text import text_table
from copyist.errors import ArgumentError
from copyist.evaluation.documents import Document
from copyist.evidence import Interval
from copyist.metrics.distortion import psnr
from copyist.metrics.intervals import mean_interval
from copyist.models.at_noise_level import denoiser_at
from copyist.models.contracts import Model, Reconstructor
from copyist.models.shapes import image_shape
from copyist.procedures.denoising import reconstruct
from copyist.procedures.sizes import apply_to_stream
from copyist.randomness import generator
from copyist.tensors import Images

WEIGHTS = (0.3, 0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0)
"""Of total variation, over σ."""

BLURS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.2, 1.5, 2.0, 2.5, 3.0)
"""Standard deviations of the blur's kernel, in pixels."""


@final
@dataclass(frozen=True, kw_only=True)
class PSNRRow:
    """What is left of one level of noise: mean PSNR over the pictures in decibels, with its 95 % interval."""

    sigma: float
    """Of the noise, in units of pixel value."""

    noisy: Interval
    """Of the noisy pictures."""

    blur: Interval | None
    """Of the best Gaussian blur of each; None where no filters were tried."""

    total_variation: Interval | None
    """Of the best total variation of each; likewise."""

    model: Interval
    """Of the model's answers."""


@final
@dataclass(frozen=True, kw_only=True)
class PSNRTable(Document):
    """One model on the same pictures at several levels of noise."""

    schema: Literal["copyist.psnr"] = "copyist.psnr"
    version: Literal[1] = 1

    num_images: int
    seed: int
    batch_size: int
    batch_statistics: bool
    """Whether the answer for one picture depends on the others in its batch."""

    rows: tuple[PSNRRow, ...]

    def text(self, *, labels: Sequence[str]) -> str:
        """One column for each level of noise.

        Args:
            labels: what each σ is called.
        """
        lines = [["dB", *(f"σ = {label}" for label in labels)]]
        for method in ("noisy", "blur", "total_variation", "model"):
            found: list[Interval | None] = [getattr(row, method) for row in self.rows]
            if None not in found:
                lines.append([method.replace("_", " "), *(f"{each.mean:.2f}" for each in found if each is not None)])
        counted = "1 picture" if self.num_images == 1 else f"{self.num_images} pictures"
        by_batch, alone = f"by the statistics of batches of {self.batch_size}", "each image by itself"
        batch = by_batch if self.batch_statistics else alone
        head = f"Mean PSNR over {counted}, each whole, {batch}; noise N(0, σ²), not clipped; answers clipped to [0, 1]"
        filtered = self.rows[0].blur is not None
        notes = ["Filters have each picture's best setting, chosen by the clean one."] if filtered else []
        return "\n".join([head, text_table(lines), *notes])


def psnr_table(
    model: Model,
    pictures: Sequence[Tensor],
    *,
    names: Sequence[str],
    sigmas: Sequence[float],
    filters: bool = True,
    seed: int = 0,
    batch_size: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PSNRTable:
    """Denoise pictures of any sizes, each whole, at several levels of zero-mean noise.

    The noise of a picture depends on its name, σ and the seed alone, and is not clipped. Answers are clipped to
    [0, 1], as those that are published are. A filter's setting is the best of a grid for each picture, chosen by its
    clean original: no filter of the kind can do better in use.

    Args:
        model: any that copies, or a diffusion model of images, which is told each level.
        pictures: clean ones (C, H, W), in [0, 1]; taken again at each level, so that a sequence may read them then.
        names: of the pictures.
        sigmas: levels of noise, in units of pixel value.
        filters: whether blur and total variation are tried, at some seconds per picture.
        seed: of the noise.
        batch_size: pictures of one size per batch; None takes the model's own where it uses batch statistics, and else
            one at a time.
        progress: called after each level.

    Raises:
        ContractError: the model neither copies nor is a diffusion model of images.
        ShapeError: the model does not take a picture.
        ArgumentError: a σ is not greater than 0, or no σ or picture is given.
    """
    if not (pictures and sigmas):
        raise ArgumentError(f"at least one picture and σ must be given, got {len(pictures)} and {len(sigmas)}")
    for sigma in sigmas:
        check_positive("sigma", sigma)
    denoisers = {sigma: denoiser_at(model, sigma, verb="psnr") for sigma in sigmas}
    size = batch_size if batch_size is not None or model.uses_batch_statistics else 1
    shapes = [image_shape(tuple(picture.shape)) for picture in pictures]
    rows: list[PSNRRow] = []
    for done, sigma in enumerate(sigmas, start=1):
        measured: dict[int, dict[str, Tensor]] = {}
        answers = apply_to_stream(
            denoisers[sigma],
            partial(_denoise, denoisers[sigma], size),
            partial(_noisy, pictures, names, sigma, seed),
            shapes=shapes,
            names=names,
            batch_size=size,
        )
        for (row, noisy), answer in answers:
            measured[row] = _measure(pictures[row], noisy, answer, sigma, filters=filters)
        rows.append(_row(sigma, [measured[row] for row in range(len(pictures))]))
        if progress is not None:
            progress(done, len(sigmas))
    return PSNRTable(
        num_images=len(pictures),
        seed=seed,
        batch_size=model.batch_size if batch_size is None else batch_size,
        batch_statistics=model.uses_batch_statistics,
        rows=tuple(rows),
    )


def _denoise(denoiser: Reconstructor, size: int | None, x: Images) -> Images:
    return reconstruct(denoiser, x, batch_size=size)


def _noisy(
    pictures: Sequence[Tensor], names: Sequence[str], sigma: float, seed: int, rows: Sequence[int]
) -> Iterator[tuple[tuple[int, Tensor], Tensor]]:
    """Pictures with their noise, one by one, each beside its number."""
    for row in rows:
        draws = generator(seed, "psnr", names[row], str(sigma))
        noisy = GaussianNoise(sigma)(pictures[row][None], generator=draws)[0]
        yield (row, noisy), noisy


def _measure(picture: Tensor, noisy: Tensor, answer: Tensor, sigma: float, *, filters: bool) -> dict[str, Tensor]:
    """The PSNR of each method on one picture, by its name in `PSNRRow`."""
    found = {"noisy": _psnr(noisy, picture, clip=False), "model": _psnr(answer, picture, clip=True)}
    if filters:
        found["blur"] = _best(_blurs(noisy[None], sigma), picture)
        found["total_variation"] = _best(_variations(noisy[None], sigma), picture)
    return found


def _row(sigma: float, measured: Sequence[dict[str, Tensor]]) -> PSNRRow:
    means = {name: mean_interval(torch.stack([each[name] for each in measured])) for name in measured[0]}
    blur, variation = means.get("blur"), means.get("total_variation")
    return PSNRRow(sigma=sigma, noisy=means["noisy"], blur=blur, total_variation=variation, model=means["model"])


def _psnr(answer: Tensor, picture: Tensor, *, clip: bool) -> Tensor:
    return psnr((answer.clamp(0, 1) if clip else answer)[None].double(), picture[None].double())[0]


def _best(tried: Sequence[Images], picture: Tensor) -> Tensor:
    return torch.stack([_psnr(answer[0], picture, clip=True) for answer in tried]).max()


def _blurs(x_tilde: Images, sigma: float) -> list[Images]:
    return [gaussian_blur(x_tilde, sigma=width) for width in BLURS]


def _variations(x_tilde: Images, sigma: float) -> list[Images]:
    return [TotalVariation(weight * sigma)(x_tilde) for weight in WEIGHTS]
