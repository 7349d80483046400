"""The folders that copyist writes, told by what lies in them: they are never data."""

__all__ = ["folders_of_runs"]

import re
from collections.abc import Collection

_RUN_FILES = ("model.safetensors", "history.csv")
_RUN_FOLDERS = ("samples", "state", "tensorboard")
_STATE = "state.safetensors"
"""In the folder `state`: the first thing that a run writes."""

_PARTS = re.compile(r"(samples|state|tensorboard|layer-\d+|heatmaps)/")
"""What a run, or a report, makes below its own folder."""

_REPORT_FILES = {"anomalies.csv", "report.html", "report.json"}
"""Beside the pictures of a report on anomalies."""


def folders_of_runs(names: Collection[str]) -> tuple[str, ...]:
    """The folders among some files that copyist has written, each ending in `/`, and none in another.

    A folder is that of a run where a state lies in it, or its model or history beside other things of a run; that of a
    report on anomalies where its table and its pages do; and that of a demo or of claims where the folder `models` in
    it holds runs, beside results in `.json`. Where the place itself
    is that of a run, these are the folders that a run makes in it.

    Args:
        names: of files, with `/`, below the place where they were found.
    """
    held: dict[str, set[str]] = {}
    for name in names:
        parts = name.split("/")
        for depth, part in enumerate(parts):
            held.setdefault("".join(f"{each}/" for each in parts[:depth]), set()).add(part)
    found = {folder for folder, inside in held.items() if _is_run(inside, held.get(f"{folder}state/", set()))}
    if "" in found:
        made = {part[0] for name in names if (part := _PARTS.match(name))}
        found = (found - {""}) | made
    for folder, inside in held.items():
        models = f"{folder}models/"
        if folder and any(name.endswith(".json") for name in inside) and any(run.startswith(models) for run in found):
            found = found | {folder}
    return tuple(sorted(run for run in found if not any(run != other and run.startswith(other) for other in found)))


def _is_run(inside: set[str], state: set[str]) -> bool:
    files = sum(name in inside for name in _RUN_FILES)
    folders = sum(name in inside for name in _RUN_FOLDERS)
    return _STATE in state or inside >= _REPORT_FILES or (files > 0 and files + folders > 1)
