"""Shards: images in tar files as WebDataset has them, and the index by which any of them is read alone."""

__all__ = ["INDEX", "PLAN", "Encoding", "Shard", "ShardIndex", "find_index", "is_shard_file", "read_index"]

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias, final

from copyist.errors import ArgumentError, DataError
from copyist.settings import load

INDEX = "index.json"
"""The file of a folder of shards that names them."""

PLAN = "packing.json"
"""The file that says what is being packed, until the index does."""

VERSION = 1
"""Of the index; a newer one is refused."""

_DTYPES = ("uint8", "uint16", "float32")
"""Of the values of images."""

Encoding: TypeAlias = Literal["png", "npy"]
"""How an image lies in a tar: as a picture, or as an array (C, H, W) that needs no decoding."""


@final
@dataclass(frozen=True, kw_only=True)
class Shard:
    """One tar, and what it holds, in the order of its members; beside it as JSON."""

    name: str
    """Of the tar."""

    bytes: int
    """Its length."""

    names: tuple[str, ...]
    """Of the images in the source they were packed from."""

    digests: tuple[str, ...]
    """Of their content there."""

    groups: tuple[str, ...] | None
    """What keeps images on one side of a split, where that is not their own content."""

    labels: tuple[int, ...] | None
    """Their classes."""

    is_test: tuple[bool, ...] | None
    """Which are held out, where the source has splits of its own."""

    offsets: tuple[int, ...]
    """Where each image's bytes begin in the tar."""

    sizes: tuple[int, ...]
    """How many they are."""

    failures: tuple[str, ...]
    """What could not be read, as `name (reason)`."""

    @property
    def record(self) -> str:
        """The name of its JSON."""
        return Path(self.name).with_suffix(".json").name

    def to_json(self) -> str:
        """One JSON object."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, path: Path) -> Self:
        """From the JSON beside a tar.

        Raises:
            DataError: it is missing or damaged.
        """
        try:
            shard = load(cls, _read_json(path), {})
        except ArgumentError as error:
            raise _damaged(path) from error
        columns = (shard.names, shard.digests, shard.groups, shard.labels, shard.is_test, shard.offsets, shard.sizes)
        reach = max((offset + size for offset, size in zip(shard.offsets, shard.sizes, strict=False)), default=0)
        if (
            len({len(column) for column in columns if column is not None}) > 1
            or min((*shard.offsets, *shard.sizes, *(shard.labels or ())), default=0) < 0
            or reach > shard.bytes
        ):
            raise _damaged(path)
        return shard


@final
@dataclass(frozen=True, kw_only=True)
class ShardIndex:
    """What a folder of shards says of all of them."""

    source: str
    """What was packed."""

    shape: tuple[int, int, int]
    """(C, H, W) of every image."""

    dtype: str
    """Of its values."""

    encoding: Encoding

    options: str
    """How images were brought to that shape, as it enters the fingerprint of the source."""

    classes: tuple[str, ...] | None
    """Their names, where images have labels."""

    shards: tuple[str, ...]
    """The names of the tars."""

    def to_json(self) -> str:
        """One JSON object."""
        return json.dumps({"format": "copyist shards", "version": VERSION, **asdict(self)}, indent=1)


def is_shard_file(name: str) -> bool:
    """Whether a file is called as a shard is, or as the JSON beside one."""
    return re.fullmatch(r"shard-\d{6,}\.(tar|json)", name) is not None


def find_index(place: str) -> Path | None:
    """The index of shards that a path names: the file itself, or that of a folder; None where it is something else.

    Raises:
        DataError: it is damaged, and lies beside shards; or the packing was stopped before it was written.
    """
    path = Path(place)
    if path.is_dir():
        plan = path / PLAN
        if plan.is_file() and not (path / INDEX).exists() and b'"per_shard"' in plan.read_bytes():
            raise DataError(
                f"{place} holds shards whose packing was stopped; give the command 'copyist data pack' that made them "
                "again, which goes on"
            )
        path = path / INDEX
    if path.name != INDEX or not path.is_file():
        return None
    try:
        document = _read_json(path)
    except DataError:
        # Folders of pictures may have an index of another kind.
        if any(is_shard_file(each.name) for each in path.parent.iterdir()):
            raise
        return None
    return path if document.get("format") == "copyist shards" else None


def read_index(path: Path) -> tuple[ShardIndex, list[Shard]]:
    """The index of shards and what each holds, after a look at whether all are there.

    Raises:
        DataError: it is damaged or of a newer version, or a shard is missing, truncated or of another length.
    """
    document = _read_json(path)
    document.pop("format", None)
    version = document.pop("version", None)
    if not isinstance(version, int) or version < 1:
        raise _damaged(path)
    if version > VERSION:
        raise DataError(
            f"{path} must be an index of version {VERSION} or older, got {version}; install a newer copyist, or pack "
            "the source again"
        )
    try:
        index = load(ShardIndex, document, {})
    except ArgumentError as error:
        raise _damaged(path) from error
    if index.dtype not in _DTYPES or min(index.shape) < 1:
        raise _damaged(path)
    shards = [Shard.read(path.parent / Path(name).with_suffix(".json").name) for name in index.shards]
    for shard in shards:
        if max(shard.labels or (), default=-1) >= len(index.classes or ()):
            raise _damaged(path.parent / shard.record)
        tar = path.parent / shard.name
        found = tar.stat().st_size if tar.is_file() else None
        if found != shard.bytes:
            got = "none" if found is None else f"{found}"
            raise DataError(
                f"{tar} must be a file of {shard.bytes} bytes, got {got}; copy it again, or pack the source again"
            )
    return index, shards


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text())
    except OSError as error:
        raise DataError(
            f"{path} must be there beside its shard, and cannot be read ({(error.strerror or str(error)).lower()}); "
            "copy it again, or pack the source again"
        ) from error
    except ValueError as error:
        raise _damaged(path) from error
    if not isinstance(document, dict):
        raise _damaged(path)
    return document


def _damaged(path: Path) -> DataError:
    return DataError(f"{path} must describe shards as JSON, and is damaged; copy it again, or pack the source again")
