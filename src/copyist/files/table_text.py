"""The text of a table before its cells: its encoding, what stands above it, and what parts its cells."""

__all__ = ["first_line", "likely_delimiter", "prelude_length", "stated_delimiter", "text_and_encoding"]

import codecs
import gzip
import re
from pathlib import Path


def text_and_encoding(raw: bytes, path: Path) -> tuple[bytes, str]:
    """The content in UTF-8 without a mark, and the encoding that it had: UTF-8, UTF-16 with a mark, or else Latin-1.

    Raises:
        ValueError, EOFError, OSError, zlib.error: it is no text, or badly packed.
    """
    if path.suffix.lower() == ".gz":
        raw = gzip.decompress(raw)
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16-le")):
        if raw.startswith(mark):
            return _checked(raw[len(mark) :].decode(encoding.removesuffix("-sig")).encode()), encoding
    if raw.startswith(codecs.BOM_UTF16_BE):
        return _checked(raw[2:].decode("utf-16-be").encode()), "utf-16-be"
    for encoding in ("utf-8", "cp1252", "latin-1"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return _checked(raw if encoding == "utf-8" else text.encode()), encoding
    raise ValueError("no text")


def prelude_length(data: bytes) -> int:
    """The length of what stands above a table: comments behind `#`, and Excel's `sep=;`.

    A first line behind `#` that has as many cells as the next one is a row of names.
    """
    lines = data[: 1 << 20].splitlines(keepends=True)
    texts = [line.decode(errors="ignore").strip() for line in lines]
    body = next(
        (text for text in texts if text and not text.startswith("#") and not stated_delimiter(text.encode())), ""
    )
    mark = likely_delimiter(body)
    length = 0
    for line, text in zip(lines, texts, strict=True):
        is_name_row = not length and text.count(mark) == body.count(mark)
        if not (stated_delimiter(line) or (text.startswith("#") and not is_name_row) or (length and not text)):
            return length
        length += len(line)
    return 0


def stated_delimiter(prelude: bytes) -> str | None:
    """The delimiter that Excel's first line states."""
    found = re.search(rb'(?im)^"?sep=([,;|\t])"?\s*$', prelude)
    return None if found is None else found.group(1).decode()


def first_line(data: bytes) -> str:
    """The first line that is not empty."""
    return re.split(r"[\r\n]", data[: 1 << 20].decode(errors="ignore").lstrip("\r\n"))[0]


def likely_delimiter(line: str) -> str:
    """The comma, semicolon, tab or bar that a line has most of; beside others a comma between digits is of decimals."""
    plain = re.sub(r'"[^"]*"', "", line)
    if {";", "\t", "|"} & set(plain):
        plain = re.sub(r"(?<=\d),(?=\d)", "", plain)
    return max(",;\t|", key=plain.count)


def _checked(data: bytes) -> bytes:
    if re.search(rb"[\x00-\x08\x0e-\x1f]", data):
        raise ValueError("control characters")
    return data
