"""Source strings: `PATH_OR_NAME?option=value&option=value`."""

__all__ = [
    "EMBEDDED",
    "IMAGE_OPTIONS",
    "READABLE",
    "TABLE_OPTIONS",
    "Source",
    "check_unset",
    "drop_option",
    "escape_name",
    "parse_source",
    "with_option",
]

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from copyist.checks import check_choice, nearest_match
from copyist.data.parts import Split
from copyist.data.source_options import Fit, Pages, option_value
from copyist.errors import ArgumentError, UnknownNameError
from copyist.files.delimited import HeaderLine
from copyist.files.image_arrays import Layout
from copyist.files.spellings import Decimal
from copyist.outputs import user_path

EMBEDDED = ("photos", "faces", "digits", "scenes", "blobs", "cancer")
"""Sources that need no file. `./photos` is a folder of that name."""

READABLE = (
    "a source is a folder, .zip or .tar of images, a folder of shards, .npy, .npz, idx .gz, a table in .csv or "
    ".parquet, hf:NAME of the Hugging Face hub, or one of photos, faces, digits, scenes, blobs, cancer"
)
"""What can be read, as the end of a sentence."""

IMAGE_OPTIONS = ("size", "fit", "channels", "layout", "stride", "binarize", "pages")
"""Options of images alone."""

HUB_OPTIONS = ("column", "config")
"""Options of data sets of the Hugging Face hub alone."""

TABLE_OPTIONS = ("label", "drop", "header", "decimal")
"""Options of tables alone."""

_OPTIONS = (
    *("size", "fit", "channels", "split", "layout", "key", "stride", "limit", "binarize", "pages"),
    *("test", "split_seed", "calibration", "only", "group"),
    *TABLE_OPTIONS,
    *HUB_OPTIONS,
)


@dataclass(frozen=True, kw_only=True)
class Source:
    """A source, taken apart."""

    text: str
    """As it was written."""

    place: str
    """A path, one of `EMBEDDED`, or `hf:` and the name of a data set of the Hugging Face hub."""

    size: tuple[int, int] | None = None
    """(H, W) every image is brought to; None leaves images as they are."""

    fit: Fit = "crop"
    """How: scale to cover and cut the middle; stretch; scale to fit and repeat the edges; cut into tiles unscaled."""

    channels: int | None = None
    """1 for gray, 3 for color, or what an array must have; None takes what is there."""

    pages: Pages = "first"
    """Whether of a stack or a moving picture the first picture is taken, or each."""

    split: Split | None = None
    """The split; None leaves the choice to the procedure."""

    layout: Layout | None = None
    """Where the channels of an array are; None guesses."""

    key: str | None = None
    """Which array of an `.npz`."""

    stride: int | None = None
    """Steps between tiles in pixels; None puts them side by side."""

    limit: int | None = None
    """At most so many images or rows (tiles are cut afterwards), spread evenly over each split."""

    test: float | None = None
    """The share of the distinct contents that is held out, in (0, 1); None holds out a tenth."""

    split_seed: int = 0
    """Which contents are held out, by choice or for calibration: another seed orders them in another way."""

    calibration: float | None = None
    """The share of what is not in the test split that is set apart to calibrate thresholds on, in (0, 1)."""

    group: str | None = None
    """What tells which examples belong together, so that no split parts them: a column of a table, which is not
    learned; of images `folder`, or a regular expression that finds the group in a name."""

    only: tuple[str, ...] = ()
    """Names of the classes whose examples are taken; empty takes all."""

    label: str | None = None
    """The column of a table, or of a data set of the Hugging Face hub, that holds its classes."""

    column: str | None = None
    """The column of a data set of the Hugging Face hub that holds its images; None takes the only one."""

    config: str | None = None
    """Which configuration of a data set of the Hugging Face hub is taken, where it has several."""

    drop: tuple[str, ...] = ()
    """Columns of a table that are left out."""

    header: HeaderLine | None = None
    """Whether the first row of a text file names its columns; None tells by what stands in it."""

    decimal: Decimal | None = None
    """What marks decimals in texts, where the other one parts thousands; None tells by what stands in them."""

    binarize: float | str | None = None
    """Values become 0 or 1: 1 from this share of the largest on, or `sample`, 1 with the probability that they name,
    drawn once; None leaves them."""

    @property
    def is_embedded(self) -> bool:
        """Whether it needs no file."""
        return self.place in EMBEDDED

    @property
    def is_hub(self) -> bool:
        """Whether it is read by the library of the Hugging Face hub, from there or from a folder."""
        return self.place.startswith("hf:")


