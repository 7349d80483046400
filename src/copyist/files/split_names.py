"""The splits that names state: of folders such as `train/` and `valid/`, and of arrays such as `x_train`."""

__all__ = ["Role", "folder_role", "role_of"]

import re
from typing import Literal, TypeAlias

Role: TypeAlias = Literal["train", "val", "test"]
"""What a split is for: to learn from, to look at meanwhile, or to measure on."""

_ROLES: dict[str, Role] = {
    **dict.fromkeys(("train", "training", "tr"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), "test"),
}

_BESIDE = ("set", "split", "data", "image", "images", "img", "imgs")
"""Words that stand beside these in the names of folders: `train_images`, `test-set`."""


def role_of(word: str) -> Role | None:
    """The role that one word states, in any case; None for other words."""
    return _ROLES.get(word.lower())


def folder_role(name: str) -> Role | None:
    """The role of a folder, by its name in any case: `train`, `Validation`, `test_set`, `val2017`; None for others."""
    words = [word for word in re.split(r"[-_. ]+", re.sub(r"\d+$", "", name.lower())) if word and word not in _BESIDE]
    if len(words) == 1 and words[0].endswith("set"):
        words = [words[0].removesuffix("set")]
    return role_of(words[0]) if len(words) == 1 else None
