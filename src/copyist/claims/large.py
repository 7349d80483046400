"""The source's own sizes on one GPU, in calls of minutes: nets of 64×64, what they do to noise, walks and samples.

Everything is a stage with a result of its own on disk; a call goes on with the first that is missing, and ends at its
time. One seed decides nothing: these are the pictures at the source's size, beside the claims and not among them.
"""

__all__ = ["StageResult", "run_large"]

import hashlib
import json
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import final

from copyist.checks import check_positive
from copyist.claims.large_plan import LargePlan
from copyist.claims.large_stages import stages
from copyist.claims.model_folder import ModelFolder
from copyist.claims.trial import Trial
from copyist.drawing.grids import rows, webp_bytes
from copyist.errors import DataError, InterruptionError
from copyist.outputs import check_folder, write_bytes, write_text
from copyist.training import Recipe

SHEETS = 120_000
"""Bytes of the picture of a stage, at most."""


@final
@dataclass(frozen=True, kw_only=True)
class StageResult:
    """What one stage found."""

    name: str
    plan: str
    """Digest of the sizes and lengths that it was made with."""
    values: Mapping[str, float]
    caption: str
    """Of its picture; empty where it has none."""
    seconds: float
    device: str


def run_large(
    out: Path,
    *,
    models: Path,
    minutes: float,
    plan: LargePlan | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> tuple[list[StageResult], list[str]]:
    """Go through the stages that are not done yet, until they are or the time is over.

    Args:
        out: the folder of the results: one JSON file and one picture per stage.
        models: where trained nets are kept, with their states to go on from.
        minutes: after which training ends, with its state kept, and no stage begins; one that measures is finished.
        plan: other sizes.
        progress: called for each stage that is done, with the seconds it took.

    Returns:
        All results so far, and the names of the stages that are left.

    Raises:
        ArgumentError: `minutes` is not greater than 0.
        DataError: a stage that is there is half-written, or was made with another plan.
        OutputError: a place is a file.
        CopyistError: as `train`.
    """
    check_positive("minutes", minutes)
    deadline = time.monotonic() + 60 * minutes
    plan = plan or LargePlan()
    folder = ModelFolder(models)
    trial = Trial(scale="gpu", seed=0, resources=folder)
    check_folder(out, use="results")
    check_folder(models, use="trained models")
    digest = hashlib.sha256(json.dumps(asdict(plan), sort_keys=True).encode()).hexdigest()[:12]
    before = {path.stem: _read(path, digest) for path in sorted(out.glob("large-*.json"))}
    found: list[StageResult] = []
    left: list[str] = []
    out.mkdir(parents=True, exist_ok=True)
    for name, nets, measure in stages(plan, trial, folder):
        path = out / f"large-{name}.json"
        if path.stem in before:
            found.append(before[path.stem])
            continue
        since = time.monotonic()
        if left or since >= deadline or not all(_trained_in_time(net, trial, folder, deadline) for net in nets):
            left.append(name)
            continue
        values, pictures = measure()
        if pictures is not None:
            sheet = rows({label: x.float().cpu() for label, x in pictures.rows.items()})
            write_bytes(out / f"large-{name}.webp", webp_bytes(sheet, at_most=SHEETS))
        done = StageResult(
            name=name,
            plan=digest,
            values=values,
            caption="" if pictures is None else pictures.caption,
            seconds=round(time.monotonic() - since, 1),
            device=trial.device.type,
        )
        write_text(path, json.dumps(asdict(done), indent=1) + "\n")
        found.append(done)
        write_text(out / "large.md", _page(found, left, plan))
        if progress is not None:
            progress(name, done.seconds)
    write_text(out / "large.md", _page(found, left, plan))
    return found, left


def _page(found: Sequence[StageResult], left: Sequence[str], plan: LargePlan) -> str:
    """All stages in Markdown, with their pictures."""
    lines = [
        "# The source's own sizes",
        "",
        "Nets trained and measured by `copyist claims gpu`. One run with one seed: what is seen here decides no claim.",
        f"Landscapes: `{plan.scenes}`, faces: `{plan.faces}`, width {plan.width}, {plan.levels} levels.",
    ]
    for each in found:
        lines += ["", f"## {each.name}", "", f"{each.seconds:,.0f} s on {each.device}.", ""]
        lines += ["| measure | value |", "| --- | --- |"]
        lines += [f"| {name} | {value:.4g} |" for name, value in each.values.items()]
        if each.caption:
            lines += ["", f"![{each.caption}](large-{each.name}.webp)", "", each.caption]
    if left:
        lines += ["", f"Not measured yet: {', '.join(left)}."]
    return "\n".join(lines) + "\n"


def _read(path: Path, digest: str) -> StageResult:
    """A stage that is done, of the same plan."""
    try:
        found = StageResult(**json.loads(path.read_text("utf-8")))
    except (ValueError, TypeError) as error:
        raise DataError(f"{path} is no whole result of a stage; delete it, and run the same command again") from error
    if found.plan != digest:
        raise DataError(f"{path} was made with other sizes or pictures; choose another folder with --out")
    return found


def _trained_in_time(recipe: Recipe, trial: Trial, folder: ModelFolder, deadline: float) -> bool:
    """Whether a net is trained, now or before; else its state is kept."""
    end = _Deadline(deadline)
    try:
        folder.run(recipe, seed=trial.seed, observer=end)
    except InterruptionError:
        if not end.over:
            raise  # by someone else
        return False
    return True


@final
class _Deadline:
    """An observer that interrupts a run when its time is over, as a user would: the step is whole, and the state is
    kept."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self.over = False

    def report_reading(self, done: int, total: int) -> None:
        """Nothing to tell."""

    def begin_phase(self, name: str) -> None:
        """Nothing to tell."""

    def begin_steps(self, *, step: int, steps: int) -> None:
        """Nothing to tell."""

    def notify(self, sentence: str) -> None:
        """Nothing to tell."""

    def finish_step(self, *, step: int, loss: float | None) -> None:
        if time.monotonic() >= self._deadline:
            self.over = True
            signal.raise_signal(signal.SIGTERM)
