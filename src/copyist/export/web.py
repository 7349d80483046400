"""A model that copies or diffuses pictures, or a detector of pictures, as one page for a browser."""

__all__ = ["page_parts", "web_page"]

from collections.abc import Mapping, Sequence

import torch

from copyist import settings
from copyist.checkpoint import MODEL_CATALOGUES
from copyist.data.source_options import Fit
from copyist.detection import Detector
from copyist.detection.no_model import NoModel
from copyist.errors import ArgumentError, ContractError, ShapeError
from copyist.evaluation.anomalies.preparation import Preparation
from copyist.export.detectors import check_size_of_training, detector_part, network_of
from copyist.export.families import WHOLE
from copyist.export.part import Part
from copyist.export.parts import find_part, part_names
from copyist.export.runtime import WebRuntime
from copyist.export.web_page import DiffusionConfig, PageConfig, page_text
from copyist.models.contracts import Diffusion, Model, Reconstructor, Variational, needs

_SIDES = (16, 32, 48, 64, 96, 128)
"""To choose from, where the model takes them."""


def page_parts(model: Model | Detector, *, size: tuple[int, int] | None) -> tuple[Part, ...]:
    """What the page runs: encoder and decoder, or the whole of a model without a code; the denoiser of a diffusion
    model, with the decoder of its codes; and a detector beside its model.

    Raises:
        ContractError: the model neither copies nor diffuses, or takes tables, or images of other than one or three
            channels; or another size is asked of a detector.
        ShapeError, ArgumentError: it does not take images of this size.
    """
    network = network_of(model)
    network.check_pictures(verb="the page")
    parts: list[Part] = []
    if isinstance(model, Detector):
        check_size_of_training(size)
        parts.append(detector_part(model))
        size = parts[0].shape[1], parts[0].shape[2]
    if isinstance(network, Diffusion):
        names = (WHOLE,) if network.takes_noisy_images else (WHOLE, "decoder")
        parts += (find_part(network, name, size=size) for name in names)
    elif not isinstance(network, NoModel):
        copier = needs(network, Reconstructor, verb="the page")
        names = ("encoder", "decoder") if "encoder" in part_names(copier) else (WHOLE,)
        parts += (find_part(copier, name, size=size) for name in names)
    if parts[0].shape[0] not in (1, 3):
        raise ContractError(
            f"the page shows images of one channel or three, and the model takes {parts[0].shape[0]}; export it to onnx"
        )
    return tuple(parts)


def web_page(model: Model | Detector, parts: tuple[Part, ...], models: Mapping[str, bytes], runtime: WebRuntime) -> str:
    """The page of a model or a detector, with the ONNX file of each part."""
    network, detector = network_of(model), model if isinstance(model, Detector) else None
    channels, height, width = parts[0].shape
    size = (height, width)
    sizes = _sizes(network, channels, size) if detector is None else (size,)
    code_shapes: tuple[tuple[int, ...], ...] = ()
    if isinstance(network, Variational):
        code_shapes = tuple(network.code_shape((channels, *each)) for each in sizes)
    config = PageConfig(
        channels=channels,
        size=size,
        sizes=sizes,
        trained=None if network.image_shape is None else network.image_shape[1:],
        fit="crop" if detector is None else _fit(network, parts[0].shape),
        parts=tuple(part.name for part in parts),
        code_shapes=code_shapes,
        diffusion=_diffusion(network, channels, sizes) if isinstance(network, Diffusion) else None,
        false_alarms=None if detector is None else detector.false_alarms,
    )
    kind, trained = "detector", network.trained_on
    if detector is None:
        kind = str(settings.dump(network.config, MODEL_CATALOGUES).get("kind", type(network).__name__))
    weights = sum(weight.numel() for weight in network.parameters())
    facts = [f"{weights:,} weights"] if weights else []
    if detector is not None:
        facts.append(f"calibrated on {len(detector.calibration):,} normal images")
        facts.append(f"flags p-values of {detector.false_alarms:g} or less")
    if trained.objective:
        facts.append(f"trained by {trained.objective.replace('-', ' ')}")
    if trained.image_shape is not None:
        facts.append("on images of " + "×".join(map(str, trained.image_shape[1:])))
    note = "Each picture is computed alone."
    if network.uses_batch_statistics:
        note = (
            f"The model normalizes by the statistics of its batch, which held {network.batch_size} images in training; "
            "here each picture is a batch of its own."
        )
    source = trained.source.partition("?")[0]
    title = f"{kind} of {source}" if source else kind
    return page_text(config, models, runtime, title=title, facts=", ".join(facts), note=note)


def _fit(model: Model, shape: tuple[int, ...]) -> Fit:
    """How `detect run` brings pictures to the size of a detector's training."""
    channels, height, width = shape
    return Preparation.of(model, shape=(channels, height, width), resize=True).fit


def _diffusion(model: Diffusion, channels: int, sizes: Sequence[tuple[int, int]]) -> DiffusionConfig:
    classes = None if model.num_classes is None else tuple(map(str, range(model.num_classes)))
    if classes is not None and len(model.trained_on.classes or ()) == len(classes):
        classes = tuple(map(str, model.trained_on.classes or ()))
    return DiffusionConfig(
        shapes=tuple(model.space_shape((channels, *size)) for size in sizes),
        center=model.center,
        spread=model.spread,
        path=model.path,
        of_images=model.takes_noisy_images,
        classes=classes,
    )


def _sizes(model: Model, channels: int, size: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    found = {size}
    for side in _SIDES:
        shape = (channels, side, side)
        try:
            model.check_input(torch.zeros(1, *(model.space_shape(shape) if isinstance(model, Diffusion) else shape)))
        except (ShapeError, ArgumentError):
            continue
        found.add((side, side))
    return tuple(sorted(found))
