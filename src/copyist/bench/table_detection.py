"""Our detector of tables beside others, on tables whose outliers are known."""

__all__ = [
    "EMBEDDED_TABLES",
    "LabelledTable",
    "OurDetector",
    "bench_table_detection",
    "embedded_tables",
    "read_tables",
]

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Self, final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from copyist.baselines.rivals import Rival, fit_rivals
from copyist.bench.detection_result import OURS, DetectionBench, DetectionTrial, FalseAlarms
from copyist.bench.measure import machine
from copyist.bench.table_peer import PyodAutoencoder, has_pyod
from copyist.data import Splits
from copyist.detection import fit_detector
from copyist.detection.conformal import least_rate
from copyist.errors import DataError
from copyist.evaluation.anomalies.counts import expected_flags
from copyist.files.array_files import npz_arrays
from copyist.metrics.ranking import ranking
from copyist.recipes.detectors import table_detector
from copyist.tensors import PerImage

TRAIN_SHARE = 0.6
"""Of the rows; the rest are tested on."""

RATES = (0.01, 0.05, 0.1)
"""Of false alarms, at which the normal ones of the rows that are tested on are counted."""

_HELD_OUT, _CALIBRATION = 0.1, 0.05
"""Of the training rows, for the units of the measures and for the threshold; the other methods learn from them too."""


