"""How good codes are to generate in: copies, what lies between neighbors, and the law of the codes."""

__all__ = ["LatentMeasures", "LatentTable"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, final

from copyist.drawing.text import text_table
from copyist.evaluation.documents import Document


@final
@dataclass(frozen=True, kw_only=True)
class LatentMeasures:
    """Of one first stage."""

    code_shape: tuple[int, int, int]
    """(c, h, w)."""

    psnr: float
    """Of the copies, pooled, in dB."""

    copies: Mapping[str, float]
    """Fréchet distance of the copies to the images, by features."""

    between: Mapping[str, float]
    """The interpolated FD: that of what is decoded half-way between the codes of nearest neighbors."""

    mean: tuple[float, ...]
    """Of each channel of the codes."""

    std: tuple[float, ...]
    """Of each channel."""

    skewness: tuple[float, ...]
    """Of each channel; 0 for a normal law."""

    kurtosis: tuple[float, ...]
    """Of each channel, in excess of the normal law's."""


@final
@dataclass(frozen=True, kw_only=True)
class LatentTable(Document):
    """First stages side by side: those of latent diffusion models, and autoencoders with a code of maps that is smaller
    than the image."""

    schema: Literal["copyist.latents"] = "copyist.latents"
    version: Literal[1] = 1

    num_images: int
    """Test images that are copied, and whose neighbors are sought among them."""

    floor: Mapping[str, float]
    """The distance of as many training images to the test images, by features: real ones score as much."""

    models: Mapping[str, LatentMeasures]
    """By name; empty where there is none."""

    def text(self) -> str:
        """A table, and a line per model on the law of its codes."""
        names = list(self.floor)
        header = ["", "code", "PSNR", *(f"copies, {each}" for each in names), *(f"between, {each}" for each in names)]
        rows = [
            header,
            ["training images", "", "", *(f"{self.floor[each]:.5f}" for each in names), *("" for _ in names)],
        ]
        for name, found in self.models.items():
            distances = [*(found.copies[each] for each in names), *(found.between[each] for each in names)]
            shape = "x".join(map(str, found.code_shape))
            rows.append([name, shape, f"{found.psnr:.2f}", *(f"{value:.5f}" for value in distances)])
        lines = [f"First stages on {self.num_images} test images: Fréchet distances of copies, and between neighbors"]
        lines += [text_table(rows, indent=2)]
        for name, found in self.models.items():
            lines.append(
                f"  codes of {name}: std {_range(found.std)}, skewness {_range(found.skewness)}, "
                f"excess kurtosis {_range(found.kurtosis)}, by channel"
            )
        return "\n".join(lines) + "\n"


def _range(values: tuple[float, ...]) -> str:
    low, high = min(values), max(values)
    return f"{low:.2f}" if low == high else f"{low:.2f} to {high:.2f}"
