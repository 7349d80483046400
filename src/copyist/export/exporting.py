"""A model, or a part of it, as a file for other runtimes, compared with the original before it is written."""

__all__ = ["ENDINGS", "Exported", "check_target", "export_model", "file_metadata"]

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypeAlias, final

from copyist import settings
from copyist.checkpoint import MODEL_CATALOGUES
from copyist.checks import check_choice
from copyist.detection import Detector
from copyist.errors import ArgumentError, ContractError, OutputError
from copyist.export.detectors import DETECTOR, check_size_of_training, detector_part, network_of
from copyist.export.differing_layer import differing_layer
from copyist.export.families import WHOLE
from copyist.export.onnx_file import check_runtime, onnx_bytes, onnx_runner
from copyist.export.parity import Case, Run, check_parity
from copyist.export.part import Part
from copyist.export.parts import find_part
from copyist.export.runtime import web_runtime
from copyist.export.torch_program import torch_bytes, torch_runner
from copyist.export.tracing import trace
from copyist.export.web import page_parts, web_page
from copyist.models.contracts import Model
from copyist.outputs import check_output, user_path, write_bytes

Target: TypeAlias = Literal["onnx", "torch", "web"]
"""What an export is for: ONNX Runtime and its kin, PyTorch without this package, or a browser."""

ENDINGS: Mapping[str, str] = {"onnx": ".onnx", "torch": ".pt2", "web": ".html"}
"""What each target's file is called."""


