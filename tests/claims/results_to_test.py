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


NET = {"name": "unet-0", "judged": True, "psnr": 34.5, "psnr_training": 36.0, "code_ratio": 1.25, "visits": 640,
       "seconds": 12.0}  # fmt: skip


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
            "curves": {"training": curve}, "recipes": {"unet": RECIPE}, "nets": [NET],
            "instruments": {}, "missed": "", "seconds": 61.5, "device": "cpu",
            "machine": "Linux, AVX2, PyTorch 2",
        }
        for seed in range(3)
    }  # fmt: skip
    return {
        "schema": "copyist.claim", "version": 2, "package": version("copyist"), "scale": "standard", "verdict": verdict,
        "beyond": None,
        "claim": {
            "name": name, "sentence": "It *denoises* | <b>better</b>.", "source": "Badger, on copying", "digest": "0",
            "parts": [
                {"name": "ratio", "measure": "E|x|", "holds_when": "below 1", "waits_for": "",
                 "source": "", "scale": "linear", "instruments": []},
                {"name": "distance", "measure": "FD", "holds_when": "above 0", "waits_for": WAITS if waits else "",
                 "source": "", "scale": "linear", "instruments": []},
            ],
            "controls": [{"name": "ratio_blur", "measure": "matched blur's"}],
            "bounds": {"ratio": [None, 1.0], "distance": [0.0, None]},
            "regime": {"psnr": 33.0, "split": "held-out", "code": 1.0, "why": ""}, "picture": "",
        },
        "parts": [
            {"name": "ratio", "interval": ends, "verdict": "supported" if waits else verdict, "instrument": ""},
            {"name": "distance", "interval": far, "verdict": "open" if waits else "supported", "instrument": ""},
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
