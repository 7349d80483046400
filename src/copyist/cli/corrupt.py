"""`copyist corrupt`."""

__all__ = ["corrupt"]

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from copyist.cli.options import Force, Inputs, Json, Out, Seed
from copyist.cli.preamble import check_folder
from copyist.cli.terminal import bar, say, show
from copyist.drawing.wording import counted

if TYPE_CHECKING:
    from torch import Tensor

    from copyist.corruption import Corruption
    from copyist.files.picture_files import PicturesOfFiles

With: TypeAlias = Annotated[
    str, typer.Option("--with", help="blend, gaussian, shift, salt-and-pepper, masking, blur or structured.")
]
Alpha: TypeAlias = Annotated[float | None, typer.Option("--alpha", help="Share of the image, for blend and shift.")]
Sigma: TypeAlias = Annotated[
    float | None,
    typer.Option("--sigma", help="Standard deviation of gaussian noise in pixel value, or of blur in pixels."),
]
Share: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--share",
        help="Share of the values lost, for salt-and-pepper and masking; of the images damaged, for structured.",
    ),
]
Mean: TypeAlias = Annotated[float | None, typer.Option("--mean", help="Mean of the noise of a blend, or of a shift.")]
Std: TypeAlias = Annotated[float | None, typer.Option("--std", help="Standard deviation of the noise of a blend.")]


def corrupt(
    inputs: Inputs,
    out: Out,
    with_: With = "blend",
    alpha: Alpha = None,
    sigma: Sigma = None,
    share: Share = None,
    mean: Mean = None,
    std: Std = None,
    seed: Seed = 0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Make noisy inputs: each image again, and beside it its exact values as .npy, since noise leaves [0, 1]."""
    from copyist.corruption import CORRUPTIONS, Corruption, named_corruption
    from copyist.data.inputs import find_inputs
    from copyist.files.picture_files import PicturesOfFiles
    from copyist.settings import dump

    settings = {"alpha": alpha, "sigma": sigma, "share": share, "mean": mean, "std": std}
    corruption = named_corruption(with_, {name: value for name, value in settings.items() if value is not None})
    check_folder(out, overwrite=force)
    pictures = PicturesOfFiles(find_inputs(inputs, without=out, say=say), say=say)
    exact = _exact_names(pictures.names)
    files = _write(pictures, exact, corruption, out, seed=seed)

    chosen = dump(corruption, {Corruption: CORRUPTIONS})
    words = ", ".join(f"{name} {value:g}" for name, value in chosen.items() if name != "kind")
    text = (
        f"corrupted {counted(len(pictures), 'image')} into {out} by {with_}{' of ' if words else ''}{words}; "
        "the .npy files hold the values unclipped"
    )
    show(text, {"images": len(pictures), "out": str(out), "files": files, "corruption": chosen}, as_json=as_json)


def _write(
    pictures: "PicturesOfFiles", exact: Mapping[str, str], corruption: "Corruption", out: Path, *, seed: int
) -> list[str]:
    """Write each picture as a picture and as an exact array by its name in `exact`; the names of all files."""
    from copyist.data import Picture, write_picture
    from copyist.files.bulk import map_stream
    from copyist.outputs import whole_folder
    from copyist.randomness import generator

    def corrupted() -> "Iterator[tuple[Picture, Tensor]]":
        for _, picture in pictures.read():
            # An image's noise depends on its name, not on what else is there.
            noise = generator(seed, "corrupt", picture.name)
            yield picture, corruption(picture.pixels[None], generator=noise)[0]

    written: dict[str, None] = {}
    with bar("images") as update, whole_folder(out) as folder:

        def write(item: tuple[Picture, "Tensor"]) -> list[Path]:
            picture, x_tilde = item
            files = [write_picture(picture, x_tilde, folder)]
            if picture.name in exact:
                files.append(_write_exactly(x_tilde, folder / exact[picture.name]))
            return files

        stream = map_stream(write, corrupted(), size=lambda item: item[1].numel(), ahead=False)
        with closing(stream):
            for done, files in enumerate(stream, start=1):
                written |= dict.fromkeys(str(out / path.relative_to(folder)) for path in files)
                update(done, len(pictures))
        pictures.report()
    return [file for file in written if Path(file).exists()]  # A stack with a broken page is none.


def _write_exactly(x: "Tensor", file: Path) -> Path:
    import numpy as np

    from copyist.outputs import whole_file

    with whole_file(file) as temporary, temporary.open("wb") as opened:
        values = np.moveaxis(x.numpy(), 0, -1)
        np.save(opened, values[:, :, 0] if values.shape[2] == 1 else values)
    return file


def _exact_names(names: Sequence[str]) -> dict[str, str]:
    """The name of the array beside each picture; none where the picture is of an array itself."""
    from copyist.data.inputs import result_names

    arrays = {name.partition("#")[0] for name in names if _is_of_array(name)}
    pictures = [name for name in names if not _is_of_array(name)]
    return dict(zip(pictures, result_names(pictures, ".npy", taken=arrays, say=say), strict=True))


def _is_of_array(name: str) -> bool:
    return name.endswith(".npy") or ".npy#" in name
