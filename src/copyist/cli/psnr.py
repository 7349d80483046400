"""`copyist psnr`."""

__all__ = ["psnr"]

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, final

import typer

from copyist.cli.options import Batch, ClassOf, Device, Inputs, Json, Model, Seed, parse_noise_level
from copyist.cli.terminal import bar, say, show
from copyist.drawing.wording import counted

if TYPE_CHECKING:
    from torch import Tensor

    from copyist.files.picture_files import PicturesOfFiles


def psnr(
    model: Model,
    inputs: Inputs,
    sigmas: Annotated[
        list[str],
        typer.Option(
            "--sigma", help="Of the noise, in units of pixel value: 0.1, or 25/255; may be repeated.", metavar="SIGMA"
        ),
    ],
    filters: Annotated[
        bool, typer.Option("--filters/--no-filters", help="Try a blur and total variation beside it, which takes time.")
    ] = True,
    seed: Seed = 0,
    batch: Batch = None,
    device: Device = None,
    class_of: ClassOf = None,
    as_json: Json = False,
) -> None:
    """Denoise whole pictures at several levels of Gaussian noise, and print the mean PSNR, as papers do."""
    from copyist.checkpoint import load
    from copyist.cli.preamble import batch_statement, find_pictures
    from copyist.evaluation.psnr_table import psnr_table
    from copyist.models.at_noise_level import denoiser_at

    levels = [parse_noise_level(text) for text in sigmas]
    network = load(model, class_of=class_of, device=device, say=say)
    denoiser_at(network, levels[0], verb="psnr").check_pictures(verb="psnr")
    pictures, channels = find_pictures(network, inputs)
    seen = {row: picture.name for row, picture in pictures.read()}
    pictures.report()
    readable = {row: name for row, name in seen.items() if pictures.is_whole(row)}
    batch_statement(network, num_images=len(readable), batch=batch)
    tried = "; each filter is tried on each, which --no-filters leaves out" if filters else ""
    say(f"denoising {counted(len(readable), 'picture')} at {counted(len(levels), 'level')} of noise{tried}")
    with bar("levels of noise") as update:
        table = psnr_table(
            network,
            _Pixels(pictures, list(readable), channels),
            names=list(readable.values()),
            sigmas=levels,
            filters=filters,
            seed=seed,
            batch_size=batch,
            progress=update,
        )

    show(table.text(labels=sigmas), table.to_document(), as_json=as_json)


@final
class _Pixels(Sequence["Tensor"]):
    """The pixels (channels, H, W) of pictures, each decoded when it is asked for."""

    def __init__(self, pictures: "PicturesOfFiles", rows: Sequence[int], channels: int) -> None:
        self._pictures, self._rows, self._channels = pictures, rows, channels

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> "Tensor":  # pyright: ignore[reportIncompatibleMethodOverride] (no slices)
        ((_, picture),) = self._pictures.read([self._rows[index]])
        return picture.with_channels(self._channels)
