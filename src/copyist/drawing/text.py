"""Tables as plain text, for a terminal, a log, or a file."""

__all__ = ["text_table"]

import io
from collections.abc import Sequence
from typing import Literal, TypeAlias

from rich.console import Console
from rich.table import Table
from rich.text import Text

Side: TypeAlias = Literal["left", "right"]

_GUARD = "\u2060"
"""A character that takes no place: Rich strips spaces at the end of what stands to the right, unless this follows."""


def text_table(rows: Sequence[Sequence[str]], *, sides: Sequence[Side] = ("left", "right"), indent: int = 0) -> str:
    """Set cells in columns two spaces apart.

    The text holds no color codes, and no line is broken, however narrow a terminal is. Spaces at the end of a line are
    left out.

    Args:
        rows: each with a cell for every column.
        sides: the side that the cells of each column are set to; the last holds for all columns that follow.
        indent: spaces before each line.
    """
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for place in range(max(map(len, rows), default=0)):
        table.add_column(justify=sides[min(place, len(sides) - 1)], no_wrap=True, overflow="crop")
    for row in rows:
        table.add_row(*(Text(cell + _GUARD) for cell in row))
    text = io.StringIO()
    console = Console(
        file=text, width=10**6, color_system=None, force_terminal=False, force_jupyter=False, legacy_windows=False
    )
    console.print(table)
    lines = text.getvalue().replace(_GUARD, "").splitlines()
    return "\n".join((" " * indent + line).rstrip() for line in lines)
