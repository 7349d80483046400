"""Tables as text, set by hand."""

import pytest

from copyist.drawing.text import text_table

LINES = [
    ["ratio", "‖x̃ − x‖", "set by"],
    ["> a model", "1.000 ± 0.000*", "[0.1, 2]"],
    ["    indented", "0.5 ", ""],
]


def test_the_first_column_is_set_to_the_left_and_the_others_to_the_right() -> None:
    # A tilde above a letter takes no place of its own.
    assert text_table(LINES).splitlines() == [
        "ratio                ‖x̃ − x‖    set by",
        "> a model     1.000 ± 0.000*  [0.1, 2]",
        "    indented            0.5",
    ]


def test_sides_and_indent_are_as_asked_for() -> None:
    assert text_table(
        [["a", "1", "x"], ["bc", "22", "yz"]], sides=("left", "right", "left"), indent=2
    ).splitlines() == [
        "  a    1  x",
        "  bc  22  yz",
    ]


def test_what_looks_like_markup_or_is_longer_than_a_terminal_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("FORCE_COLOR", "1")
    long = "word " * 100 + "end"
    assert (
        text_table([["[red]a[/red] :smile: https://x.y 3.5", long]]) == f"[red]a[/red] :smile: https://x.y 3.5  {long}"
    )


def test_a_table_without_rows_is_no_text() -> None:
    assert text_table([]) == ""
