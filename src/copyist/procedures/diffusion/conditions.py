"""What samples of a diffusion model are to be like: of a class, like an image, or with part of an image kept."""

__all__ = ["Conditions", "Task", "leaves_codes"]

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_max_pool2d

from copyist.checks import check_choice, check_whole, check_within
from copyist.errors import ArgumentError, ContractError, ShapeError
from copyist.models.contracts import Diffusion, take_batch
from copyist.procedures.diffusion.painting import painted_over
from copyist.procedures.diffusion.problem import Problem
from copyist.procedures.method import ApplyPart
from copyist.tensors import ExamplesLike, Images

_TIMES = 4
"""How often each step is taken where a part is kept, unless a number is given."""

_MOST_GUIDANCE = 1000.0
"""More is a mistake: usual values are 1 to 10, and far larger ones overflow."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Conditions:
    """Conditions on samples; of several classes or images each sample takes the next, in turn.

    Raises:
        ArgumentError: a number is out of its range, a condition lacks the other that it belongs to, or all or nothing
            is visible of one of the masks.
        ShapeError: the masks are not (H, W) or (M, H, W), or none.
    """

    classes: Sequence[int | str] = ()
    """Classes, by number or by name."""

    guidance: float | None = None
    """g, how far estimates go from those without the class to those with it: 1 is the class alone, and None too; more
    makes samples more typical of it and less diverse, in [0, 1000]."""

    like: ExamplesLike | None = None
    """Images (N, C, H, W) to start from: noise is added to them, and taken off again."""

    strength: float | None = None
    """The share of the noise levels that is added and taken off, in [0, 1], rounded up to whole steps: 0 gives the
    images, 1 ignores them. None is 0.5, or 1 where a part is kept as it is."""

    visible: Tensor | None = None
    """(H, W) or (M, H, W), bool: True is a pixel of `like` that is kept, False one to be made anew."""

    times: int | None = None
    """With `visible`: how often each step is taken, with noise added in between, so that what is made agrees with what
    is kept. None is 4; 1 takes no more time than other samples, and loses half of what the kept part tells."""

    deterministic: bool = False
    """With `like`: whether the noise is that which the flow upward finds in the images, in place of any."""

    def __post_init__(self) -> None:
        if self.guidance is not None:
            check_within("guidance", self.guidance, 0, _MOST_GUIDANCE)
            if not self.classes:
                raise ArgumentError(
                    f"guidance must come with a class to guide to, got {self.guidance:g} and none; name one (--class)"
                )
        if self.strength is not None:
            check_within("strength", self.strength, 0, 1)
        check_whole("times", 1 if self.times is None else self.times, 1)
        if self.like is None:
            self._check_alone()
        if self.visible is None and self.times is not None:
            raise ArgumentError(f"times must come with a mask of what is kept, got {self.times}; leave it out")
        if self.visible is not None:
            self._check_visible(torch.as_tensor(self.visible))

    def on(self, model: Diffusion, shape: tuple[int, ...]) -> "Task":
        """The conditions in the model's terms, once it is known that it can keep them.

        Args:
            model: to sample from.
            shape: (C, H, W) of one sample.

        Raises:
            ContractError: the model knows no classes.
            ArgumentError: there is no such class, or no such image, or a mask hides a pixel of every code.
            ShapeError: the images, or the mask, have another shape than the samples.
        """
        images = self.images
        if images is not None and images.shape[1:] != shape:
            raise ShapeError(
                f"the image that samples are to be like must have their shape {shape}, got {tuple(images.shape[1:])}; "
                "leave the size out, or bring it to that size"
            )
        visible = (
            None if self.visible is None else self._masks(shape).to(images.device if images is not None else "cpu")
        )
        if visible is not None:
            _check_known(visible, model.space_shape(shape))
        return Task(
            model=model,
            shape=shape,
            labels=tuple(_number_of(model, name) for name in self.classes),
            guidance=1.0 if self.guidance is None else self.guidance,
            images=images,
            strength=self.share,
            visible=visible,
            times=self.times or (1 if visible is None else _TIMES),
            deterministic=self.deterministic,
        )

    @property
    def share(self) -> float:
        """Of the noise levels that are gone down."""
        default = 0.5 if self.like is not None and self.visible is None else 1.0
        return default if self.strength is None else self.strength

    @property
    def images(self) -> Images | None:
        """The images to start from, as floats (N, C, H, W)."""
        # Those of codes take images through a first stage, and no module refuses more than it has to.
        return None if self.like is None else take_batch(nn.Identity(), self.like)

    def _check_alone(self) -> None:
        for name, given in (
            ("a strength", self.strength is not None),
            ("a mask", self.visible is not None),
            ("the noise of an image", self.deterministic),
        ):
            if given:
                raise ArgumentError(f"{name} must come with an image that it is of, got none; give one (--like IMAGE)")

    def _check_visible(self, visible: Tensor) -> None:
        if visible.dtype != torch.bool:
            raise ArgumentError(f"visible must be bool, True where an image is kept, got {visible.dtype}")
        if visible.ndim not in (2, 3) or len(visible) == 0:
            raise ShapeError(
                f"a mask must have shape (H, W), or (M, H, W) of several, got {tuple(visible.shape)}; give one at least"
            )
        if self.deterministic:
            raise ArgumentError("a mask must come without the noise of an image; leave deterministic out")
        masks = visible.flatten(-2)
        if masks.all(-1).any() or not masks.any(-1).all():
            found = "all of it" if masks.all(-1).any() else "nothing"
            raise ArgumentError(
                f"a mask must keep a part of the image and leave another to be made, got one that keeps {found}; draw "
                "white where it is to be made anew and black elsewhere"
            )

    def _masks(self, shape: tuple[int, ...]) -> Tensor:
        visible = torch.as_tensor(self.visible)
        masks = visible[None] if visible.ndim == 2 else visible
        if masks.shape[1:] != shape[1:]:
            sides = ["x".join(map(str, each)) for each in (shape[1:], masks.shape[1:])]
            raise ShapeError(
                f"a mask must have the size of the image, {sides[0]}, got {sides[1]}; draw it on the image"
            )
        return masks


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """Samples under conditions, in the terms of one model."""

    model: Diffusion
    shape: tuple[int, ...]
    labels: tuple[int, ...]
    guidance: float
    images: Images | None
    strength: float
    visible: Tensor | None
    times: int
    deterministic: bool

    def problem(self, numbers: range, *, apply: ApplyPart, like: Tensor) -> Problem:
        """The samples of these numbers, as samplers take them.

        Args:
            numbers: of the samples, among all.
            apply: how the model is applied to many examples.
            like: whose device and dtype the samples have.
        """
        space = (len(numbers), *self.model.space_shape(self.shape))
        start = like.new_zeros(space)
        if self.images is not None and (self.visible is not None or self.strength < 1 or self.deterministic):
            start = self._coded(self.images, numbers, apply=apply, like=like)
        known = None
        if self.visible is not None:
            known = _known_codes(self.visible, space[-2:]).to(like.device)[self._turn(numbers, len(self.visible))]
            if self.strength == 1:
                start = torch.where(known, start, 0)
        labels = None
        if self.labels:
            labels = torch.tensor(self.labels, device=like.device)[self._turn(numbers, len(self.labels))]
        return Problem(
            model=self.model,
            apply=apply,
            start=start,
            strength=self.strength,
            labels=labels,
            guidance=self.guidance,
            known=known,
            times=self.times,
            deterministic=self.deterministic,
        )

    def _coded(self, images: Images, numbers: range, *, apply: ApplyPart, like: Tensor) -> Tensor:
        """What the samples of these numbers start from: each image is encoded once, and where it is painted over once
        with each mask, however many samples are like it.

        Where nothing of the hidden pixels is asked for, they are painted over before. An encoder sees further than the
        pixels of a code, and what is kept would else tell of what is hidden.
        """
        hiding = self.visible if self.strength == 1 else None
        turns = len(images) if hiding is None else math.lcm(len(images), len(hiding))
        each, place = self._turn(numbers, turns).unique(return_inverse=True)
        x = images[each % len(images)].to(like)
        if hiding is not None:
            x = painted_over(x, hiding[each % len(hiding)].to(like.device))
        coded = apply(self.model.to_space, x)
        return ((coded.to(like) - self.model.center) / self.model.spread)[place]

    def over(self, x: Images, numbers: range) -> Images:
        """The samples (B, C, H, W) of these numbers, with what is kept of the images as it was."""
        if self.images is None or (self.visible is None and self.strength > 0):
            return x
        images = self.images[self._turn(numbers, len(self.images))].to(x)
        if self.strength == 0 or self.visible is None:
            return images
        visible = self.visible.to(x.device)[self._turn(numbers, len(self.visible))]
        return torch.where(visible[:, None], images, x)

    def _turn(self, numbers: range, count: int) -> Tensor:
        return torch.from_numpy(np.arange(numbers.start, numbers.stop) % count)


def leaves_codes(visible: Tensor, space: Sequence[int]) -> bool:
    """Whether each of the masks (M, H, W) leaves a code (C, h, w) whose pixels are all visible."""
    return bool(_known_codes(visible, space[-2:]).flatten(1).any(1).all())


def _known_codes(visible: Tensor, size: Sequence[int]) -> Tensor:
    """Which codes (M, 1, h, w) have visible pixels alone, for masks (M, H, W) and the size (h, w) of the codes."""
    return adaptive_max_pool2d((~visible[:, None]).float(), tuple(size)) == 0


def _check_known(visible: Tensor, space: tuple[int, ...]) -> None:
    if not leaves_codes(visible, space):
        raise ArgumentError(
            f"a mask must leave a code whose pixels are all kept, got one that hides a pixel of each of the "
            f"{space[-2]}x{space[-1]} codes, so that samples would know nothing of the image; hide fewer places, or "
            "take a model of pixels"
        )


def _number_of(model: Diffusion, name: int | str) -> int:
    if model.num_classes is None:
        raise ContractError(
            f"a class needs a model that was trained with classes, and this one was not, got {name}; train one "
            "(--set conditional=true)"
        )
    names = model.trained_on.classes
    if isinstance(name, str) and names is not None and name in names:
        return names.index(name)
    if isinstance(name, str) and not re.fullmatch(r"[+-]?[0-9]+", name):
        check_choice("class", name, names or map(str, range(model.num_classes)))
    number = int(name)
    if not 0 <= number < model.num_classes:
        raise ArgumentError(
            f"the number of a class must lie in [0, {model.num_classes - 1}], got {number}; take one of these"
        )
    return number