def parse_source(text: str) -> Source:
    """Take a source string apart.

    A path that exists may itself contain `?`. In names of columns `%2C` is a comma, `%26` an ampersand, and so on for
    all bytes, as `escape_name` writes them.

    Raises:
        UnknownNameError: there is no such option, value or embedded source.
        ArgumentError: a value breaks its option's rule, or two options contradict one another.
    """
    place, mark, query = (text, "", "") if user_path(text).exists() else text.rpartition("?")
    if not mark:
        place, query = text, ""
    # An embedded source is called as it is, and no path.
    place = str(user_path(place)) if place.startswith("~") else place
    options: dict[str, Any] = {}
    for part in query.split("&") if query else []:
        name, equals, value = part.partition("=")
        check_choice("source option", name, _OPTIONS)
        if not equals or not value:
            raise ArgumentError(f"source option {name} must be written {name}=value, got {part!r}")
        if name in options:
            raise ArgumentError(f"source option {name} must be given once, got it twice in {text!r}")
        options[name] = option_value(name, value)
    source = Source(text=text, place=place, **options)
    _check_together(source)
    if not source.is_hub:
        check_unset(source, HUB_OPTIONS, kind="data sets of the Hugging Face hub (hf:NAME)", got="another source")
    _check_place(place)
    return source


def check_unset(source: Source, options: Sequence[str], *, kind: str, got: str) -> None:
    """Refuse options that do not apply to what a source holds.

    Args:
        source: the source.
        options: those that must be as they are by default.
        kind: what they are for, in a sentence.
        got: what the source is, in a sentence.

    Raises:
        ArgumentError: one of them is set.
    """
    defaults = {field.name: field.default for field in fields(Source)}
    wrong = next((name for name in options if getattr(source, name) != defaults[name]), None)
    if wrong is not None:
        raise ArgumentError(f"source option {wrong} is for {kind}, got {got}: {source.place}; leave {wrong}= out")


def escape_name(name: str) -> str:
    """The name of a column as `drop=` and `label=` take it."""
    return "".join(f"%{ord(sign):02X}" if sign in "%&,?" else sign for sign in name)


def drop_option(source: Source, names: Sequence[str]) -> str:
    """The option that leaves these columns out beside those that are left out already."""
    return "?drop=" + ",".join(map(escape_name, [*source.drop, *names]))


def with_option(text: str, option: str) -> str:
    """A source string with one more option, such as `calibration=0.2`."""
    return f"{text}{'&' if parse_source(text).place != text else '?'}{option}"


def _check_together(source: Source) -> None:
    if source.fit == "tile" and source.size is None and source.place != "photos":
        raise ArgumentError(f"fit=tile must come with a size, got {source.text!r}; add &size=64")
    tiled = source.fit == "tile" or source.place == "photos"
    if source.stride is not None and not tiled:
        raise ArgumentError(f"stride must come with fit=tile, got {source.text!r}; add &fit=tile")
    if source.split == "calibration" and source.calibration is None:
        raise ArgumentError(f"split=calibration must come with a share, got {source.text!r}; add &calibration=0.2")


def _check_place(place: str) -> None:
    if place == "hf:":
        raise ArgumentError("hf: must name a data set of the Hugging Face hub or a folder, got nothing; write hf:NAME")
    if not place:
        raise ArgumentError("a source must name a file, a folder or embedded data, got nothing before the options")
    if place in EMBEDDED or Path(place).exists():
        return
    if any(sign in place for sign in "/\\.:"):
        return  # Refused where it is opened, with what can be read.
    raise UnknownNameError(f"there is no source, file or folder {place!r}; {nearest_match(place, EMBEDDED)}")
