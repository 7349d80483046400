"""One static page that holds a model and what runs it, put together from the files in `page/`."""

__all__ = ["DiffusionConfig", "PageConfig", "page_text"]

import base64
import gzip
import html
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from importlib.resources import files
from typing import final

from copyist.data.source_options import Fit
from copyist.export.runtime import WebRuntime
from copyist.models.contracts import Path

_SCRIPTS = ("model.js", "pictures.js", "page.js")
"""One script in three files: each uses what those before it define."""


@final
@dataclass(frozen=True, kw_only=True)
class DiffusionConfig:
    """What the script is told of a diffusion model, whose denoiser is the part `whole`."""

    shapes: tuple[tuple[int, ...], ...]
    """Of one example in the model's space, at each size of the page."""

    center: float
    spread: float
    path: Path
    """As `Diffusion` has them."""

    of_images: bool
    """Whether its space is that of images; else the part `decoder` makes images of what it has."""

    classes: tuple[str, ...] | None
    """Names, in the order of their numbers; None of a model without classes."""


@final
@dataclass(frozen=True, kw_only=True)
class PageConfig:
    """What the page's script is told."""

    channels: int
    """1 or 3."""

    size: tuple[int, int]
    """(H, W) to begin with."""

    sizes: tuple[tuple[int, int], ...]
    """All to choose from."""

    trained: tuple[int, int] | None
    """(H, W) of the images of the training, where they are known."""

    fit: Fit
    """How a picture is brought to the size, as `Source.fit` has it: as `detect run` does by a detector."""

    parts: tuple[str, ...]
    """`encoder` and `decoder`, or `whole` of a model without a code; `whole`, and `decoder` where it works on codes, of
    a diffusion model; and `detector`."""

    false_alarms: float | None = None
    """Of a detector: the p-value that is flagged, and all below it."""

    code_shapes: tuple[tuple[int, ...], ...] = ()
    """Of one code at each of `sizes`, of a model whose codes have the prior N(0, I); none for others."""

    diffusion: DiffusionConfig | None = None
    """Of a diffusion model."""


def page_text(
    config: PageConfig, models: Mapping[str, bytes], runtime: WebRuntime, *, title: str, facts: str, note: str
) -> str:
    """The page as HTML, which loads nothing from anywhere.

    Args:
        config: of its script.
        models: the ONNX file of each of `config.parts`.
        runtime: what runs them.
        title: heading, as text.
        facts: a line below it.
        note: a line at the end.
    """
    payloads = {"runtime": runtime.script, "wasm": runtime.wasm, **models}
    filled = {
        "title": html.escape(title),
        "facts": html.escape(facts),
        "note": html.escape(note),
        "version": html.escape(version("copyist")),
        "style": _file("page.css"),
        "script": "\n".join(map(_file, _SCRIPTS)),
        "worker": _file("worker.js"),
        # In JSON, and nowhere else, a slash may be written so that no text ends the element.
        "config": json.dumps(asdict(config)).replace("</", "<\\/"),
        "payloads": "\n".join(
            f'<script type="text/plain" id="payload-{name}">{_packed(content)}</script>'
            for name, content in payloads.items()
        ),
    }
    # In one pass, so that nothing that is filled in is filled again.
    head, *rest = _file("page.html").split("{{")
    return head + "".join(filled[name] + text for name, _, text in (each.partition("}}") for each in rest))


def _packed(content: bytes) -> str:
    # A fixed time, so that the same model makes the same page.
    return base64.b64encode(gzip.compress(content, compresslevel=9, mtime=0)).decode()


def _file(name: str) -> str:
    return files("copyist.export").joinpath("page", name).read_text("utf-8")
