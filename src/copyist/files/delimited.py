"""Tables as text: cells parted by commas, semicolons, tabs or bars, with a row of names or without."""

__all__ = ["ENDINGS", "Delimited", "HeaderLine", "read_delimited", "write_delimited"]

import csv
import gzip
import importlib
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeAlias, final

from copyist.errors import DataError
from copyist.files.arrow import Cells, Spell, pa
from copyist.files.headers import has_names
from copyist.files.readings import Values
from copyist.files.spellings import Decimal, marks_decimals
from copyist.files.table_text import first_line, likely_delimiter, prelude_length, stated_delimiter, text_and_encoding
from copyist.outputs import whole_file, write_bytes

HeaderLine: TypeAlias = Literal["yes", "no"]
"""Whether the first row of a table names its columns."""

ENDINGS = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
"""Of the names of such files, in lower case."""

_HEAD = 200
"""Rows that tell whether the first of them is one of names."""

_HEAD_BYTES = 1 << 24
"""Bytes that these are looked for in."""

_AT_ONCE = 8192
"""Rows that are written at a time."""

_DAMAGED = "must be a table in UTF-8 text, one row per line, and is not, or is damaged; write it again as CSV"


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Delimited:
    """The cells of a text file, and its bytes, so that it is written again as it was."""

    names: tuple[str, ...] | None
    """Of the columns; empty for those without one; None where no row names them."""

    cells: Cells
    """(N, D) of texts; its columns are called 0, 1, …"""

    decimal: Decimal | None
    """What marks decimals, where that is known."""

    delimiter: str
    """What parts the cells."""

    content: bytes
    """Of the file, in UTF-8 without a mark."""

    start: int
    """Where the rows of cells begin in it."""

    encoding: str
    """Of the file."""

    @property
    def given_names(self) -> tuple[str, ...]:
        """One per column, empty where there is none."""
        return self.names or ("",) * self.cells.num_columns

    def write(self, new: Mapping[int, tuple[Spell, Values]], path: Path) -> None:
        """Write the file again with new cells in some of its columns; all other bytes stay.

        Args:
            new: by the place of the column, how its numbers are spelled, and the numbers (N,).
            path: compressed where its name ends in `.gz`.

        Raises:
            DataError: its quotes do not tell its cells apart.
            OutputError: the disk is full, or the place cannot be written.
        """
        encoding = self.encoding.removesuffix("-sig")
        with whole_file(path) as temporary, temporary.open("wb") as file, _packed(file, path) as packed:
            for part in self._parts(new):
                packed.write(part if encoding == "utf-8" else part.decode().encode(encoding))

    def _parts(self, new: Mapping[int, tuple[Spell, Values]]) -> Iterator[bytes]:
        yield ("\ufeff" if self.encoding.startswith(("utf-8-", "utf-16")) else "").encode() + self.content[: self.start]
        records, mark = _records(self.content[self.start :]), self.delimiter.encode()
        for start in range(0, self.cells.num_rows, _AT_ONCE):
            spelled = {
                place: spell(values[start : start + _AT_ONCE]).to_pylist() for place, (spell, values) in new.items()
            }
            lines: list[bytes] = []
            for row in range(min(_AT_ONCE, self.cells.num_rows - start)):
                record = next(records, b"")
                while not record.strip(b"\r\n"):
                    if not record:
                        raise DataError("a table whose quotes stand within cells cannot be written again; remove them")
                    lines.append(record)
                    record = next(records, b"")
                lines.append(_replaced(record, {place: texts[row] for place, texts in spelled.items()}, mark))
            yield b"".join(lines)
        yield b"".join(records)


def read_delimited(path: Path, *, header: HeaderLine | None = None, decimal: Decimal | None = None) -> Delimited:
    """Read a text file of cells, packed by gzip where its name ends in `.gz`.

    It is in UTF-8, UTF-16 with a mark, or else Latin-1. Comments above it stay where they are. Cells are parted by the
    comma, semicolon, tab or bar, whichever the first line has most of; beside the others a comma between two digits is
    one of decimals. Unless `header` says so, the first row is judged by the cells below it.

    Raises:
        DataError: it is no such file, is damaged, holds no rows, or rows of several lengths.
    """
    try:
        content, encoding = text_and_encoding(path.read_bytes(), path)
        prelude = prelude_length(content)
        # As many empty lines in its place, so that lines keep their numbers.
        data = b"\n" * content[:prelude].count(b"\n") + content[prelude:] if prelude else content
        delimiter = stated_delimiter(content[:prelude]) or likely_delimiter(first_line(data))
        records = list(_first_records(data, delimiter))
    except (OSError, EOFError, zlib.error, ValueError, csv.Error) as error:
        raise DataError(f"{path} {_DAMAGED}") from error
    rows = [row for row, _ in records]
    named = bool(rows) and (has_names(_aligned(rows)) if header is None else header == "yes")
    if len(rows) == named:
        raise DataError(f"{path} must hold at least one row of numbers, and holds none; add rows")
    start = records[0][1] if named else 0
    names = _names(rows) if named else None
    width = len(names or rows[0])
    return Delimited(
        names=names,
        cells=_cells(data, start, width, delimiter, path),
        decimal=decimal or _decimal(rows[named:], delimiter),
        delimiter=delimiter,
        content=content,
        start=start + len(content) - len(data) if start else prelude,
        encoding=encoding,
    )


