"""A report on anomalies as one HTML page that needs nothing but itself."""

__all__ = ["ShownPicture", "page", "shown_picture"]

import io
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import PurePath
from typing import Any, TypeAlias, final

import numpy as np
import numpy.typing as npt
from PIL import Image

from copyist.checks import require
from copyist.drawing import wording
from copyist.drawing.embedding import EmbeddedPicture, embedded_webp
from copyist.evaluation.anomalies.charts import columns_chart, curves_chart, drift_chart, histogram_chart
from copyist.evaluation.anomalies.report import AnomalyReport

Pixels: TypeAlias = npt.NDArray[Any]

_SIDE = 320
"""The longer side of a picture on the page, in pixels, at most."""

_QUALITY = 80


@final
@dataclass(frozen=True, kw_only=True)
class ShownPicture:
    """A picture on the page."""

    picture: EmbeddedPicture

    overlay: EmbeddedPicture | None
    """With its heat; None where the measure cannot tell where the anomaly lies."""


def shown_picture(pixels: Pixels, overlay: Pixels | None) -> ShownPicture:
    """A picture as the page holds it, no larger than it is shown.

    Args:
        pixels: (C, H, W), in [0, 1].
        overlay: (H, W, 3), 8 bits.
    """
    channels = (0, 1, 2) if len(pixels) >= 3 else (0, 0, 0)
    sheet = np.rint(np.nan_to_num(pixels[list(channels)]).clip(0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)
    return ShownPicture(picture=_small(sheet), overlay=None if overlay is None else _small(overlay))


def page(report: AnomalyReport, pictures: Mapping[str, ShownPicture]) -> str:
    """The report as HTML: no other files, no scripts, no network.

    Args:
        report: what was found.
        pictures: of images those that are shown, by name.

    Raises:
        MissingExtraError: Jinja2 or matplotlib is not installed.
    """
    jinja2 = require("jinja2", extra="report", purpose="a report")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "count": wording.count, "short": wording.short, "percent": _percent, "estimate": wording.estimate,
    }  # fmt: skip
    package = resources.files("copyist.evaluation.anomalies")
    styles = (resources.files("copyist.drawing"), package)
    template = environment.from_string((package / "page.html.j2").read_text("utf-8"))
    safe = jinja2.utils.markupsafe.Markup
    return template.render(
        style=safe("".join((place / "page.css").read_text("utf-8") for place in styles)),
        charts={name: safe(svg) for name, svg in _charts(report).items()},
        report=report,
        names=", ".join(PurePath(text.partition("?")[0]).name or text for text in report.inputs),
        pictures=pictures,
    )


def _charts(report: AnomalyReport) -> dict[str, str]:
    charts = {"histogram": histogram_chart(report)}
    if report.columns:
        charts["columns"] = columns_chart(report)
    if report.ranking is not None:
        charts["curves"] = curves_chart(report.ranking, name="curves")
    if report.pixels is not None:
        charts["pixels"] = curves_chart(report.pixels, name="pixels")
    if report.drift is not None:
        charts["drift"] = drift_chart(report.drift)
    return charts


def _percent(share: float) -> str:
    """A share in per cent, with as many digits as a rate of false alarms has."""
    return f"{100 * share:.3g}{wording.SPACE}%"


def _small(sheet: Pixels) -> EmbeddedPicture:
    image = Image.fromarray(sheet)
    ratio = _SIDE / max(image.size)
    if ratio < 1:
        image = image.resize(
            (max(1, round(image.width * ratio)), max(1, round(image.height * ratio))), Image.Resampling.LANCZOS
        )
    elif ratio > 3:
        scale = int(ratio)
        image = image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST)
    file = io.BytesIO()
    image.save(file, format="WEBP", quality=_QUALITY, method=4)
    return embedded_webp(file.getvalue(), caption="", name="a picture", remedy="judge it again")