@final
@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written, and how it compares with the original."""

    out: Path
    to: Target
    parts: tuple[Part, ...]
    """One, or all that a page runs."""

    size: int
    """Bytes of the file."""

    cases: Mapping[str, tuple[Case, ...]]
    """The batches on which each part was compared with the model, by its name."""

    def text(self) -> str:
        """For people."""
        lines = [f"wrote {self.out}, {self.size / 1e6:.2f} MB"]
        for part in self.parts:
            lines.append(f"{part.name}: {part.what}")
            for heading, values in (("in ", part.inputs), ("out", part.outputs)):
                lines += [f"  {heading}  {value.name}: {value.what}" for value in values]
            cases = self.cases[part.name]
            batches = ", ".join(f"{case.batch} of {'x'.join(map(str, case.shape))}" for case in cases)
            decisions = [value.name for value in part.outputs if value.is_decision]
            equal = f"; {' and '.join(decisions)} equal" if decisions else ""
            largest = max(case.difference for case in cases)
            lines.append(f"  beside the model on batches of {batches}: {largest:.1g} of the largest value off{equal}")
        return "\n".join(lines)

    def to_document(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "out": str(self.out),
            "to": self.to,
            "bytes": self.size,
            "parts": {
                part.name: {
                    "inputs": {value.name: value.what for value in part.inputs},
                    "outputs": {value.name: value.what for value in part.outputs},
                    "compared": [case.to_document() for case in self.cases[part.name]],
                }
                for part in self.parts
            },
        }


def export_model(
    model: Model | Detector,
    out: str | Path,
    *,
    to: Target = "onnx",
    part: str | None = None,
    size: tuple[int, int] | None = None,
    runtime: str | Path | None = None,
    overwrite: bool = False,
) -> Exported:
    """Write a model, or a part of it, for another runtime; the file is there only if it computes what the model does.

    It takes any number of examples, and images of all sizes that the model takes. A model that normalizes by the
    statistics of the batch at hand does so in the file too: each run is one batch.

    Args:
        model: of any family, or a detector.
        out: ends in `.onnx`, `.pt2` or `.html`.
        to: `onnx` for ONNX Runtime and its kin; `torch` for PyTorch without this package (`torch.export.load`); `web`
            for a page that denoises, walks and samples in a browser, of a model that copies images, and shows what a
            detector of images finds.
        part: as `find_part` takes it; None takes the whole. A detector is exported whole.
        size: (H, W) of the images that it is exported at, and that a page begins with; None takes that of the
            training.
        runtime: of a page, as `web_runtime` takes it; None fetches it once, by npm.
        overwrite: whether to replace a file that is there.

    Raises:
        UnknownNameError, ContractError, ShapeError: there is no such target, or no such part.
        ExportError: it cannot leave PyTorch, with the layer that is the reason, or would compute something else.
        OutputError: `out` exists, or cannot be written.
        MissingExtraError: a package is not installed, with the extra that brings it.
    """
    place = user_path(out)
    check_target(place, to, overwrite=overwrite)
    if to != "torch":
        check_runtime()
    if to == "web":
        return _export_page(model, place, part=part, size=size, runtime=runtime)
    if runtime is not None:
        raise ArgumentError(f"a runtime is for pages alone, got one for {to}; leave --runtime out")
    chosen = _part(model, part, size)
    content, cases = _content(model, chosen, to)
    write_bytes(place, content)
    return Exported(out=place, to=to, parts=(chosen,), size=len(content), cases={chosen.name: cases})


def check_target(out: Path, to: str, *, overwrite: bool) -> None:
    """Refuse, before any work, an unknown target or a file that cannot be that of it.

    Raises:
        UnknownNameError: there is no such target.
        OutputError: the file exists, is a folder, has another ending, or cannot be written.
    """
    check_choice("format to export", to, ENDINGS)
    if out.suffix.lower() != ENDINGS[to]:
        raise OutputError(f"--to {to} writes {ENDINGS[to]}, got {out}; choose a name that ends in {ENDINGS[to]}")
    if out.is_dir():
        raise OutputError(f"{out} is a folder, and an export is one file; choose another name")
    check_output(out, overwrite=overwrite)


def file_metadata(model: Model | Detector, part: Part) -> dict[str, str]:
    """What a file says of itself: by whom it was made, of what, what goes in and what comes out."""
    network = network_of(model)
    config = model.header.model if isinstance(model, Detector) else settings.dump(network.config, MODEL_CATALOGUES)
    found: dict[str, Any] = {
        "copyist": version("copyist"),
        "part": part.name,
        "what": part.what,
        "inputs": {value.name: value.what for value in part.inputs},
        "outputs": {value.name: value.what for value in part.outputs},
        "model": config,
        "config_digest": hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest(),
        "statistics": "of the batch at hand: examples depend on each other"
        if network.uses_batch_statistics
        else "of training, or of each example alone",
        "batch_size_of_training": network.batch_size,
    }
    if not network.takes_tables:
        found["image_sizes"] = (
            f"multiples of {network.size_multiple}" if part.other_shape else "x".join(map(str, part.shape[1:]))
        )
    if network.trained_on.columns:
        found["columns"] = network.trained_on.columns
    if network.trained_on.classes:
        found["classes"] = network.trained_on.classes
    if network.trained_on.source:
        found["trained_on"] = network.trained_on.source
    if isinstance(model, Detector):
        found |= {"false_alarms": model.false_alarms, "threshold": model.threshold}
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in found.items()}


def _export_page(
    model: Model | Detector, out: Path, *, part: str | None, size: tuple[int, int] | None, runtime: str | Path | None
) -> Exported:
    if part is not None:
        raise ArgumentError(f"a page holds what it needs of a model, got the part {part!r}; leave --part out")
    parts = page_parts(model, size=size)
    found = web_runtime(runtime)
    network = network_of(model)
    made = {each.name: _content(model if each.name == DETECTOR else network, each, "onnx") for each in parts}
    page = web_page(model, parts, {name: content for name, (content, _) in made.items()}, found).encode()
    write_bytes(out, page)
    return Exported(
        out=out, to="web", parts=parts, size=len(page), cases={name: cases for name, (_, cases) in made.items()}
    )


def _content(model: Model | Detector, part: Part, to: Target) -> tuple[bytes, tuple[Case, ...]]:
    """The file of a part, and how it compares with the model."""
    metadata = file_metadata(model, part)
    content = _file(part, to, metadata)

    def build(part: Part) -> Run:
        return _runner(_file(part, to, {}), to)

    return content, check_parity(
        part, _runner(content, to), layer_of=lambda inputs: differing_layer(part, inputs, build)
    )


def _file(part: Part, to: Target, metadata: Mapping[str, str]) -> bytes:
    program = trace(part)
    return torch_bytes(program, metadata) if to == "torch" else onnx_bytes(part, program, metadata)


def _runner(content: bytes, to: Target) -> Run:
    return torch_runner(content) if to == "torch" else onnx_runner(content)


def _part(model: Model | Detector, name: str | None, size: tuple[int, int] | None) -> Part:
    if not isinstance(model, Detector):
        return find_part(model, name or WHOLE, size=size)
    if name not in (None, WHOLE, DETECTOR):
        raise ContractError(
            f"a detector is exported whole, got the part {name!r}; leave --part out, or export its model"
        )
    check_size_of_training(size)
    return detector_part(model)
