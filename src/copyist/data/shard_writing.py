"""Shards as they are written: a tar of images, and behind it a description of what it holds."""

__all__ = ["ShardRow", "whole_shards", "write_shard"]

import io
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar, final

from copyist.data.shards import Encoding, Shard
from copyist.outputs import whole_file, write_text

_T = TypeVar("_T")


@final
@dataclass(frozen=True, kw_only=True)
class ShardRow:
    """An image as it goes into a tar."""

    name: str

    digest: str
    """Of its content."""

    group: str
    """The same for images that belong together; its digest where it stands alone."""

    label: int | None

    is_test: bool | None
    """Whether it is held out; None where its content decides."""

    data: bytes
    """As it is stored."""


def write_shard(path: Path, found: Iterable[list[ShardRow] | str], *, encoding: Encoding) -> Shard:
    """Write a tar of images, and behind it what it holds: both whole or not at all.

    Args:
        path: of the tar.
        found: what each image of a source gives, or why it cannot be read.
        encoding: of the images' bytes.

    Raises:
        OutputError: the disk is full, or the place cannot be written.
    """
    rows, failures = list[ShardRow](), list[str]()
    offsets, sizes = list[int](), list[int]()
    with whole_file(path) as temporary, temporary.open("wb") as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for each in found:
                if isinstance(each, str):
                    failures.append(each)
                    continue
                for row in each:
                    key = f"{path.stem.removeprefix('shard-')}{len(rows):08d}"
                    offsets.append(_add(tar, f"{key}.{encoding}", row.data))
                    if row.label is not None:
                        _add(tar, f"{key}.cls", str(row.label).encode())
                    sizes.append(len(row.data))
                    rows.append(replace(row, data=b""))
        file.flush()
        length = file.tell()
    alone = all(row.group == row.digest for row in rows)
    shard = Shard(
        name=path.name,
        bytes=length,
        names=tuple(row.name for row in rows),
        digests=tuple(row.digest for row in rows),
        groups=None if alone else tuple(row.group for row in rows),
        labels=_column([row.label for row in rows]),
        is_test=_column([row.is_test for row in rows]),
        offsets=tuple(offsets),
        sizes=tuple(sizes),
        failures=tuple(failures),
    )
    write_text(path.parent / shard.record, shard.to_json())
    return shard


def whole_shards(folder: Path, names: Sequence[str]) -> list[Shard]:
    """The shards of these names that are there and whole, up to the first that is not: its description is written
    behind it."""
    found: list[Shard] = []
    for name in names:
        record = (folder / name).with_suffix(".json")
        if not record.is_file():
            break
        shard = Shard.read(record)
        tar = folder / name
        if not tar.is_file() or tar.stat().st_size != shard.bytes:
            break
        found.append(shard)
    return found


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> int:
    """Put a member into a tar; where its bytes begin there."""
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))
    assert tar.fileobj is not None
    return tar.fileobj.tell() - -(-len(data) // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE


def _column(values: list[_T | None]) -> tuple[_T, ...] | None:
    """The values of a column that all images have, or none."""
    return None if None in values else tuple(value for value in values if value is not None)
