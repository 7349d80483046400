"""Images of data sets of the Hugging Face hub, and of folders in the forms that its library `datasets` reads."""

__all__ = ["undecoded_hub"]

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from copyist.checks import check_choice, require
from copyist.data.image_files import undecoded_files
from copyist.data.labels import ClassLabels
from copyist.data.source import Source
from copyist.data.undecoded import Undecoded
from copyist.errors import ArgumentError, CopyistError, DataError, UnknownNameError
from copyist.files.bulk import Progress
from copyist.files.folders import ImageFile
from copyist.files.split_names import parts_by_folder
from copyist.outputs import user_path

HubSet: TypeAlias = Any
"""One split: a `datasets.Dataset`, whose rows lie in mapped files."""

_MOST_NAMED = 10
"""Columns or configurations that a sentence names at most."""


def undecoded_hub(source: Source, *, say: Callable[[str], None], progress: Progress | None = None) -> Undecoded:
    """The images of a data set, with the splits that it has and the classes of its rows.

    The library downloads the set once, as a whole, into its own cache (`HF_HOME`), and maps it from there, so that
    each image is read by itself and memory does not grow with the set. No code of the set is run.

    Its splits are taken as folders of these names are: one to train on beside one to test or validate on; else all
    rows are taken together, and content decides. An image is called by its split and row, `train/00000012`.

    Args:
        source: `hf:NAME`; `column` names the images where several columns hold some, `label` the classes.
        say: takes notices, each one sentence.
        progress: called with the number of images looked into, and of all.

    Raises:
        MissingExtraError: `datasets` is not installed.
        DataError: there is no such set, it cannot be reached or read, or has no column of images.
        ArgumentError: several columns hold images, or there are several configurations, and none is named.
        UnknownNameError: there is no column, or no configuration, of the given name.
    """
    require("datasets", extra="hf", purpose="a data set of the Hugging Face hub")
    loaded = _load(source)
    taken = _taken(loaded, source, say)
    sets = {split: loaded[split] for split in taken}
    column, label = _image_column(sets, source), _label_column(sets, source, say)
    _check_alike(sets, [name for name in (column, label) if name is not None], source)
    files = [file for split in taken for file in _files(split, sets[split], column)]
    is_test = (
        None if len(set(taken.values())) < 2 else [taken[split] for split in taken for _ in range(len(sets[split]))]
    )
    return undecoded_files(
        files,
        place=source.place,
        is_test=is_test,
        labels=None if label is None else _labels([sets[split] for split in taken], label, source, say),
        all_pages=source.pages == "all",
        progress=progress,
    )


def _load(source: Source) -> dict[str, HubSet]:
    """The splits of the set, by name.

    Raises:
        DataError, ArgumentError, UnknownNameError: as `undecoded_hub`.
    """
    import datasets

    name = source.place.removeprefix("hf:")
    path = user_path(name)
    is_saved = (path / "state.json").is_file() or (path / "dataset_dict.json").is_file()
    if is_saved and source.config is not None:
        raise ArgumentError(
            f"{source.place} is a saved set, which has no configurations, got config={source.config}; leave it out"
        )
    try:
        if is_saved:
            loaded: Any = datasets.load_from_disk(str(path))
        else:
            loaded = datasets.load_dataset(str(path) if path.is_dir() else name, source.config)
    except Exception as error:  # A set can fail in any way.
        raise _refusal(source, error) from error
    sets = dict(loaded) if isinstance(loaded, Mapping) else {str(loaded.split or "train"): loaded}
    if not sets:
        raise DataError(f"{source.place} must hold a split, and has none; check what was saved there")
    return sets


def _refusal(source: Source, error: Exception) -> CopyistError:
    """What went wrong, in one sentence, with what mends it."""
    from datasets.exceptions import DatasetNotFoundError

    place, reason = source.place, _reason(error)
    configurations = re.search(r"(?:Available|available configs): \[(.*?)\]", str(error), re.DOTALL)
    if configurations is not None:
        names = re.findall(r"'([^']*)'", configurations[1])
        if source.config is None:
            return ArgumentError(f"{place} has several configurations, {_listed(names)}; add ?config={names[0]}")
        return UnknownNameError(
            f"config= of {place} must be one of {_listed(names)}, got {source.config!r}; name one of these"
        )
    if isinstance(error, DatasetNotFoundError):
        return DataError(
            f"{place} must be a folder, or a data set of the Hugging Face hub that may be read ({reason}); check the "
            "name, or log in by 'hf auth login'"
        )
    if isinstance(error, FileNotFoundError):
        return DataError(f"{place} must hold a data set, and no file in it is part of one; check the path or the name")
    if isinstance(error, ConnectionError):
        return DataError(
            f"{place} must be a folder, or within reach on the Hugging Face hub ({reason}); check the network and the "
            "name, or give a folder: hf:./DIR"
        )
    if "disk space" in reason:
        return DataError(f"{place} does not fit onto the disk ({reason}); set HF_HOME to a folder on a larger one")
    return DataError(f"{place} cannot be read as a data set of the Hugging Face hub ({reason}); check it, or the name")


def _reason(error: Exception) -> str:
    """The first line of what the library says, or of what made it fail."""
    told = error.__cause__ or error
    line = (str(told) or type(told).__name__).strip().partition("\n")[0].rstrip(".")
    return line[:1].lower() + line[1:]


