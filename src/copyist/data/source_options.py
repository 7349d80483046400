"""Values of the options of a source, from text."""

__all__ = ["Fit", "Pages", "option_value", "parse_size"]

from typing import Literal, TypeAlias, get_args
from urllib.parse import unquote

from copyist.checks import check_choice
from copyist.data.parts import Split
from copyist.errors import ArgumentError
from copyist.files.delimited import HeaderLine
from copyist.files.image_arrays import Layout
from copyist.files.spellings import Decimal

Fit: TypeAlias = Literal["crop", "resize", "pad", "tile"]
"""How images are brought to one size: see `Source.fit`."""

Pages: TypeAlias = Literal["first", "all"]
"""Which pictures of a stack or a moving picture are taken."""


def option_value(name: str, value: str) -> object:
    """What a text means for an option.

    Raises:
        ArgumentError, UnknownNameError: the text is no value of that option.
    """
    match name:
        case "size":
            return parse_size(value)
        case "channels" | "stride" | "limit":
            return _whole_number(name, value)
        case "binarize":
            return value if value == "sample" else _threshold(value)
        case "test" | "calibration":
            return _share(name, value)
        case "split_seed":
            return _seed(value)
        case "fit" | "layout" | "split" | "header" | "decimal" | "pages":
            kinds = {
                "fit": Fit,
                "layout": Layout,
                "split": Split,
                "header": HeaderLine,
                "decimal": Decimal,
                "pages": Pages,
            }
            check_choice(f"{name}=", value, get_args(kinds[name]))
            return value
        case "drop" | "only":
            return tuple(map(unquote, value.split(",")))
        case "label" | "group" | "column":
            return unquote(value)
        case _:
            return value


def parse_size(text: str, *, name: str = "source option size") -> tuple[int, int]:
    """(H, W) from `64` or `64x48`; `name` is what a refusal calls it.

    Raises:
        ArgumentError: the text is neither.
    """
    height, times, width = text.partition("x")
    return _whole_number(name, height), _whole_number(name, width if times else height)


def _whole_number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 10**9):
        form = (
            " like 64, or 64x48 for height x width" if name not in ("channels", "stride", "limit", "binarize") else ""
        )
        what = name if form else f"source option {name}"
        raise ArgumentError(f"{what} must be a whole number greater than 0{form}, got {text!r}")
    return int(text)


def _threshold(text: str) -> float:
    try:
        threshold = float(text)
    except ValueError:
        threshold = 0.0
    if not 0 < threshold <= 1:
        raise ArgumentError(f"source option binarize must be a number in (0, 1], or sample, got {text!r}")
    return threshold


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ArgumentError(f"source option split_seed must be a whole number of at least 0, got {text!r}")
    return int(text)


def _share(name: str, text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise ArgumentError(
            f"source option {name} must be a share between 0 and 1, both excluded, got {text!r}; take {name}=0.2"
        )
    return share
