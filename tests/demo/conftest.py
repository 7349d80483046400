import json
import math
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from skimage import data
from torch import Tensor

from copyist.drawing.grids import grid, rows, write_png
from copyist.drawing.video import write_video

CORRUPTIONS = [
    *({"family": "blend", "value": a} for a in (0.7, 0.5, 0.3, 0.1)),
    *({"family": "gaussian", "value": s} for s in (0.05, 0.1, 0.2)),
    *({"family": "shift", "value": a} for a in (0.7, 0.5, 0.3, 0.1)),
]
METHODS = {
    "U-Net": ("model", {"blend": 0.41, "gaussian": 0.62, "shift": 0.36}),
    "U-Net with skips": ("model", {"blend": 0.72, "gaussian": 0.97, "shift": 0.61}),
    "denoising U-Net": ("model", {"blend": 0.22, "gaussian": 0.41, "shift": 0.20}),
    "identity": ("control", {"blend": 1.0, "gaussian": 1.0, "shift": 1.0}),
    "mean image": ("control", {"blend": 0.91, "gaussian": 2.31, "shift": 1.02}),
    "matched blur": ("control", {"blend": 0.45, "gaussian": 0.66, "shift": 0.33}),
    "median": ("control", {"blend": 0.90, "gaussian": 0.68, "shift": 1.0}),
    "total variation": ("control", {"blend": 0.88, "gaussian": 0.57, "shift": 1.0}),
    "linear": ("control", {"blend": 0.37, "gaussian": 0.60, "shift": 0.18}),
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
    (folder / "evaluation.json").write_text(json.dumps(evaluation()))
    (folder / "report.json").write_text(json.dumps(report()))
    (folder / "samples.json").write_text(json.dumps(neighbors()))
    for name in ("copier", "skips", "denoiser"):
        (folder / f"{name}.csv").write_text(history(seed=len(name)))
    write_pictures(folder)


def evaluation() -> dict[str, Any]:
    """The denoising table, made up but plausible: harder corruptions are further away and leave more."""
    table, verdicts = [], []
    for corruption in CORRUPTIONS:
        value, family = corruption["value"], corruption["family"]
        strength = value / 0.2 if family == "gaussian" else (1 - value) / 0.7
        far = {"blend": 17.6, "gaussian": 11.1, "shift": 15.4}[family] * strength
        for i, (method, (kind, base)) in enumerate(METHODS.items()):
            ratio = 1.0 if base[family] == 1 else base[family] * (1.35 - 0.35 * strength) + 0.003 * i
            table.append(
                {
                    "method": method, "control": kind == "control", "corruption": family, "strength": value,
                    "setting": "blur of 1.4 pixels" if method == "matched blur" else "",
                    "ratio": around(ratio, 0.012), "distance_before": far,
                    "distance_after": ratio * far, "psnr": -20 * math.log10(ratio * far / 55.4),
                    "high_frequency_share": 0.31 + 0.07 * i * strength, "noise_level": 0.0123 * i * strength,
                }
            )  # fmt: skip
    for model in list(METHODS)[:3]:
        for corruption in CORRUPTIONS:
            family, value = corruption["family"], corruption["value"]
            here = {
                row["method"]: row["ratio"]["mean"]
                for row in table
                if (row["corruption"], row["strength"]) == (family, value)
            }
            best = min(list(METHODS)[3:], key=here.__getitem__)
            verdicts.append(
                {
                    "model": model, "corruption": family, "strength": value, "best_filter": best, "leads": {},
                    "beats_identity": judge(here[model] - 1),
                    "beats_matched_blur": judge(here[model] - here["matched blur"]),
                    "beats_best_filter": judge(here[model] - here[best]),
                }
            )  # fmt: skip
    code = {"num_units": 4096, "mean": 0.0134, "std": 0.9871, "quiet_share": 0.03125}
    return {
        "schema": "copyist.denoising", "version": 1, "image_shape": [3, 32, 32], "num_train": 512, "num_test": 256,
        "batch_size": 64, "seed": 0, "clean_noise_level": 0.0187, "rows": table, "verdicts": verdicts,
        "clean": [
            {"model": "U-Net", "psnr": 27.31, "ssim": 0.8812, "gain": around(0.1234, 0.01), "code": code},
            {"model": "U-Net with skips", "psnr": 38.92, "ssim": 0.9911, "gain": around(0.9678, 0.01), "code": None},
            {"model": "denoising U-Net", "psnr": 25.11, "ssim": 0.8455, "gain": around(0.0871, 0.01), "code": code},
        ],
        "batches": [
            {"method": model, "batch": batch, "size": size,
             "ratio": around(ratio + shift, 0.02)}
            for model, shift in (("matched blur", 0.05), ("U-Net", 0.0), ("U-Net with skips", 0.19))
            for batch, size, ratio in (("all noisy", 64, 0.49), ("half clean", 64, 0.64), ("eights", 8, 0.58),
                                       ("alone", 1, 0.88))
        ],
    }  # fmt: skip


def around(mean: float, reach: float) -> dict[str, float]:
    """A mean with its interval."""
    return {"mean": mean, "low": mean - reach, "high": mean + reach}


def judge(difference: float) -> str:
    """Whether a ratio is below another, given that each is known to 0.024."""
    return "inconclusive" if abs(difference) < 0.024 else "supported" if difference < 0 else "refuted"


def report() -> dict[str, Any]:
    """What was done."""

    def model(name: str, kind: str, role: str, file: str, size: int) -> dict[str, Any]:
        recipe = {"objective": "copy", "optimizer": "Adam", "learning rate": 1e-4, "widths": [32, 64, 128, 256]}
        return {
            "name": name, "kind": kind, "role": role, "num_parameters": size, "recipe": recipe,
            "file": f"{file}.safetensors", "steps": 4000, "batch_size": 32, "seconds": 312.4, "history": f"{file}.csv",
        }  # fmt: skip

    return {
        "schema": 1, "title": "copyist demo: learning by copying", "command": "copyist demo --out demo --seed 0",
        "seed": 0, "date": "2026-11-21 01:40 UTC",
        "stages": [
            {"name": "read the data", "seconds": 4.2}, {"name": "train the U-Net", "seconds": 312.4},
            {"name": "train the controls", "seconds": 640.1}, {"name": "measure denoising", "seconds": 48.9},
            {"name": "walk and sample", "seconds": 31.0},
        ],
        "versions": {"copyist": "0.1.0", "torch": "2.11.0+cpu", "numpy": "2.4.6", "python": "3.11.2",
                     "platform": "Linux-6.1-x86_64", "device": "cpu, 2 cores"},
        "data": {"source": "photos?size=32", "num_train": 9216, "num_test": 1024, "shape": [3, 32, 32],
                 "split": "split by photograph, never by crop", "fingerprint": "5f1c09ab77e2d0143ac5"},
        "models": [
            model("U-Net", "unet", "copier", "copier", 7_766_915),
            model("U-Net with skips", "unet-with-skips", "control with skips", "skips", 8_412_003),
            model("denoising U-Net", "unet", "trained denoiser", "denoiser", 7_766_915),
        ],
        "pictures": {
            "rows": {"file": "pictures/rows.png", "caption": "Held-out crops, with 50, 70 and 90 % noise, and copied."},
            "passes": {"file": "pictures/passes.png", "caption": "Copied once, twice, four and eight times."},
            "skips": {"file": "pictures/skips.png", "caption": "The same, by the network with skips: the noise stays."},
            "steps": {"file": "pictures/steps.png", "caption": "Six samples over 30 steps."},
            "samples": {"file": "pictures/samples.png", "caption": "64 samples, none chosen."},
            "neighbors": {"file": "pictures/neighbors.png", "caption": "Samples over their nearest training images."},
            "codes": {"file": "pictures/passes.png", "caption": "A picture with no place of its own."},
        },
        "walk": {"video": "walk.mp4", "contact_sheet": "pictures/walk.png",
                 "caption": "Eight photographs walk for 60 steps: encode, perturb the code, decode, again."},
    }  # fmt: skip


def neighbors() -> dict[str, Any]:
    """Distances of samples to their nearest training images."""
    return {
        "samples": [
            {"index": i, "distance": 4.1 + 0.35 * ((i * 7) % 16), "neighbor_name": f"astronaut-{i:03d}"}
            for i in range(16)
        ],
        "held_out": {"median": 6.02, "low": 3.21, "high": 9.87},
        "verdict": "Samples lie as far from the training images as held-out images do (median 6.7 against 6.0): "
        "they are not memories.",
    }


def history(*, seed: int) -> str:
    """A falling loss, with a held-out value at every fifth line."""
    noise = torch.randn(81, generator=torch.Generator().manual_seed(seed)).mul(0.05).exp().tolist()
    lines = ["step,loss,validation_loss,learning_rate,seconds"]
    for i in range(81):
        loss = (0.05 * math.exp(-i / 12) + 0.002 + 0.0002 * seed) * noise[i]
        lines.append(f"{i * 50},{loss:.6g},{loss * 1.1 if i % 8 == 0 else ''},0.0001,{i * 3.9:.1f}")
    return "\n".join(lines) + "\n"


def write_pictures(folder: Path) -> None:
    """Sheets and a film of real photographs."""
    x = crops(16, side=32)
    draw = torch.Generator().manual_seed(0)
    noisy = {a: a * x + (1 - a) * (0.7 + 0.2 * torch.randn(x.shape, generator=draw)) for a in (0.5, 0.3, 0.1)}
    blurred = torch.nn.functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    sheet: dict[str, Tensor] = {"image": x[:8]}
    for a, x_tilde in noisy.items():
        sheet |= {f"α = {a}": x_tilde[:8], f"copy of\nα = {a}": torch.lerp(x_tilde, blurred, 0.5 + a)[:8]}
    pictures = folder / "pictures"
    write_png(pictures / "rows.png", rows(sheet))
    write_png(pictures / "skips.png", rows({"image": x[:8], "α = 0.3": noisy[0.3][:8], "copy": noisy[0.3][:8]}))
    write_png(pictures / "passes.png", rows({"once": x[:8], "twice": blurred[:8]}))
    steps = torch.stack([torch.lerp(noisy[0.1], blurred, t / 9) for t in range(10)], dim=1)[:6]
    write_png(pictures / "steps.png", grid(steps.flatten(0, 1), columns=10))
    write_png(pictures / "samples.png", grid(blurred, columns=8))
    write_png(pictures / "neighbors.png", rows({"sample": blurred[:8], "nearest": x[:8]}))
    walk = torch.stack([x[:8].roll(t, dims=-1) for t in range(60)])
    write_video(walk, folder / "walk.mp4", columns=4)
    write_video(walk, pictures / "walk.png", columns=9)


def crops(num: int, *, side: int) -> Tensor:
    """Crops of two photographs, shrunk by four so that each shows something."""
    found: list[Tensor] = []
    for photo in (data.astronaut(), data.chelsea()):
        image = torch.from_numpy(photo).permute(2, 0, 1).float()[None] / 255
        image = torch.nn.functional.avg_pool2d(image, 3)[0]
        for top in range(0, image.shape[1] - side, side):
            found += [image[:, top : top + side, i : i + side] for i in range(0, image.shape[2] - side, side)]
    return torch.stack(found[:: len(found) // num][:num])
