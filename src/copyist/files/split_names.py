"""What the names of folders and arrays state: splits, such as `train/` and `x_val`, and a folder for each class."""

__all__ = ["InSplit", "Role", "classes_by_folder", "folder_role", "parts_by_folder", "role_of"]

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

Role: TypeAlias = Literal["train", "val", "test"]
"""What a split is for: to learn from, to look at meanwhile, or to measure on."""

_ROLES: dict[str, Role] = {
    **dict.fromkeys(("train", "training", "tr"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing", "tst", "te", "eval", "evaluation", "holdout"), "test"),
}

_BESIDE = ("set", "split", "data", "image", "images", "img", "imgs")
"""Words that stand beside these in the names of folders: `train_images`, `test-set`."""

_FEWEST = 2
"""Images per class, on average, without which folders are no classes."""


@final
@dataclass(frozen=True, kw_only=True)
class InSplit:
    """Where a file lies among the splits that folders make."""

    folder: str
    """The folder of its split."""

    role: Role
    """What the split is for."""

    name: str
    """The file's name without that folder."""

    is_taken: bool
    """Whether the split is used: what validates beside a split to test on is not."""


def role_of(word: str) -> Role | None:
    """The role that one word states, in any case; None for other words."""
    return _ROLES.get(word.lower())


def folder_role(name: str) -> Role | None:
    """The role of a folder, by its name in any case: `train`, `Validation`, `test_set`, `val2017`; None for others."""
    words = [word for word in re.split(r"[-_. ]+", re.sub(r"\d+$", "", name.lower())) if word and word not in _BESIDE]
    if len(words) == 1 and words[0].endswith("set"):
        words = [words[0].removesuffix("set")]
    return role_of(words[0]) if len(words) == 1 else None


def parts_by_folder(names: Sequence[str]) -> list[InSplit | None] | None:
    """The splits that folders make: one to train on beside one to test or validate on.

    They lie at the top, or in the folders that lie there (`data/train/`, `images/val/`, `cat/test/`); a folder that
    holds all the rest does not count. Beside a test split one for validation is left out.

    Args:
        names: of files, with `/`.

    Returns:
        For each file where it lies, None for those in no split; or None where there are no splits.
    """
    root = _common_folder(names)
    paths = [name[len(root) :].split("/") for name in names]
    for level in (0, 1):
        roles: dict[str, set[Role]] = {}
        for parts in paths:
            if len(parts) > level + 1 and (role := folder_role(parts[level])):
                roles.setdefault("/".join(parts[:level]), set()).add(role)
        held_out: dict[str, Role] = {
            place: "test" if "test" in found else "val"
            for place, found in roles.items()
            if "train" in found and len(found) > 1
        }
        if held_out:
            return [_in_split(parts, level, held_out) for parts in paths]
    return None


def classes_by_folder(names: Sequence[str]) -> list[str] | None:
    """The class of each file, where there is one folder per class: the first on the way to it.

    A folder that holds all the rest does not count. All files must lie in folders, of which there are at least two, and
    two files for each on average, and fewer than half are called like splits; else None.

    Args:
        names: of files, with `/`, without the folders of splits.
    """
    root = _common_folder(names)
    paths = [name[len(root) :].split("/") for name in names]
    classes = [parts[0] for parts in paths if len(parts) > 1]
    count = len(set(classes))
    if 2 * sum(folder_role(each) is not None for each in set(classes)) >= count:
        return None
    return classes if len(classes) == len(names) and 2 <= count <= len(names) / _FEWEST else None


def _in_split(parts: list[str], level: int, held_out: dict[str, Role]) -> InSplit | None:
    wanted = held_out.get("/".join(parts[:level]))
    role = folder_role(parts[level]) if len(parts) > level + 1 else None
    if wanted is None or role is None:
        return None
    name = "/".join(parts[:level] + parts[level + 1 :])
    return InSplit(folder="/".join(parts[: level + 1]), role=role, name=name, is_taken=role in ("train", wanted))


def _common_folder(names: Sequence[str]) -> str:
    """The folders that all names begin with, as an archive often wraps around its content; none that names a split."""
    paths = [name.split("/")[:-1] for name in names]
    common: list[str] = []
    for folders in zip(*paths, strict=False):
        if len(set(folders)) > 1 or folder_role(folders[0]):
            break
        common.append(folders[0])
    return "".join(f"{folder}/" for folder in common)
