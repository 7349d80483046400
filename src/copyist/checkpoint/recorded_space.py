"""What the diffusion model in a file takes noise off, by its header: images, or codes of images."""

__all__ = ["RecordedSpace", "recorded_space"]

from dataclasses import dataclass
from typing import Any, final

from copyist.checkpoint.header import Header
from copyist.checkpoint.recorded_code import recorded_model
from copyist.errors import CopyistError
from copyist.models.contracts import Diffusion


@final
@dataclass(frozen=True, kw_only=True)
class RecordedSpace:
    """The space that a diffusion model works in; the images that go in and come out have values in [0, 1] always."""

    of_codes: bool
    """Whether it is that of codes of images."""

    shape: tuple[int, ...] | None
    """(C, H, W) of one image as the space has it; None where the shape of the images was not written down."""

    center: float
    """Mean of the values."""

    spread: float
    """Standard deviation of the values."""

    def to_document(self) -> dict[str, Any]:
        """The fields, and the range of the images."""
        return {
            "space": "codes" if self.of_codes else "images",
            "shape": None if self.shape is None else list(self.shape),
            "center": self.center,
            "spread": self.spread,
            "image_range": [0, 1],
        }

    def text(self) -> str:
        """One line, such as `works on codes 4x8x8 of images in [0, 1]; center 0, spread 1`."""
        sides = "" if self.shape is None else f" {'x'.join(map(str, self.shape))}"
        space = f"codes{sides} of images in [0, 1]" if self.of_codes else f"images{sides} in [0, 1]"
        return f"works on {space}; center {self.center:g}, spread {self.spread:g}"


def recorded_space(header: Header) -> RecordedSpace | None:
    """The space of the diffusion model that a header describes.

    None where it describes another model, or one that only its own package could build, or that cannot be built.
    """
    model = recorded_model(header)
    if not isinstance(model, Diffusion):
        return None
    image_shape = header.data.get("image_shape")
    try:
        # A denoiser of codes alone does not know what codes images have.
        shape = None if image_shape is None or model.lacks_first_stage else model.space_shape(tuple(image_shape))
    except (CopyistError, RuntimeError):
        return None
    of_codes = not model.takes_noisy_images
    return RecordedSpace(of_codes=of_codes, shape=shape, center=model.center, spread=model.spread)
