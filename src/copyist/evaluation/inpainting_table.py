"""How far inpainting in codes moves the pixels that it is to keep."""

__all__ = ["InpaintingMeasures", "InpaintingTable"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, final

from copyist.drawing.text import text_table
from copyist.evaluation.documents import Document


@final
@dataclass(frozen=True, kw_only=True)
class InpaintingMeasures:
    """Of one latent diffusion model; root mean squares, of pixels in units of pixel value."""

    copied: float
    """By how much the first stage's plain copy D(E(x)) moves the kept pixels."""

    moved: float
    """By how much what is inpainted moves them, before the image is laid over it."""


@final
@dataclass(frozen=True, kw_only=True)
class InpaintingTable(Document):
    """Latent diffusion models side by side."""

    schema: Literal["copyist.inpainting"] = "copyist.inpainting"
    version: Literal[1] = 1

    num_images: int
    """Test images, of each of which the middle, half of either side, is made anew."""

    models: Mapping[str, InpaintingMeasures]
    """By name, without those whose codes all have a pixel in the middle."""

    def text(self) -> str:
        """A table with a row per model."""
        rows = [["", "kept, copied", "kept, inpainted"]]
        for name, found in self.models.items():
            rows.append([name, *(f"{each:.4f}" for each in (found.copied, found.moved))])
        head = f"Inpainting the middle of {self.num_images} test images: root mean squares by which pixels change"
        return f"{head}\n{text_table(rows, indent=2)}\n"
