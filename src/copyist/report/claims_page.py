"""All claims as one HTML page that needs nothing but itself."""

__all__ = ["claims_page"]

import base64
import io
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from copyist.checks import require
from copyist.errors import DataError
from copyist.report import claims_wording, wording
from copyist.report.claims_results import ClaimResult
from copyist.report.page import EmbeddedPicture


def claims_page(
    results: Sequence[ClaimResult],
    folder: Path,
    *,
    charts: Mapping[str, Sequence[str]],
    missing: Sequence[str] = (),
) -> str:
    """The page.

    Args:
        results: in the order of the page.
        folder: where their pictures lie.
        charts: SVG pictures by the claim's name.
        missing: names of claims that have no result here.

    Raises:
        DataError: a picture is half-written.
        MissingExtraError: Jinja2 is not installed.
    """
    jinja2 = require("jinja2", extra="report", purpose="a report")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "duration": wording.duration, "interval": claims_wording.interval, "listed": claims_wording.listed,
        "repeating": claims_wording.repeating, "summary": claims_wording.summary,
    }  # fmt: skip
    package = resources.files("copyist.report")
    safe = jinja2.utils.markupsafe.Markup
    return environment.from_string((package / "claims.html.j2").read_text("utf-8")).render(
        style=safe((package / "style.css").read_text("utf-8") + (package / "claims.css").read_text("utf-8")),
        results=results,
        missing=missing,
        counts=claims_wording.counts(results),
        marks=claims_wording.MARKS,
        charts={name: [safe(svg) for svg in svgs] for name, svgs in charts.items()},
        pictures={
            result.name: [_picture(folder / each.file, each.caption) for each in result.pictures] for result in results
        },
    )


def _picture(path: Path, caption: str) -> EmbeddedPicture:
    data = path.read_bytes()
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            image.verify()
            width, height = image.size
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise DataError(f"{path} must be a whole PNG picture; run the claim again, with --force") from error
    uri = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    return EmbeddedPicture(uri=uri, caption=caption, width=width, height=height)
