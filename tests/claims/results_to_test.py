"""Results of claims as a run leaves them, made up: numbers that can be read off, and names that ask for escaping."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from copyist.drawing.grids import grid, write_png

WAITS = "a diffusion model"

RECIPE = {"name": "unet", "data": "photos?size=16", "model": {"kind": "unet"}, "objective": {"kind": "copying"},
          "training": {"steps": 20}}  # fmt: skip


def claim(name: str, *, verdict: str = "supported", mean: float = 0.5) -> dict[str, Any]:
    """One result: a part `ratio` with bound 1, a part that holds or, where the claim is open, waits, and a control."""
    curve = {"title": "Over $training$", "x_label": "step", "y_label": "ratio", "x": [1, 10, 100],
             "lines": {"plain": [0.9, 0.6, 0.5], "_with": [1.0, None, 1.0]}, "log_x": True, "log_y": False}  # fmt: skip
    ends = {"mean": mean, "low": mean - 0.0248, "high": mean + 0.0248}
    waits = verdict == "open"
    far = dict.fromkeys(("mean", "low", "high"), None if waits else 2.0)
    seeds = {
        str(seed): {
            "values": {"ratio": mean + 0.01 * (seed - 1), "ratio_blur": 0.75} | ({} if waits else {"distance": 2.0}),
            "curves": {"training": curve}, "recipes": {"unet": RECIPE}, "seconds": 61.5, "device": "cpu",
            "machine": "Linux, AVX2, PyTorch 2",
        }
        for seed in range(3)
    }  # fmt: skip
    return {
        "schema": "copyist.claim", "version": 1, "package": version("copyist"), "scale": "standard", "verdict": verdict,
        "claim": {
            "name": name, "sentence": "It *denoises* | <b>better</b>.", "source": "Badger, on copying", "digest": "0",
            "parts": [
                {"name": "ratio", "measure": "E|x|", "holds_when": "below 1", "waits_for": ""},
                {"name": "distance", "measure": "FD", "holds_when": "above 0", "waits_for": WAITS if waits else ""},
            ],
            "controls": [{"name": "ratio_blur", "measure": "matched blur's"}],
            "bounds": {"ratio": [None, 1.0], "distance": [0.0, None]},
        },
        "parts": [
            {"name": "ratio", "interval": ends, "verdict": "supported" if waits else verdict},
            {"name": "distance", "interval": far, "verdict": "open" if waits else "supported"},
        ],
        "controls": [{"name": "ratio_blur", "interval": {"mean": 0.75, "low": 0.75, "high": 0.75}}],
        "pictures": [{"name": "copies", "file": f"{name}-copies.png", "caption": "Copies, side by side."}],
        "seeds": seeds,
    }  # fmt: skip


def write(folder: Path, document: dict[str, Any]) -> Path:
    """The JSON file and the picture beside it."""
    name = document["claim"]["name"]
    folder.mkdir(parents=True, exist_ok=True)
    write_png(folder / f"{name}-copies.png", grid(torch.rand(3, 1, 8, 9)))
    (folder / f"{name}.json").write_text(json.dumps(document))
    return folder / f"{name}.json"
