"""Whether a run may go on: what must be as it was when it was started, and what may change."""

__all__ = ["RecordedRun"]

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self, cast, final

from copyist.checkpoint import FORMAT_VERSION
from copyist.errors import CheckpointError, CopyistError
from copyist.settings import load
from copyist.training.config import CATALOGUES, Recipe

_ANYWHERE = ("name", "data", "training.steps", "training.save_every")
"""Settings of a recipe that decide no step: what the recipe and the place of its data are called, and for how long."""

_LOOKS = ("training.validate_every", "training.validation_images")
"""Settings that decide no step either, unless the best weights are kept."""


@final
@dataclass(frozen=True, kw_only=True)
class RecordedRun:
    """What the saved state of a run says of it."""

    place: str
    """The folder, as it was named."""

    recipe: Mapping[str, Any]
    """As `dump` writes it."""

    seed: int

    fingerprint: str
    """Of the training examples."""

    purpose: Mapping[str, Any] | None
    """What the model is trained for beside the recipe, as `train` was told; None where it was told nothing."""

    labels: str | None
    """A hash of the classes, where they are learned."""

    classes: tuple[str, ...] | None
    """Their names, in the order of their numbers; None where they have none."""

    start: str | None
    """The fingerprint of the weights it started from."""

    first_stage: str | None
    """The fingerprint of the first stage that it was given; None where it was given none."""

    source: str
    """What the data was called."""

    num_train: int | None
    """How many examples it is trained on; None where the state is of a version that did not say."""

    step: int
    """Steps taken."""

    processes: int
    """How many shared it when the state was saved."""

    stopped: bool
    """Whether it has stopped early."""

    precision: str | None
    """In which its steps were computed, `bf16` or `float32`; None where the state is of a version that did not say."""

    @classmethod
    def of(cls, document: Mapping[str, Any], *, place: str) -> Self:
        """Read the document of a saved state.

        Raises:
            CheckpointError: it is none, or of an older version.
        """
        if document.get("format_version") != FORMAT_VERSION:
            raise CheckpointError(
                f"the run in {place} was started by an older copyist, which saved another kind of state; start it "
                "again in another folder"
            )
        try:
            identity, counters = document["identity"], document["counters"]
            data = document.get("header", {}).get("data", {})
            training = document.get("header", {}).get("training", {})
            return cls(
                place=place,
                recipe=identity["recipe"],
                seed=identity["seed"],
                fingerprint=identity["data"],
                purpose=document.get("purpose"),
                labels=identity.get("labels"),
                classes=None if data.get("classes") is None else tuple(data["classes"]),
                start=identity.get("start"),
                first_stage=identity.get("first_stage"),
                source=identity["recipe"]["data"],
                num_train=data.get("num_train"),
                step=counters["step"],
                processes=training.get("processes", 1),
                stopped=counters["stopped"],
                precision=training.get("precision"),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise CheckpointError(f"{place} holds no state of a run; start another run in another folder") from error

    @property
    def steps(self) -> int:
        """How many steps it was to take."""
        return int(self.recipe["training"]["steps"])

    def load_recipe(self) -> Recipe:
        """The recipe that was recorded.

        Raises:
            CheckpointError: it names a class of the user's own, or what this version does not know.
        """
        try:
            return load(Recipe, dict(self.recipe), CATALOGUES)
        except CopyistError as error:
            raise CheckpointError(
                f"the recipe of the run in {self.place} cannot be read ({error}); give the recipe it was started with"
            ) from error

    def check_settings(self, recipe: Mapping[str, Any], *, seed: int, purpose: Mapping[str, Any] | None = None) -> None:
        """Refuse to go on by settings that would make other weights.

        More steps, or other times of saving and looking, are no other run; nor is another name of the data.

        Args:
            recipe: of the run that is to go on, as `dump` writes it.
            seed: of its draws.
            purpose: of the run that is to go on; None takes what was recorded.

        Raises:
            CheckpointError: in one sentence, in the words of the settings.
        """
        begun = f"the run in {self.place} was started"
        for name, old, new in _differences(self.recipe, recipe):
            raise CheckpointError(f"{begun} with {name}={_text(old)}, got {_text(new)}; {self._remedy}")
        if self.purpose is not None and purpose is not None:
            for name, old, new in _differences(self.purpose, purpose):
                raise CheckpointError(
                    f"{begun} with {name}={_text(old)}, got {_text(new)}; leave it out to go on, or {self._remedy}"
                )
        if self.seed != seed:
            raise CheckpointError(f"{begun} with seed {self.seed}, got {seed}; resume it with --seed {self.seed}")
        steps = int(recipe["training"]["steps"])
        if steps < self.step:
            raise CheckpointError(
                f"steps must be at least the {self.step} that the run in {self.place} has taken, got {steps}; "
                f"take --steps {self.step}"
            )

    def check_data(
        self, summary: Mapping[str, Any], *, source: str, start: str | None, first_stage: str | None = None
    ) -> None:
        """Refuse to go on with data of other content, or from other weights.

        Args:
            summary: of the data, as the model file has it.
            source: what it is called.
            start: the fingerprint of the weights to start from; None takes what the run was started with.
            first_stage: that of the first stage that is given; None takes what the run was given.

        Raises:
            CheckpointError: in one sentence.
        """
        begun = f"the run in {self.place} was started"
        if self.fingerprint != summary["fingerprint"]:
            old, new = (
                f"{name} with {count or 'other'} examples to train on"
                for name, count in ((self.source, self.num_train), (source, summary["num_train"]))
            )
            raise CheckpointError(f"{begun} on {old}, got other content, {new}; {self._remedy}")
        if self.labels != summary.get("labels"):
            raise CheckpointError(f"{begun} on other labels than {source} has now; {self._remedy}")
        if start not in (None, self.start):
            raise CheckpointError(f"{begun} from other weights than those given; leave --from out to resume it")
        if first_stage not in (None, self.first_stage):
            raise CheckpointError(f"{begun} with another first stage; leave --first-stage out to resume it")

    def steps_notice(self, steps: int) -> str | None:
        """What it means to go on to so many steps, in a sentence; None where it means nothing."""
        if self.stopped and steps > self.steps:
            return (
                f"the run stopped early after {self.step} steps, when its patience was over, so that more steps "
                "change nothing"
            )
        if steps == self.steps or self.stopped or self.step >= steps:
            return None
        return (
            f"the run goes on to {steps} steps in place of {self.steps}; after step {self.step} the learning rate "
            f"follows the schedule of {steps} steps, so that the weights are not those of one run of {steps}"
        )

    @property
    def _remedy(self) -> str:
        if self.purpose is not None:
            return "fit another one in another folder"
        alone = " --set pretraining=none" if self.recipe.get("pretraining") else ""
        return f"start another run from its weights in another folder (--from {self.place}{alone})"


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """The settings that differ and must not, each with the shortest name that tells it, as it was and as it is."""
    ignored = _ANYWHERE if new.get("training", {}).get("patience") else (*_ANYWHERE, *_LOOKS)
    before, after = dict(_settings(old)), dict(_settings(new))
    names = [path.rpartition(".")[2] for path in {**after, **before}]
    for path in {**after, **before}:
        if path in ignored or before.get(path) == after.get(path):
            continue
        last = path.rpartition(".")[2]
        yield (path if names.count(last) > 1 else last), before.get(path), after.get(path)


def _settings(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The path of every setting, with its value; a kind is the value of the part that it is the kind of."""
    for key, value in document.items():
        path = prefix.removesuffix(".") if key == "kind" and prefix else f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _settings(cast("dict[str, Any]", value), f"{path}.")
        else:
            yield path, value


def _text(value: Any) -> str:
    """A value as `--set` takes it."""
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value)
