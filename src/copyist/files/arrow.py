"""Apache Arrow, whose parts no type checker knows: one door for all that use it."""

__all__ = ["Cells", "Spell", "pa", "pc"]

import importlib
from collections.abc import Callable
from typing import Any, TypeAlias

from copyist.files.readings import Values

pa: Any = importlib.import_module("pyarrow")
"""The package."""

pc: Any = importlib.import_module("pyarrow.compute")
"""Functions of whole columns."""

Cells: TypeAlias = Any
"""A column (N,) of Arrow, or a table (N, D) of them."""

Spell: TypeAlias = Callable[[Values], Cells]
"""From numbers (N,) to cells."""
