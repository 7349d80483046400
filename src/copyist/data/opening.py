"""A source string becomes examples: all of one shape, in train and test, and in calibration where it is asked for."""

__all__ = ["check_data", "open_source", "open_split"]

from collections.abc import Callable, Sequence
from pathlib import Path

from copyist.data.examples import ExampleSet
from copyist.data.image_sets import image_sets
from copyist.data.parts import Split
from copyist.data.shard_sets import shard_sets
from copyist.data.shards import find_index
from copyist.data.source import READABLE, Source, parse_source
from copyist.data.splits import Splits
from copyist.data.table_sets import is_table, table_sets
from copyist.errors import ArgumentError, DataError
from copyist.files.bulk import Progress, ignore
from copyist.files.tars import tar_paths

_MORE = {
    False: "add images, of which a tenth is held out, or part them into folders train and test",
    True: "add rows, of which a tenth is held out",
}


def open_source(
    text: str,
    *,
    without: Path | None = None,
    columns: Sequence[str] = (),
    say: Callable[[str], None] | None = None,
    progress: Progress | None = None,
) -> Splits:
    """Open a source with its two splits, which depend on its content alone.

    A folder or archive with `train/` beside `test/` (or `val/`) has these as splits; so has a folder with the four
    files of MNIST. Of all else, a tenth is held out, or `?test=0.2`. With `?calibration=0.2` a fifth of the rest is a
    third split. Tiles are cut after the split; transparency is left out.

    Args:
        text: `PATH_OR_NAME?option=value&…`, with the options of `Source`.
        without: a file or folder in it that is no data, such as where results go.
        columns: of a table, those that a model was trained on, which are found by name.
        say: takes notices, each one sentence.
        progress: called with the number of files done, and of all.

    Raises:
        ArgumentError: the source breaks a rule, or asks for one split only.
        UnknownNameError: there is no such source, option or value.
        DataError: it cannot be read, or its images cannot be brought to one shape.
        ShapeError: a table has not these columns.
    """
    source = parse_source(text)
    if source.split is not None:
        raise ArgumentError(f"both splits are needed here, got {text!r}; leave split= out")
    parts: list[Split] = ["train", "test"] if source.calibration is None else ["train", "test", "calibration"]
    train, test, *calibration = _sets(source, parts, without, say or ignore, progress, columns)
    if not (len(train) and len(test)):
        alike = len(train) > 1 and (train.array == train.array[:1]).all()
        got = f"{len(train)} that are all equal" if alike else f"{len(train)} and {len(test)}"
        if source.group is not None and not alike:
            raise DataError(
                f"{source.place} must have groups to train and to test on, got {got} {train.noun} of the groups by "
                f"{source.group}; take a group= that tells more of them apart, or add groups"
            )
        raise DataError(
            f"{source.place} must have {train.noun} to train and to test on, got {got}; "
            f"{f'add other {train.noun}' if alike else _MORE[train.is_table]}"
        )
    if calibration and not len(calibration[0]):
        if source.group is not None:
            raise DataError(
                f"{source.place} must have groups to calibrate on, got all {train.noun} beside its test split in one "
                f"by {source.group}; take a group= that tells more of them apart, or add groups"
            )
        raise DataError(f"{source.place} must have {train.noun} to calibrate on, got none; leave ?calibration= out")
    return Splits(train=train, test=test, calibration=calibration[0] if calibration else None)


def open_split(
    text: str,
    *,
    default: Split,
    without: Path | None = None,
    columns: Sequence[str] = (),
    say: Callable[[str], None] | None = None,
    progress: Progress | None = None,
) -> ExampleSet:
    """Open one split of a source: the one that `?split=` names, or else `default`.

    Args:
        text: as for `open_source`.
        default: the split that is opened where the text names none; `all` are all examples, in the source's order.
        without: as for `open_source`.
        columns: as for `open_source`.
        say: takes notices, each one sentence.
        progress: called with the number of files done, and of all.

    Raises:
        ArgumentError, UnknownNameError, DataError: as `open_source`.
    """
    source = parse_source(text)
    return _sets(source, (source.split or default,), without, say or ignore, progress, columns)[0]


def check_data(data: object) -> None:
    """Refuse anything but a source and its splits.

    Raises:
        ArgumentError: `data` is neither.
    """
    if not isinstance(data, (str, Splits)):
        arrays = "write copyist.data.Splits.from_arrays(…) around arrays"
        remedy = "write str(path)" if isinstance(data, Path) else arrays
        raise ArgumentError(f"data must be a source, such as 'photos', or Splits, got {type(data).__name__}; {remedy}")


def _sets(
    source: Source,
    parts: Sequence[Split],
    without: Path | None,
    say: Callable[[str], None],
    progress: Progress | None,
    columns: Sequence[str] = (),
) -> list[ExampleSet]:
    if not (source.is_embedded or source.is_hub) and not all(path.exists() for path in tar_paths(source.place)):
        raise DataError(f"there is no file or folder {source.place}; {READABLE}")
    if source.is_embedded and Path(source.place).exists():
        say(f"took {source.place} as the embedded data of that name; write ./{source.place} for the folder")
    index = None if source.is_embedded or source.is_hub else find_index(source.place)
    if index is not None:
        return shard_sets(source, index, parts, say=say)
    if is_table(source, without=without):
        return table_sets(source, parts, without=without, columns=columns, say=say)
    return image_sets(source, parts, without=without, say=say, progress=progress)