EMBEDDED_TABLES: dict[str, tuple[str, int, int]] = {
    "cells": ("load_breast_cancer", 0, 10),
    "digits": ("load_digits", 0, 50),
    "wine": ("load_wine", 0, 10),
}
"""By name: what reads it, the class whose rows are outliers, and how many of them are kept, the first ones. Malignant
tumors among benign ones, zeros among other digits, wines of one grower among those of two: as ADBench makes its tables
of the same data."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelledTable:
    """A table whose outliers are known."""

    name: str
    x: npt.NDArray[Any]
    """(N, D)."""

    is_outlier: npt.NDArray[np.bool_]
    """(N,)."""

    def parts(self, *, seed: int, outliers: bool, most_train: int, most_test: int) -> tuple[Self, Self]:
        """Random rows to train on, with the outliers among them or without, and the rest of all rows."""
        order = np.random.default_rng(seed).permutation(len(self.x))
        count = int(TRAIN_SHARE * len(order))
        train, test = order[:count], order[count:]
        if not outliers:
            train = train[~self.is_outlier[train]]
        return self._rows(train[:most_train]), self._rows(test[:most_test])

    def _rows(self, rows: npt.NDArray[np.int64]) -> Self:
        return replace(self, x=self.x[rows], is_outlier=self.is_outlier[rows])


def read_tables(folder: Path) -> tuple[LabelledTable, ...]:
    """The tables of a folder of `.npz` files with `X` (N, D) and `y` (N,), 1 for an outlier, as ADBench has them.

    Raises:
        DataError: there are none, or one has other arrays.
    """
    paths = sorted(folder.glob("*.npz"))
    if not paths:
        raise DataError(f"a folder of labelled tables must hold .npz files, got none in {folder}; give another folder")
    return tuple(map(_read_table, paths))


def embedded_tables() -> tuple[LabelledTable, ...]:
    """The tables that need no file: those that come with scikit-learn, with one class as the outliers."""
    return tuple(_read_embedded(name, *rule) for name, rule in EMBEDDED_TABLES.items())


def bench_table_detection(
    tables: tuple[LabelledTable, ...],
    *,
    splits: int = 3,
    most_train: int = 8000,
    most_test: int = 12_000,
    record: Callable[[DetectionTrial], None] = lambda trial: None,
    say: Callable[[str], None] = lambda sentence: None,
) -> DetectionBench:
    """Fit every detector on random 60 % of each table, with its outliers and without, and rank the other 40 %.

    Ours is `table_detector`, with `may_hold_outliers` where there may be. It learns from 85 % of the rows that the
    others learn from; the rest give it units and a threshold. The autoencoder of pyod is among the others where pyod is
    installed. All are fitted once before, on a table of noise, so that none is timed while it is imported.

    Args:
        tables: each with both kinds of rows.
        splits: random parts of each table.
        most_train: rows that are trained on, of a larger table.
        most_test: rows that are tested on.
        record: takes each trial as it is done.
        say: takes one sentence for each.
    """
    trials: list[DetectionTrial] = []
    noise = LabelledTable(
        name="noise", x=np.random.default_rng(0).normal(size=(200, 4)), is_outlier=np.arange(200) % 2 == 0
    )
    list(_trials(noise, noise, seed=0, outliers=False))
    for table in tables:
        for seed in range(splits):
            for outliers in (False, True):
                train, test = table.parts(seed=seed, outliers=outliers, most_train=most_train, most_test=most_test)
                for found in _trials(train, test, seed=seed, outliers=outliers):
                    trials.append(found)
                    record(found)
                    say(f"{found.table}, split {seed}, {found.method}: AUROC {found.auroc:.3f}")
    return DetectionBench(trials=tuple(trials), most_train=most_train, machine=machine())


def _trials(train: LabelledTable, test: LabelledTable, *, seed: int, outliers: bool) -> Iterator[DetectionTrial]:
    rows, queries = (torch.from_numpy(each.x.astype(np.float32)) for each in (train, test))
    since = time.perf_counter()
    rivals = fit_rivals(rows, seed=seed)
    # They are fitted together.
    rival_seconds = (time.perf_counter() - since) / len(rivals)
    methods: dict[str, tuple[Rival, float]] = {
        OURS: _timed(lambda: OurDetector(train.x, seed=seed, outliers=outliers)),
        **{name: (rival, rival_seconds) for name, rival in rivals.items()},
    }
    if has_pyod():
        methods["pyod"] = _timed(lambda: PyodAutoencoder.fit(rows, seed=seed))
    for name, (method, seconds) in methods.items():
        since = time.perf_counter()
        anomaly = method.anomaly(queries)
        score_seconds = time.perf_counter() - since
        found = ranking(anomaly.numpy(), test.is_outlier)
        yield DetectionTrial(
            table=test.name,
            split=seed,
            outliers=outliers,
            method=name,
            num_train=len(rows),
            num_test=len(queries),
            auroc=found.auroc.mean,
            average_precision=found.average_precision.mean,
            fit_seconds=seconds,
            score_seconds=score_seconds,
            false_alarms=method.false_alarms(anomaly[torch.from_numpy(~test.is_outlier)])
            if isinstance(method, OurDetector) and not outliers
            else (),
        )


def _timed(fit: Callable[[], Rival]) -> tuple[Rival, float]:
    since = time.perf_counter()
    return fit(), time.perf_counter() - since


@final
class OurDetector:
    """Our detector, of the columns that vary in its training rows."""

    def __init__(self, x: npt.NDArray[Any], *, seed: int, outliers: bool) -> None:
        splits = Splits.from_arrays(x, _HELD_OUT, calibration=_CALIBRATION, part_equal=True)
        self._columns = [int(name) for name in splits.train.columns]
        self._detector = fit_detector(
            table_detector(may_hold_outliers=outliers), data=splits, false_alarms=0.5, seed=seed
        )

    def anomaly(self, x: Tensor) -> PerImage:
        return self._detector.anomaly(x[:, self._columns])

    def false_alarms(self, anomaly: PerImage) -> tuple[FalseAlarms, ...]:
        """Of the anomalies of normal rows (N,)."""
        p, calibration = self._detector.judge(anomaly).p_value, self._detector.num_units
        found: list[FalseAlarms] = []
        for rate in RATES:
            if rate >= least_rate(calibration):
                usual = expected_flags(len(p), false_alarms=rate, num_calibration=calibration)
                flagged = int((p <= rate).sum())
                found.append(FalseAlarms(rate=rate, flagged=flagged, normal=len(p), low=usual.low, high=usual.high))
        return tuple(found)


def _read_table(path: Path) -> LabelledTable:
    arrays = npz_arrays(path)
    if not {"X", "y"} <= arrays.keys():
        raise DataError(f"a labelled table must have X and y, got {', '.join(sorted(arrays))} in {path}; rename them")
    x, y = arrays["X"], arrays["y"]
    return LabelledTable(name=path.stem.partition("_")[2] or path.stem, x=x, is_outlier=np.asarray(y).ravel() != 0)


def _read_embedded(name: str, reader: str, strange: int, most: int) -> LabelledTable:
    # Imported by name: scikit-learn has no types for it.
    bunch: Any = getattr(import_module("sklearn.datasets"), reader)()
    x, classes = np.asarray(bunch.data, dtype=np.float64), np.asarray(bunch.target)
    is_outlier = classes == strange
    kept = ~is_outlier | (np.cumsum(is_outlier) <= most)
    return LabelledTable(name=name, x=x[kept], is_outlier=is_outlier[kept])
