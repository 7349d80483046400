"""Arguments are refused in one voice."""

import math
import re
from typing import Any

import numpy as np
import pytest
import torch

from copyist import checks
from copyist.errors import ArgumentError, MissingExtraError, ShapeError, UnknownNameError


@pytest.mark.parametrize(
    ("check", "arguments", "message"),
    [
        (
            checks.check_images,
            (torch.zeros(3, 4, 5),),
            r"^images must have shape \(B, C, H, W\), got \(3, 4, 5\); give a",
        ),
        (checks.check_images, (torch.zeros(2, 0, 4, 5),), r"with no side of 0, got \(2, 0, 4, 5\)$"),
        (checks.check_images, (torch.zeros(2, 3, 4, 5).int(),), r"must be floats in \[0, 1\], got torch.int32; divide"),
        (
            checks.check_examples,
            (torch.zeros(3),),
            r"^examples must have shape \(B, ...\) with no side of 0, got \(3,\)$",
        ),
        (checks.check_examples, (torch.zeros(3, 2).int(),), r"^examples must be floats, got torch.int32"),
        (checks.check_same_examples, (torch.zeros(3, 2), torch.zeros(3, 4)), r"one shape, got \(3, 2\) and \(3, 4\)$"),
        (
            checks.check_same_shape,
            (torch.zeros(2, 3, 4, 5), torch.zeros(2, 3, 5, 4)),
            r"must have one shape, got \(2, 3, 4, 5\) and \(2, 3, 5, 4\)$",
        ),
    ],
)
def test_a_shape_is_refused(check: Any, arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        check(*arguments)


@pytest.mark.parametrize(
    ("check", "arguments", "message"),
    [
        (checks.check_positive, ("n", 0), "n must be greater than 0, got 0"),
        (checks.check_positive, ("n", math.inf), "n must be a finite number, got inf"),
        (checks.check_at_least, ("n", math.nan, 1), "n must be at least 1, got nan"),
        (checks.check_within, ("n", 2, 0, 1), r"n must lie in \[0, 1\], got 2"),
        (checks.check_whole, ("n", 2.0, 1), "n must be a whole number of at least 1, got 2.0"),
    ],
)
def test_a_number_is_refused(check: Any, arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ArgumentError, match=f"^{message}$"):
        check(*arguments)


def test_a_name_is_refused_with_the_nearest_or_with_all() -> None:
    with pytest.raises(UnknownNameError, match=r"^there is no color 'greem'; did you mean 'green'\?$"):
        checks.check_choice("color", "greem", ["red", "green"])
    with pytest.raises(UnknownNameError, match=r"^there is no color 'xyz'; there are green, red$"):
        checks.check_choice("color", "xyz", ["red", "green"])


def test_an_optional_module_that_is_missing_names_its_extra() -> None:
    assert checks.require("math", extra="none", purpose="counting") is math
    with pytest.raises(
        MissingExtraError, match=r"^flying needs nowhere, which is not installed; pip install 'copyist\["
    ):
        checks.require("nowhere.at_all", extra="sky", purpose="flying")


@pytest.mark.parametrize("value", ["a", True, None, [0.2]])
def test_what_is_no_number_is_refused_as_such(value: Any) -> None:
    for check, bounds in (
        (checks.check_finite, ()),
        (checks.check_positive, ()),
        (checks.check_at_least, (0,)),
        (checks.check_within, (0, 1)),
    ):
        with pytest.raises(ArgumentError, match=rf"^sigma must be a number, got {re.escape(repr(value))}$"):
            check("sigma", value, *bounds)


@pytest.mark.parametrize("value", [1, 0.5, np.float32(0.5), torch.tensor(0.5)])
def test_numbers_of_every_kind_pass(value: Any) -> None:
    checks.check_positive("sigma", value)
    checks.check_within("sigma", value, 0, 1)
