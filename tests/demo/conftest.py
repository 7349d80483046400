import json
import math
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from skimage import data

from copyist.demo.document import (
    PLAIN_COPIES,
    SCHEDULED,
    WALKED,
    CopiedData,
    DemoReport,
    Film,
    HeldOutDistances,
    InOrder,
    LossCurve,
    Neighbor,
    SampleNeighbors,
    Shown,
    Stage,
    Strip,
    TrainedModel,
    WalkStage,
)
from copyist.drawing.grids import grid, write_png
from copyist.drawing.video import write_video
from copyist.evaluation.clean_copies import CleanCopies, CodeStatistics
from copyist.evaluation.denoising_table import (
    BatchKind,
    BatchRow,
    Condition,
    DenoisingRow,
    DenoisingTable,
    DenoisingVerdict,
    Kind,
)
from copyist.evaluation.evaluation import Evaluation
from copyist.evidence import Interval, Judgement

CONDITIONS = [
    *(Condition("blend", alpha) for alpha in (0.7, 0.5, 0.3, 0.1)),
    *(Condition("gaussian", sigma) for sigma in (0.1, 0.2, 0.4)),
    *(Condition("shift", alpha) for alpha in (0.7, 0.5, 0.3, 0.1)),
]
MODELS: dict[str, dict[Kind, float]] = {
    "U-Net": {"blend": 0.41, "gaussian": 0.62, "shift": 0.36},
    "U-Net with skips": {"blend": 0.72, "gaussian": 0.97, "shift": 0.61},
    "denoising U-Net": {"blend": 0.22, "gaussian": 0.41, "shift": 0.20},
}
CONTROLS: dict[str, dict[Kind, float]] = {
    "identity": {"blend": 1.0, "gaussian": 1.0, "shift": 1.0},
    "mean image": {"blend": 0.91, "gaussian": 2.31, "shift": 1.02},
    "matched blur": {"blend": 0.45, "gaussian": 0.66, "shift": 0.33},
    "median": {"blend": 0.90, "gaussian": 0.68, "shift": 1.0},
    "total variation": {"blend": 0.88, "gaussian": 0.57, "shift": 1.0},
    "linear": {"blend": 0.37, "gaussian": 0.60, "shift": 0.18},
}


