"""Pictures in, pictures out, through a verb such as denoising: read, computed and written at the same time."""

__all__ = ["restore_files", "restored"]

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from torch import Tensor

from copyist.files.bulk import Progress, map_stream
from copyist.files.picture import Picture, write_picture
from copyist.files.picture_files import PicturesOfFiles
from copyist.models.contracts import Reconstructor
from copyist.outputs import whole_folder
from copyist.procedures.sizes import apply_to_stream
from copyist.tensors import Images


def restore_files(
    model: Reconstructor,
    verb: Callable[[Images], Images],
    pictures: PicturesOfFiles,
    *,
    out: Path,
    channels: int,
    passes: int = 1,
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Write what a verb makes of each picture, under its own name and in its own format, into a folder.

    While a batch is computed the pictures of the next are decoded, and those of the one before are encoded and
    written, in threads. The files are those that one after the other would give, bit for bit, and the folder gets all
    of them or none.

    Args:
        model: gives the sizes that it takes, its batch size and its device.
        verb: from images to images of one shape, for one batch or for fewer images, which it fills.
        pictures: none of them is decoded yet.
        out: the folder.
        channels: that the model takes.
        passes: how many times the verb is applied in turn.
        batch_size: images per batch; None takes the model's own.
        progress: called with the number of pictures that are written, and of all.

    Returns:
        The files, in the order of `pictures`; one for all the pages of a stack, or rows of an array.

    Raises:
        DataError: more than 1 % of the pictures cannot be read, or one whose file was named by itself.
        ShapeError, ArgumentError, ContractError: as `apply_to_stream`, `verb` and `write_picture`.
        OutputError: one cannot be written.
    """
    written: list[tuple[int, Path]] = []
    with whole_folder(out) as folder:
        answers = restored(
            model,
            verb,
            pictures.read,
            shapes=pictures.shapes,
            names=pictures.names,
            channels=channels,
            passes=passes,
            batch_size=batch_size,
        )

        def write(answer: tuple[tuple[int, Picture], Tensor]) -> tuple[int, Path]:
            (row, picture), x_hat = answer
            return row, write_picture(picture, x_hat, folder).relative_to(folder)

        with closing(map_stream(write, answers, size=lambda answer: answer[1].numel(), ahead=False)) as stream:
            for each in stream:
                written.append(each)
                if progress is not None:
                    progress(len(written), len(pictures))
        pictures.report()
    return list(dict.fromkeys(out / path for row, path in sorted(written) if pictures.is_whole(row)))


def restored(
    model: Reconstructor,
    verb: Callable[[Images], Images],
    read: Callable[[Sequence[int]], Iterable[tuple[int, Picture]]],
    *,
    shapes: Sequence[tuple[int, int, int]],
    names: Sequence[str],
    channels: int,
    passes: int = 1,
    batch_size: int | None = None,
) -> Iterator[tuple[tuple[int, Picture], Tensor]]:
    """What a verb makes of each picture, as `apply_to_stream` gives it.

    Args:
        model: as for `restore_files`.
        verb: as there.
        read: gives pictures with their numbers, for places in `shapes`, in their order; it may leave out some.
        shapes: (C, H, W) of each, as it is stored.
        names: of the pictures, for sentences about them.
        channels: that the model takes.
        passes: how many times the verb is applied in turn.
        batch_size: images per batch; None takes the model's own.

    Returns:
        The number of each picture, and what is needed to write its like; and its answer (C, H, W).
    """
    return apply_to_stream(
        model,
        verb,
        lambda places: (
            ((row, picture.without_pixels()), picture.with_channels(channels)) for row, picture in read(places)
        ),
        shapes=[(channels, *shape[1:]) for shape in shapes],
        names=names,
        passes=passes,
        batch_size=batch_size,
    )
