from pathlib import Path

import pytest

from copyist.data.source import parse_source
from copyist.errors import ArgumentError, UnknownNameError


def test_a_bare_name_has_no_options() -> None:
    source = parse_source("photos")
    assert (source.place, source.size, source.fit, source.channels, source.split) == (
        "photos",
        None,
        "crop",
        None,
        None,
    )
    assert source.is_embedded


def test_every_option_is_read() -> None:
    source = parse_source("a/b?size=64x48&fit=tile&channels=1&split=test&layout=nchw&key=x&stride=7&limit=9")
    assert source.place == "a/b"
    assert source.size == (64, 48)
    assert (source.fit, source.channels, source.split, source.layout) == ("tile", 1, "test", "nchw")
    assert (source.key, source.stride, source.limit) == ("x", 7, 9)
    assert not source.is_embedded


def test_one_number_is_a_square() -> None:
    assert parse_source("scenes?size=40").size == (40, 40)


def test_a_path_that_exists_may_contain_a_question_mark(tmp_path: Path) -> None:
    odd = tmp_path / "what?size=1"
    odd.mkdir()
    assert parse_source(str(odd)).place == str(odd)
    assert parse_source(f"{odd}?limit=2").place == str(odd)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("photoz", "did you mean 'photos'?"),
        ("photos?sise=3", "did you mean 'size'?"),
        ("scenes?fit=tiles", "did you mean 'tile'?"),
        ("digits?split=tests", "did you mean 'test'?"),
        ("digits?layout=nwhc", "did you mean 'nhwc'?"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(text: str, hint: str) -> None:
    with pytest.raises(UnknownNameError, match=hint.replace("?", r"\?")):
        parse_source(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("photos?size", "size must be written size=value"),
        ("photos?size=", "size must be written size=value"),
        ("photos?size=0", "64x48 for height x width, got '0'"),
        ("photos?size=4x", "got ''"),
        ("photos?limit=-3", "limit must be a whole number greater than 0, got '-3'"),
        ("photos?channels=²", "channels must be a whole number"),
        ("photos?limit=1&limit=2", "limit must be given once"),
        ("./x?fit=tile", "fit=tile must come with a size"),
        ("./x?size=8&stride=4", "stride must come with fit=tile"),
        ("?size=8", "must name a file, a folder or embedded data"),
    ],
)
def test_a_bad_value_is_refused_in_one_sentence(text: str, message: str) -> None:
    with pytest.raises(ArgumentError) as refusal:
        parse_source(text)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)