@dataclass(frozen=True)
class Folder:
    """A folder of results that can be changed before it is read."""

    path: Path

    def change(self, name: str, edit: Callable[[dict[str, Any]], object]) -> None:
        """Edit one of the JSON files."""
        content = json.loads((self.path / name).read_text())
        edit(content)
        (self.path / name).write_text(json.dumps(content))


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results as a demonstration might leave them: real photographs, invented numbers."""
    folder = tmp_path_factory.mktemp("results")
    write_results(folder)
    return folder


@pytest.fixture
def results(pristine: Path, tmp_path: Path) -> Folder:
    """The same, to be changed."""
    return Folder(shutil.copytree(pristine, tmp_path / "results"))


def write_results(folder: Path) -> None:
    """Write a whole folder of results."""
    (folder / "evaluation.json").write_text(Evaluation(denoising=denoising()).to_json())
    (folder / "real.json").write_text(Evaluation(denoising=real()).to_json())
    (folder / "report.json").write_text(report().to_json())
    (folder / "samples.json").write_text(neighbors().to_json())
    write_pictures(folder)


def denoising() -> DenoisingTable:
    """The denoising table, made up but plausible: harder corruptions are further away and leave more."""
    rows = [row(condition, place) for condition in CONDITIONS for place in range(len(MODELS | CONTROLS))]
    code = CodeStatistics(num_units=4096, mean=0.0134, std=0.9871, quiet_share=0.03125)
    clean = [
        ("U-Net", 27.31, 0.8812, 0.1234, code),
        ("U-Net with skips", 38.92, 0.9911, 0.9678, None),
        ("denoising U-Net", 25.11, 0.8455, 0.0871, code),
    ]
    batches: list[tuple[BatchKind, int, float]] = [
        ("all noisy", 64, 0.49), ("half clean", 64, 0.64), ("eights", 8, 0.58), ("alone", 1, 0.88),
    ]  # fmt: skip
    shifts = {"matched blur": 0.05, "U-Net": 0.0, "U-Net with skips": 0.19}
    return DenoisingTable(
        image_shape=(3, 32, 32),
        num_train=512,
        num_test=256,
        batch_size=64,
        seed=0,
        clean_noise_level=0.0187,
        rows=tuple(rows),
        verdicts=tuple(verdict(model, condition, rows) for model in MODELS for condition in CONDITIONS),
        clean=tuple(
            CleanCopies(model=model, psnr=psnr, ssim=ssim, gain=around(gain, 0.01), code=z)
            for model, psnr, ssim, gain, z in clean
        ),
        batches=tuple(
            BatchRow(method=method, batch=batch, size=size, ratio=around(ratio + shift, 0.02))
            for method, shift in shifts.items()
            for batch, size, ratio in batches
        ),
    )


def real() -> DenoisingTable:
    """The same, of one model on gray photographs."""
    table = denoising()
    one = tuple(row for row in table.rows if row.control or row.method == "U-Net")
    renamed = tuple(replace(row, method="U-Net of faces") if row.method == "U-Net" else row for row in one)
    verdicts = tuple(replace(each, model="U-Net of faces") for each in table.verdicts if each.model == "U-Net")
    return replace(table, image_shape=(1, 32, 32), num_test=60, rows=renamed, verdicts=verdicts, clean=(), batches=())


def row(condition: Condition, place: int) -> DenoisingRow:
    """The method at that place under that condition."""
    method, base = list((MODELS | CONTROLS).items())[place]
    kind, strength = condition.kind, condition.strength
    heavy = strength / 0.2 if kind == "gaussian" else (1 - strength) / 0.7
    far = {"blend": 17.6, "gaussian": 11.1, "shift": 15.4}[kind] * heavy
    ratio = 1.0 if base[kind] == 1 else base[kind] * (1.35 - 0.35 * heavy) + 0.003 * place
    return DenoisingRow(
        method=method,
        control=method in CONTROLS,
        corruption=kind,
        strength=strength,
        setting="blur of 1.4 pixels" if method == "matched blur" else "",
        ratio=around(ratio, 0.012),
        distance_before=far,
        distance_after=ratio * far,
        psnr=-20 * math.log10(ratio * far / 55.4),
        high_frequency_share=0.31 + 0.07 * place * heavy,
        noise_level=0.0123 * place * heavy,
    )


def verdict(model: str, condition: Condition, rows: list[DenoisingRow]) -> DenoisingVerdict:
    here = {row.method: row.ratio.mean for row in rows if row.condition == condition}
    best = min(CONTROLS, key=here.__getitem__)
    return DenoisingVerdict(
        model=model,
        corruption=condition.kind,
        strength=condition.strength,
        leads={},
        best_filter=best,
        beats_identity=judge(here[model] - 1),
        beats_matched_blur=judge(here[model] - here["matched blur"]),
        beats_best_filter=judge(here[model] - here[best]),
    )


def around(mean: float, reach: float) -> Interval:
    """A mean with its interval."""
    return Interval(mean, mean - reach, mean + reach)


def judge(difference: float) -> Judgement:
    """Whether a ratio is below another, given that each is known to 0.024."""
    return "inconclusive" if abs(difference) < 0.024 else "supported" if difference < 0 else "refuted"


def report() -> DemoReport:
    """What was done."""

    def model(name: str, kind: str, role: str, file: str, size: int, psnr: float) -> TrainedModel:
        return TrainedModel(
            name=name,
            kind=kind,
            role=role,
            num_parameters=size,
            steps=4000,
            batch_size=32,
            seconds=312.4,
            psnr=psnr,
            shipped=file != "small",
            file=f"{file}.safetensors",
            curve=curve(seed=len(file)) if file == "small" else None,
            recipe={"objective": "copy", "optimizer": "Adam", "learning rate": 1e-4, "widths": [32, 64, 128, 256]},
        )

    seconds = {"reading the images": 4.2, "training a small network": 52.4, "measuring": 48.9, "walking": 31.0}
    strips = {"noise": 4, "blend": 3, "filters": 2, "passes": 2, "beside": 2, "neighbors": 2, "real": 3, "codes": 1}
    shown = {
        name: Shown(strips=tuple(Strip(f"pictures/{name}-{i}.png", f"{name} {i}") for i in range(count)))
        for name, count in strips.items()
    }
    shown["steps"] = Shown(strips=(Strip("pictures/steps.png"),), heads=tuple(str(n) for n in range(10)))
    shown["samples"] = Shown(strips=(Strip("pictures/samples.png"),))
    film = Film(video="walk.mp4", sheet="pictures/walk.png")
    return DemoReport(
        title="copyist demo: learning by copying",
        command="copyist demo --out demo --seed 0",
        seed=0,
        date="2026-11-21 01:40 UTC",
        stages=tuple(Stage(name=name, seconds=spent) for name, spent in seconds.items()),
        versions={"copyist": "0.1.0", "torch": "2.11.0+cpu", "platform": "Linux-6.1-x86_64", "device": "cpu, 2 cores"},
        data=CopiedData(
            source="photos?size=32", num_train=9216, num_test=1024, shape=(3, 32, 32),
            split="split by photograph, never by crop", fingerprint="5f1c09ab77e2d0143ac5",
        ),
        models=(
            model("U-Net", "unet", "copier", "copier", 7_766_915, 33.21),
            model("U-Net with skips", "unet", "control with skips", "skips", 8_412_003, 45.6),
            model("small U-Net", "unet", "walker", "small", 237_339, 24.1),
            model("U-Net of faces", "unet", "copier of faces", "faces", 434_387, 28.43),
        ),
        pictures=shown,
        films={"arising": film, "walk": film},
        in_order=(
            InOrder(name="held-out landscapes", kept=63, of=64), InOrder(name=SCHEDULED, kept=30, of=64),
            InOrder(name=PLAIN_COPIES, kept=32, of=64), InOrder(name=WALKED, kept=29, of=32),
        ),
        walk_stages=(
            stage(250, 28.7, walked=30, held_out=31), stage(750, 36.2, walked=21, held_out=28),
            stage(1750, 44.1, walked=6, held_out=27),
        ),
    )  # fmt: skip


def stage(steps: int, psnr: float, *, walked: int, held_out: int) -> WalkStage:
    """The small network after so many steps."""
    return WalkStage(
        steps=steps, psnr=psnr, walked=walked, of=32, held_out_psnr=24.0, held_out_walked=held_out, held_out_of=32,
        film=Film(video="walk.mp4", sheet="pictures/walk.png"),
    )  # fmt: skip


def neighbors() -> SampleNeighbors:
    """Distances of samples to their nearest training images."""
    return SampleNeighbors(
        samples=tuple(
            Neighbor(index=i, distance=4.1 + 0.35 * ((i * 7) % 16), neighbor_name=f"astronaut-{i:03d}")
            for i in range(16)
        ),
        held_out=HeldOutDistances(low=3.21, median=6.02, high=9.87),
        verdict="Samples lie as far from the training images as held-out images do (median 6.7 against 6.0): "
        "they are not memories.",
    )


def curve(*, seed: int) -> LossCurve:
    """A falling loss, with a held-out value at every eighth step that was looked at."""
    noise = torch.randn(81, generator=torch.Generator().manual_seed(seed)).mul(0.05).exp().tolist()
    loss = tuple((0.05 * math.exp(-i / 12) + 0.002 + 0.0002 * seed) * noise[i] for i in range(81))
    steps = tuple(50 * i for i in range(81))
    return LossCurve(steps=steps, loss=loss, validation=tuple((steps[i], 1.1 * loss[i]) for i in range(0, 81, 8)))


def write_pictures(folder: Path) -> None:
    """Sheets and a film of real photographs."""
    x = crops(16, side=32)
    draw = torch.Generator().manual_seed(0)
    noisy = {a: a * x + (1 - a) * (0.7 + 0.2 * torch.randn(x.shape, generator=draw)) for a in (0.5, 0.3, 0.1)}
    blurred = torch.nn.functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    pictures = folder / "pictures"
    for name, shown in report().pictures.items():
        for place, strip in enumerate(shown.strips):
            batch = (noisy[0.3], blurred, x)[place % 3]
            write_png(folder / strip.file, grid(batch[:8], columns=8))
        assert shown.strips, name
    steps = torch.stack([torch.lerp(noisy[0.1], blurred, t / 9) for t in range(10)], dim=1)[:6]
    write_png(pictures / "steps.png", grid(steps.flatten(0, 1), columns=10))
    walk = torch.stack([x[:8].roll(t, dims=-1) for t in range(60)])
    write_video(walk, folder / "walk.mp4", columns=4)
    write_video(walk, pictures / "walk.png", columns=9)


def crops(num: int, *, side: int) -> torch.Tensor:
    """Crops of two photographs, shrunk by four so that each shows something."""
    found: list[torch.Tensor] = []
    for photo in (data.astronaut(), data.chelsea()):
        image = torch.from_numpy(photo).permute(2, 0, 1).float()[None] / 255
        image = torch.nn.functional.avg_pool2d(image, 3)[0]
        for top in range(0, image.shape[1] - side, side):
            found += [image[:, top : top + side, i : i + side] for i in range(0, image.shape[2] - side, side)]
    return torch.stack(found[:: len(found) // num][:num])
