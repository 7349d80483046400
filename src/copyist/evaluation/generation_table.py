"""How near the samples of several diffusion models are to real images, and how long one takes."""

__all__ = ["Generated", "GenerationTable"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, final

from copyist.drawing.text import text_table
from copyist.evaluation.documents import Document


@final
@dataclass(frozen=True, kw_only=True)
class Generated:
    """Of the samples of one model, of as many real images, or of draws of their pixels' law."""

    distance: Mapping[str, float]
    """Fréchet distance to the test images, by features, in squared units of these."""

    precision: float
    """Share of samples among real images, in features of appearance, in [0, 1]."""

    recall: float
    """Share of test images among the samples."""

    density: float
    """About 1 for equal distributions."""

    coverage: float
    """Share of test images with a sample near them: about 1 − 2⁻⁵ for equal distributions."""

    nearest: float
    """Median distance to the nearest training image, mirrored or not, over that of the test images; far below 1
    indicates memorization. 1 of training images, which would be their own nearest."""

    rules: float | None = None
    """Share that keeps all rules of `scenes` (`scene_rules`); None of images of another source."""

    method: str = ""
    """Of sampling; empty of what no model made."""

    steps: int = 0

    seconds_per_image: float = 0.0
    """On the device at hand, in batches of the model's size."""

    memory: float = 0.0
    """Megabytes of the model and of its tensors while 32 images, or a batch if it has fewer, are sampled, by count."""


@final
@dataclass(frozen=True, kw_only=True)
class GenerationTable(Document):
    """Samples of several models beside real images."""

    schema: Literal["copyist.generation"] = "copyist.generation"
    version: Literal[2] = 2

    num_images: int
    """Of each set that is compared."""

    floor: Generated
    """Of training images: real ones score as much."""

    pixel_law: Generated
    """Of draws of the normal law that has the mean and all covariances of the training images' pixels, which needs no
    model. A distance that hardly tells these from real images compares moments, and a model's is to be read so."""

    models: Mapping[str, Generated]
    """By name."""

    def text(self) -> str:
        """A table with a row per model."""
        names = list(self.floor.distance)
        measures = ("precision", "recall", "density", "coverage", "nearest")
        ruled = ["keep rules"] if self.floor.rules is not None else []
        rows = [["", *(f"distance, {each}" for each in names), *measures, *ruled, "s/image", "MB", "by"]]
        shown = {"training images": self.floor, "normal law of their pixels": self.pixel_law, **self.models}
        for name, found in shown.items():
            took = ["", "", ""]
            if found.method:
                by = f"{found.method}, {found.steps} steps"
                took = [f"{found.seconds_per_image:.3f}", f"{found.memory:.1f}", by]
            shares = [f"{getattr(found, each):.2f}" for each in measures]
            shares += [] if found.rules is None else [f"{found.rules:.2f}"]
            rows.append([name, *(f"{found.distance[each]:.5f}" for each in names), *shares, *took])
        head = f"Samples, {self.num_images} of each model, beside as many test images"
        return f"{head}\n{text_table(rows, indent=2)}\n"