def _image_column(sets: Mapping[str, HubSet], source: Source) -> str:
    """The column of images: the one that is named, or the only one there is.

    Raises:
        DataError, ArgumentError, UnknownNameError: as `undecoded_hub`.
    """
    import datasets

    features = _features(sets)
    if source.column is not None:
        check_choice("column=", source.column, list(features))
        return source.column
    images = [name for name, feature in features.items() if isinstance(feature, datasets.Image)]
    if not images:
        raise DataError(
            f"{source.place} must have a column of images, and has {_listed(list(features))}; take another set, or "
            "name a column of encoded images by ?column="
        )
    if len(images) > 1:
        raise ArgumentError(
            f"{source.place} has several columns of images, {_listed(images)}; choose one by ?column={images[0]}"
        )
    return images[0]


def _label_column(sets: Mapping[str, HubSet], source: Source, say: Callable[[str], None]) -> str | None:
    """The column of classes: the one that is named, the only one that declares classes, or the one called label."""
    import datasets

    features = _features(sets)
    if source.label is not None:
        check_choice("label=", source.label, list(features))
        return source.label
    classes = [name for name, feature in features.items() if isinstance(feature, datasets.ClassLabel)]
    if len(classes) > 1 and "label" not in classes:
        say(f"{source.place} has several columns of classes, {_listed(classes)}, and none is taken; choose by ?label=")
        return None
    return "label" if "label" in classes else next(iter(classes), None)


def _check_alike(sets: Mapping[str, HubSet], columns: Sequence[str], source: Source) -> None:
    """Refuse splits of which one lacks a column, or has other classes, or the same ones under other numbers.

    Raises:
        DataError: in one sentence.
    """
    (first, known), *others = ((split, rows.features) for split, rows in sets.items())
    for split, features in others:
        for column in columns:
            if column not in features:
                raise DataError(
                    f"all splits of {source.place} must have the column {column!r}, and {split} has "
                    f"{_listed(list(features))}; choose another by column= or label="
                )
            if _classes(features[column]) != _classes(known[column]):
                raise DataError(
                    f"the column {column!r} of {source.place} must name the same classes in all splits, got "
                    f"{_listed(_classes(features[column]))} in {split} and {_listed(_classes(known[column]))} in "
                    f"{first}; choose another by label="
                )


def _classes(feature: Any) -> list[str]:
    """The names that a column declares, by number; none of other columns."""
    return list(getattr(feature, "names", None) or ())


def _features(sets: Mapping[str, HubSet]) -> dict[str, Any]:
    return dict(next(iter(sets.values())).features)


def _taken(sets: Mapping[str, HubSet], source: Source, say: Callable[[str], None]) -> dict[str, bool]:
    """The splits that are used, and whether each is held out; all alike where the set has none to train and to test."""
    parts = parts_by_folder([f"{split}/0" for split in sets])
    if parts is None:
        if len(sets) > 1:
            say(
                f"{source.place} has the splits {_listed(list(sets))}, but not one to train on and one to test on: all "
                "images are taken together, and a part of them is held out"
            )
        return dict.fromkeys(sets, False)
    named = zip(sets, parts, strict=True)
    taken = {split: part.role != "train" for split, part in named if part is not None and part.is_taken}
    left = [split for split in sets if split not in taken]
    if left:
        say(f"took the splits {_listed(list(taken))} of {source.place}, and left out {_listed(left)}")
    return taken


def _files(split: str, rows: HubSet, column: str) -> list[ImageFile]:
    """The encoded images of one split, each read when it is asked for."""
    import datasets

    encoded, feature = rows.select_columns([column]), rows.features[column]
    if isinstance(feature, datasets.Image):
        encoded = encoded.cast_column(column, datasets.Image(decode=False))
    elif getattr(feature, "dtype", None) not in ("binary", "large_binary"):
        raise DataError(f"column= must name a column of images or of their files, got {column!r} of {feature}")

    def reader(index: int) -> Callable[[], bytes]:
        def read() -> bytes:
            cell = encoded[index][column]
            if cell is None:
                raise DataError("no image")
            if isinstance(cell, bytes):
                return cell
            return Path(cell["path"]).read_bytes() if cell["bytes"] is None else cell["bytes"]

        return read

    return [ImageFile(name=f"{split}/{index:08d}", read=reader(index)) for index in range(len(encoded))]


def _labels(sets: Sequence[HubSet], column: str, source: Source, say: Callable[[str], None]) -> ClassLabels | None:
    """The classes of all rows; none, with a notice, where a row has none, as in test splits that are kept secret."""
    import datasets

    feature = sets[0].features[column]
    values = [
        value for rows in sets for value in rows.select_columns([column]).with_format("arrow")[:][column].to_pylist()
    ]
    declared = isinstance(feature, datasets.ClassLabel)
    if any(value is None or (declared and value < 0) for value in values):
        say(f"labels of {source.place} are left out, since some rows have none; take another column by ?label=")
        return None
    if declared:
        return ClassLabels(numbers=np.array(values, dtype=np.int64), names=tuple(map(str, feature.names)))
    if not isinstance(feature, datasets.Value):
        raise DataError(
            f"label= must name a column of texts or whole numbers, got {column!r} of {feature}; choose another"
        )
    return ClassLabels.of(np.array(values), what=f"labels of {source.place}", remedy="choose another column by ?label=")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (", …" if len(names) > _MOST_NAMED else "")
