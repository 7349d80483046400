"""Pictures side by side on one page that needs nothing but itself: the original, our file, JPEG at equal bytes."""

__all__ = ["Shelf", "check_extras", "compression_page", "shown"]

import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, final

import numpy as np
import numpy.typing as npt
from PIL import Image

from copyist.checks import require
from copyist.drawing import wording
from copyist.drawing.embedding import EmbeddedPicture, embedded_webp
from copyist.evaluation.compressed.one_picture import Outcome
from copyist.evaluation.compressed.report import CompressedPicture, CompressionReport

Pixels = npt.NDArray[Any]

_SIDE = 768
"""Pixels of each side that are shown, about the middle: smaller ones would hide what is lost."""

_GAIN = 4
"""How many times a difference is enlarged."""

_FIRST = 24
"""Pictures that are shown; the table has all."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Shelf:
    """What the page shows of one picture."""

    summary: CompressedPicture
    pictures: tuple[EmbeddedPicture, ...]


def check_extras() -> None:
    """Refuse, before any work, where no page can be made.

    Raises:
        MissingExtraError: Jinja2 is not installed.
    """
    require("jinja2", extra="report", purpose="--compare")


def shown(outcome: Outcome, original: Pixels) -> Shelf:
    """A picture as the page holds it: its very pixels, cut to the middle where it is large.

    Args:
        outcome: with what was decoded.
        original: (H, W, C), of 8 bits.
    """
    assert outcome.decoded is not None
    ours = outcome.decoded
    kinds = [("the original", original), (f"copyist, {outcome.summary.bytes:,} bytes", ours)]
    jpeg = next((each for each in outcome.summary.beside if each.codec == "JPEG"), None)
    if outcome.jpeg is not None and jpeg is not None:
        kinds.append((f"JPEG, {jpeg.bytes:,} bytes", outcome.jpeg))
    difference = np.clip(128 + _GAIN * (ours.astype(np.int32) - original), 0, 255).astype(np.uint8)
    kinds.append((f"copyist − original, {_GAIN} times as strong, on gray", difference))
    return Shelf(summary=outcome.summary, pictures=tuple(_embedded(pixels, caption) for caption, pixels in kinds))


def compression_page(report: CompressionReport, shelf: Sequence[Shelf]) -> str:
    """The report as HTML: no other files, no scripts, no network.

    Raises:
        MissingExtraError: Jinja2 is not installed.
    """
    jinja2 = require("jinja2", extra="report", purpose="--compare")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"number": wording.number, "count": wording.count}
    template = environment.from_string(
        (resources.files("copyist.evaluation.compressed") / "page.html.j2").read_text("utf-8")
    )
    style = (resources.files("copyist.drawing") / "page.css").read_text("utf-8")
    safe = jinja2.utils.markupsafe.Markup
    return template.render(style=safe(style), report=report, shelf=shelf[:_FIRST])


def _embedded(pixels: Pixels, caption: str) -> EmbeddedPicture:
    height, width = pixels.shape[:2]
    top, left = max(0, (height - _SIDE) // 2), max(0, (width - _SIDE) // 2)
    part = pixels[top : top + _SIDE, left : left + _SIDE]
    file = io.BytesIO()
    Image.fromarray(part[:, :, 0] if part.shape[2] == 1 else part).save(file, "WEBP", lossless=True)
    return embedded_webp(file.getvalue(), caption=caption, name="a picture", remedy="compress it again")
