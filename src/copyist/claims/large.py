"""The source's own sizes on one GPU, in calls of minutes: nets of 64×64, what they do to noise, walks and samples.

Everything is a stage with a result of its own on disk; a call goes on with the first that is missing, and ends at its
time. One seed decides nothing: these are the pictures at the source's size, beside the claims and not among them.
"""

__all__ = ["StageResult", "run_large"]

import hashlib
import json
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import final

import torch

from copyist.checks import check_positive
from copyist.claims.large_plan import LargePlan, large_recipe
from copyist.claims.measures.copy_measures import clean_psnr, copies, denoising_ratio, gain, held_out
from copyist.claims.model_folder import ModelFolder
from copyist.claims.trial import Pictures, Trial
from copyist.corruption import Blend, Corruption, GaussianNoise
from copyist.drawing.grids import rows, webp_bytes
from copyist.errors import DataError, InterruptionError
from copyist.metrics.scenes import scene_rules
from copyist.models.contracts import Autoencoder, Reconstructor, needs
from copyist.outputs import check_folder, write_bytes, write_text
from copyist.procedures.no_diffusion import NoDiffusion
from copyist.procedures.sampling import sample
from copyist.procedures.trajectory import walkers
from copyist.procedures.walk import walk
from copyist.randomness import draw_normal
from copyist.tensors import Images
from copyist.training import Recipe

NOISES: Mapping[str, Corruption] = {
    "blend at 0.3": Blend(0.3),
    "blend at 0.1": Blend(0.1),
    "noise of 0.1": GaussianNoise(0.1),
    "noise of 0.2": GaussianNoise(0.2),
    "noise of 0.4": GaussianNoise(0.4),
}


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
    for name, nets, measure in _stages(plan, trial, folder):
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


_Measure = Callable[[], tuple[dict[str, float], Pictures | None]]
"""What a stage finds: values and pictures."""


def _stages(plan: LargePlan, trial: Trial, folder: ModelFolder) -> Iterator[tuple[str, Sequence[Recipe], _Measure]]:
    """In the order in which the source shows them: a name, the nets that must be there, and what is measured then."""
    nets = {name: large_recipe(plan, name) for name in plan.steps}
    scenes, skips, faces = nets["scenes"], nets["scenes-skips"], nets["faces"]
    shown, last = {"scenes": scenes, "scenes-skips": skips}, plan.sample_steps[-1]
    yield "train-scenes", [scenes], lambda: (_trained(scenes, trial, folder), None)
    yield "train-scenes-skips", [skips], lambda: (_trained(skips, trial, folder), None)
    yield "denoising", [scenes, skips], lambda: _denoising(shown, plan.scenes, trial)
    for steps in plan.sample_steps:
        yield f"samples-{steps}", [scenes], lambda steps=steps: _samples(scenes, trial, plan, steps)
    yield "walk", [scenes], lambda: _walk(scenes, trial, plan)
    yield "stilling", [scenes], lambda: _stilling(scenes, trial, plan)
    yield "train-faces", [faces], lambda: (_trained(faces, trial, folder), None)
    yield "denoising-faces", [faces], lambda: _denoising({"faces": faces}, plan.faces, trial)
    yield "samples-faces", [faces], lambda: _samples(faces, trial, plan, last)


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


def _trained(recipe: Recipe, trial: Trial, folder: ModelFolder) -> dict[str, float]:
    """How well a net copies, and what its training took."""
    run = folder.run(recipe, seed=trial.seed)
    psnr = clean_psnr(needs(run.load(), Reconstructor, verb="an experiment"), held_out(trial, recipe.data))
    visits, seconds = recipe.training.steps * recipe.training.batch_size, run.kept.seconds
    return {"psnr": psnr, "visits": visits, "seconds": seconds, "images_per_second": visits / seconds}


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


def _denoising(nets: Mapping[str, Recipe], source: str, trial: Trial) -> tuple[dict[str, float], Pictures]:
    x = held_out(trial, source)
    values: dict[str, float] = {}
    x_tilde = Blend(0.3)(x, generator=trial.generator("picture"))
    shown = {"image": x[:8], "blend at 0.3": x_tilde[:8]}
    for name, recipe in nets.items():
        model = trial.trained(recipe)
        values |= {f"{name}, {noise}": denoising_ratio(model, x, each, trial) for noise, each in NOISES.items()}
        values |= {f"{name}, gain": gain(model, x, trial), f"{name}, psnr": clean_psnr(model, x)}
        shown[f"{name}, copy"] = copies(model, x_tilde)[:8]
    return values, Pictures(caption="Held-out images, blended at α = 0.3, and copied.", rows=shown)


def _samples(recipe: Recipe, trial: Trial, plan: LargePlan, steps: int) -> tuple[dict[str, float], Pictures]:
    model = trial.trained(recipe)
    draws, method = trial.generator("samples"), NoDiffusion(steps=steps)
    x = sample(model, count=plan.count, method=method, generator=draws, precision="float32")
    begin = trial.generator("samples")
    single = copies(model, draw_normal(x.shape, mean=method.mean, std=method.std, generator=begin, like=x))
    values = {"spread": float(torch.pdist(x.flatten(1)).median() / torch.pdist(single.flatten(1)).median())}
    if recipe.data == plan.scenes:
        values |= {"coherent": _coherent(x), "coherent_one_pass": _coherent(single)}
    return values, Pictures(caption="From the same noise.", rows={"one pass": single[:8], f"N = {steps}": x[:8]})


def _walk(recipe: Recipe, trial: Trial, plan: LargePlan) -> tuple[dict[str, float], Pictures]:
    model = trial.autoencoder(recipe)
    starts = trial.splits(recipe.data).train.images(0, plan.batch_size).to(trial.device)
    shown: dict[str, Images] = {}
    values: dict[str, float] = {}
    for name, noise in (("noise", 0.2), ("no noise", 0.0)):
        frames = walk(
            model, starts, steps=plan.walk_steps, noise=noise, generator=trial.generator("walk"), precision="float32"
        )
        values[f"coherent, {name}"] = _coherent(frames[-1])
        values[f"share, {name}"] = _walked(model, starts, frames[-1])
        shown[name] = frames[torch.linspace(0, len(frames) - 1, 10).round().long(), 0]
    return values, Pictures(caption=f"One landscape over {plan.walk_steps} steps.", rows=shown)


def _stilling(recipe: Recipe, trial: Trial, plan: LargePlan) -> tuple[dict[str, float], Pictures]:
    starts = trial.splits(recipe.data).train.images(0, plan.count // 4).to(trial.device)
    values: dict[str, float] = {}
    shown: dict[str, Images] = {"start": starts[:8]}
    for rung in trial.rungs(recipe):
        model = needs(rung.model, Autoencoder, verb="walk")
        last = walk(model, starts, steps=300, noise=0.0, generator=trial.generator("walk"), precision="float32")[-1]
        values[f"share at {rung.record.psnr_training:.1f} dB of training images"] = _walked(model, starts, last)
        shown[f"{rung.record.psnr_training:.1f} dB, after 300 copies"] = last[:8]
    return values, Pictures(caption="Training landscapes, copied 300 times by nets of rising quality.", rows=shown)


def _coherent(x: Images) -> float:
    """Share of images that keep all rules of landscapes."""
    return float(scene_rules(x).coherent.double().mean())


def _walked(model: Reconstructor, starts: Images, last: Images) -> float:
    """Share of images that walked."""
    begun = copies(model, starts)
    return float(walkers(last.to(begun), begun).walked.double().mean())