def write_delimited(path: Path, names: Sequence[str] | None, columns: Sequence[Cells], *, delimiter: str) -> None:
    """Write cells of texts, column by column, whole or not at all.

    Raises:
        OutputError: the disk is full, or the place cannot be written.
    """
    with io.StringIO(newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        if names is not None:
            writer.writerow(names)
        writer.writerows(zip(*(column.to_pylist() for column in columns), strict=True))
        content = file.getvalue().encode()
    write_bytes(path, gzip.compress(content, mtime=0) if path.suffix.lower() == ".gz" else content)


def _first_records(data: bytes, delimiter: str) -> Iterator[tuple[list[str], int]]:
    """The first rows of cells, and where each ends in the bytes."""
    end, lines = 0, list[str]()

    def read_lines(text: io.StringIO) -> Iterator[str]:
        for line in text:
            lines.append(line)
            yield line

    # Not all of it: the reader stops long before it comes to the end of what is decoded here.
    text = io.StringIO(data[:_HEAD_BYTES].decode(errors="ignore"), newline="")
    count = 0
    for row in csv.reader(read_lines(text), delimiter=delimiter, strict=True):
        end += sum(len(line.encode()) for line in lines)
        lines.clear()
        if row:
            yield row, end
            count += 1
        if count > _HEAD or (count > 1 and end > _HEAD_BYTES // 2):
            return


def _aligned(rows: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """The rows as they stand below a first one that is shorter by the name of its row numbers."""
    width = len(rows[0])
    if len(rows) > 1 and len(rows[1]) == width + 1:
        return [["", *rows[0]] if rows[1][-1].strip() else [*rows[0], ""], *rows[1:]]
    return list(rows)


def _names(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    return tuple(name.strip() for name in _aligned(rows)[0])


def _decimal(rows: Sequence[Sequence[str]], delimiter: str) -> Decimal | None:
    """What marks decimals, as the first rows prove it; beside commas that part cells it is the point."""
    found = marks_decimals(zip_longest(*rows, fillvalue=""), delimiter=delimiter)
    return found or ("point" if delimiter == "," else None)


def _cells(data: bytes, start: int, width: int, delimiter: str, path: Path) -> Cells:
    csv_of: Any = importlib.import_module("pyarrow.csv")
    names = [str(place) for place in range(width)]
    quoted = b'"' in data
    try:
        table = csv_of.read_csv(
            pa.BufferReader(pa.py_buffer(data).slice(start)),
            read_options=csv_of.ReadOptions(column_names=names, block_size=max(1 << 20, 4 * start, 64 * width)),
            parse_options=csv_of.ParseOptions(delimiter=delimiter, newlines_in_values=quoted),
            convert_options=csv_of.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowInvalid as error:
        _check_lengths(data, delimiter, path)
        raise DataError(f"{path} {_DAMAGED}") from error
    if quoted and data.count(b'"') % 2:
        _check_lengths(data, delimiter, path)
    return table


def _check_lengths(data: bytes, delimiter: str, path: Path) -> None:
    """Refuse rows of several lengths, by the line."""
    reader = csv.reader(io.StringIO(data.decode(), newline=""), delimiter=delimiter, strict=True)
    try:
        lines = [(reader.line_num, len(row)) for row in reader if row]
    except csv.Error as error:
        raise DataError(f"{path} {_DAMAGED}") from error
    others = {length for _, length in lines[1:]}
    number, first = lines[0]
    if len(lines) > 2 and len(others) == 1 and first not in others:
        raise DataError(
            f"rows of {path} must all have as many cells, got {first} in line {number} and {lines[1][1]} in all "
            "others; remove that line, or repair it"
        )
    for number, length in lines:
        if length != first:
            raise DataError(
                f"rows of {path} must all have {first} cells, as the first has, got {length} in line {number}; "
                "repair that line"
            )


def _records(body: bytes) -> Iterator[bytes]:
    """The rows as bytes, with their line ends; those within quotes part no rows."""
    lines = iter(body.splitlines(keepends=True))
    for line in lines:
        record = line
        while record.count(b'"') % 2:
            more = next(lines, b"")
            if not more:
                break
            record += more
        yield record


def _replaced(record: bytes, new: Mapping[int, str | None], delimiter: bytes) -> bytes:
    bare = record.rstrip(b"\r\n")
    cells = bare.split(delimiter) if b'"' not in bare else _split_quoted(bare, delimiter)
    for place, text in new.items():
        cells[place] = _quoted(text or "", delimiter.decode(), always=cells[place].startswith(b'"')).encode()
    return delimiter.join(cells) + record[len(bare) :]


def _split_quoted(record: bytes, delimiter: bytes) -> list[bytes]:
    cells: list[bytes] = []
    for part in record.split(delimiter):
        if cells and cells[-1].count(b'"') % 2:
            cells[-1] += delimiter + part
        else:
            cells.append(part)
    return cells


def _quoted(text: str, delimiter: str, *, always: bool) -> str:
    return f'"{text}"' if always or delimiter in text else text


def _packed(file: BinaryIO, path: Path) -> AbstractContextManager[Any]:
    """Where bytes are written to: the file, or a packer before it, whose output holds no date."""
    if path.suffix.lower() == ".gz":
        return gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0)
    return nullcontext(file)
