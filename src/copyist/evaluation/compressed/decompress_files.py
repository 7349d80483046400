"""Compressed files, decompressed into a folder."""

__all__ = ["compressed_files", "decompress_files"]

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from copyist.compression.container import Header, read_container, read_header
from copyist.compression.models import coder_of, decompressing_coder
from copyist.errors import DataError
from copyist.evaluation.compressed.compress_files import ENDING
from copyist.files.bulk import Progress, ignore, map_stream, reason_of, report_unreadable
from copyist.files.decoded import DecodedImage
from copyist.files.encoding import encode_image
from copyist.files.folders import ImageFile, list_folder
from copyist.files.picture import safe_name
from copyist.files.picture_files import check_output_names
from copyist.outputs import check_output, user_path, whole_folder, write_bytes


def decompress_files(
    inputs: Sequence[str],
    *,
    out: Path,
    model: str | None = None,
    class_of: str | None = None,
    device: str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    say: Callable[[str], None] | None = None,
) -> dict[str, Header]:
    """Decompress files into a folder, each as a PNG of its name.

    Args:
        inputs: compressed files, and folders of them.
        out: the folder.
        model: that which compressed them; None finds it among those that come with the package.
        class_of: as `load`.
        device: as `load`.
        overwrite: whether files that are there are replaced.
        progress: called after each file.
        say: takes notices, each one sentence.

    Returns:
        The headers of what was decompressed, by the paths of the pictures.

    Raises:
        DataError: a file cannot be decompressed, or of a folder more than 1 %.
        CopyistError: the model or the output cannot be used.
    """
    check_output(out, overwrite=overwrite)
    given = None if model is None else coder_of(model, verb="decompress", class_of=class_of, device=device)
    files = [file for text in inputs for file in compressed_files(user_path(text), without=out)]
    names = [file.name.removesuffix(ENDING) + ".png" for file, _ in files]
    check_output_names(names)
    failures: list[str] = []
    found: dict[str, Header] = {}

    def pictures() -> Iterator[tuple[str, Header, DecodedImage]]:
        for (file, is_alone), name in zip(files, names, strict=True):
            try:
                data = file.read()
                head = read_container(data).header
                picture = decompressing_coder(head.fingerprint, given, device=device).decompress(data)
            except (OSError, DataError) as error:
                if is_alone:
                    raise DataError(f"{file.name} cannot be decompressed: {reason_of(error)}") from error
                failures.append(f"{file.name} ({reason_of(error)})")
                continue
            yield name, head, picture.to_image()

    with whole_folder(out) as folder:

        def write(item: tuple[str, Header, DecodedImage]) -> tuple[str, Header]:
            name, head, image = item
            write_bytes(folder / safe_name(name), encode_image(image))
            return str(out / name), head

        # Each is encoded as a PNG behind the next.
        with closing(map_stream(write, pictures(), size=lambda item: item[2].pixels.size, ahead=False)) as stream:
            for path, head in stream:
                found[path] = head
                if progress is not None:
                    progress(len(found) + len(failures), len(files))
        report_unreadable(failures, len(files), noun="compressed files", say=say or ignore)
    return found


def compressed_files(path: Path, *, without: Path | None = None) -> list[tuple[ImageFile, bool]]:
    """The file at a path, or those of a folder; and whether each was named by itself.

    Raises:
        DataError: there is none.
    """
    if not path.is_dir():
        if not path.exists():
            raise DataError(f"there is no file or folder {path}; check the path")
        return [(ImageFile(name=path.name, read=partial(_read, path)), True)]
    files = list_folder(path, without=without).files([ENDING])
    if not files:
        raise DataError(f"{path} must hold compressed files ({ENDING}), and there is none; check the folder")
    return [(file, False) for file in files]


def _read(path: Path) -> bytes:
    """The content of a file, of which no more than the header is read where that cannot be ours.

    Raises:
        DataError: it cannot.
    """
    with path.open("rb") as file:
        start = file.read(Header.SIZE)
        read_header(start)
        return start + file.read()
