"""Results of claims as a run leaves them, made up: numbers that can be read off, and names that ask for escaping."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from copyist.drawing.grids import grid, webp_bytes
from copyist.outputs import write_bytes

WAITS = "a diffusion model"

RECIPE = {"name": "unet", "data": "photos?size=16", "model": {"kind": "unet"}, "objective": {"kind": "copying"},
          "training": {"steps": 20}}  # fmt: skip


NET = {"name": "unet-0", "judged": True, "psnr": 34.5, "psnr_training": 36.0, "code_ratio": 1.25, "visits": 640,
       "seconds": 12.0}  # fmt: skip


CHECK = {"name": "axes", "rule": "real images are nearer than upside-down ones", "passed": True,
         "values": {"real": 0.1, "upside down": 9.0}}  # fmt: skip

FOUND = {"refuted": 1.5, "inconclusive": 1.0}
"""Where the mean of `ratio` lies for a verdict, against a bound of 1; 0.5 for all others."""


def claim(name: str, *, verdict: str = "supported", theirs: bool = False) -> dict[str, Any]:
    """One result: `ratio` with bound 1 decides it; `distance` holds or, where the claim is open, waits; and a control.

    Where a source says it, `ratio` is the source's part and `distance` ours.
    """
    mean = FOUND.get(verdict, 0.5)
    curve = {"title": "Over $training$", "x_label": "step", "y_label": "ratio", "x": [1, 10, 100],
             "lines": {"plain": [0.9, 0.6, 0.5], "_with": [1.0, None, 1.0]}, "log_x": True, "log_y": False}  # fmt: skip
    ends = {"mean": mean, "low": mean - 0.0248, "high": mean + 0.0248}
    waits, failed, gated = verdict == "open", verdict == "instrument failed", verdict == "regime not reached"
    far = dict.fromkeys(("mean", "low", "high"), None if waits else 2.0)
    ratio = "ratio@axes" if failed else "ratio"
    seeds = {
        str(seed): {
            "values": {ratio: mean + 0.01 * (seed - 1), "ratio_blur": 0.75} | ({} if waits else {"distance": 2.0}),
            "curves": {"training": curve}, "recipes": ["unet"],
            "nets": [NET | {"psnr": 31.5} if gated else NET],
            "instruments": {"axes": CHECK | {"passed": not failed}}, "missed": "", "seconds": 61.5, "device": "cpu",
            "machine": "Linux, AVX2, PyTorch 2",
        }
        for seed in range(3)
    }  # fmt: skip
    second = "regime not reached" if gated else "open" if waits else "supported"
    first = ("supported" if theirs else "open") if waits else verdict
    return {
        "schema": "copyist.claim", "version": 2, "package": version("copyist"), "scale": "standard", "verdict": first,
        "beyond": second if theirs else None,
        "claim": {
            "name": name, "sentence": "It *denoises* | <b>better</b>.", "source": "Badger, on copying", "digest": "0",
            "parts": [
                {"name": "ratio", "measure": "E|x|", "holds_when": "below 1", "waits_for": "",
                 "source": "copies are *cleaner*" if theirs else "", "scale": "linear",
                 "instruments": ["axes"] if failed else []},
                {"name": "distance", "measure": "FD", "holds_when": "above 0", "waits_for": WAITS if waits else "",
                 "source": "", "scale": "log", "instruments": []},
            ],
            "controls": [{"name": "ratio_blur", "measure": "matched blur's"}],
            "bounds": {"ratio": [None, 1.0], "distance": [0.0, None]},
            "regime": {"psnr": 33.0, "split": "held-out", "code": 1.0, "why": ""}, "picture": "",
        },
        "parts": [
            {"name": "ratio", "interval": ends, "verdict": "supported" if waits else verdict,
             "instrument": "axes" if failed else ""},
            {"name": "distance", "interval": far, "verdict": second, "instrument": ""},
        ],
        "controls": [{"name": "ratio_blur", "interval": {"mean": 0.75, "low": 0.75, "high": 0.75}}],
        "pictures": [{"name": "copies", "file": f"{name}-copies.webp", "caption": "Copies, side by side.",
                      "small": f"{name}-copies-small.webp"}],
        "seeds": seeds, "recipes": {"unet": RECIPE},
    }  # fmt: skip


def write(folder: Path, document: dict[str, Any]) -> Path:
    """The JSON file and the picture beside it."""
    name = document["claim"]["name"]
    folder.mkdir(parents=True, exist_ok=True)
    for file in (f"{name}-copies.webp", f"{name}-copies-small.webp"):
        write_bytes(folder / file, webp_bytes(grid(torch.rand(3, 1, 8, 9))))
    (folder / f"{name}.json").write_text(json.dumps(document))
    return folder / f"{name}.json"
