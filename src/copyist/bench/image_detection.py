"""How well a detector finds defects in images, beside simple ones: over seeds, on a folder whose defects are known."""

__all__ = ["ImageDetection", "ImageScore", "bench_image_detection"]

import re
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from copyist.bench.image_rivals import image_rivals
from copyist.bench.measure import machine
from copyist.bench.mixed_training import mixed_training
from copyist.bench.timings import JsonResult, Machine
from copyist.data import open_source
from copyist.data.fitting import fit_size
from copyist.data.inputs import find_inputs
from copyist.data.source import with_option
from copyist.detection import Detector, DetectorRecipe, fit_detector
from copyist.drawing.text import text_table
from copyist.errors import ArgumentError, DataError
from copyist.evaluation.anomalies.masks import Masks
from copyist.files.picture_files import PicturesOfFiles
from copyist.metrics.ranking import PixelCounts, ranking
from copyist.recipes.detectors import image_detector


@dataclass(frozen=True, kw_only=True)
class ImageScore:
    """One detector on one part of the test images."""

    detector: str
    seed: int
    part: str
    num_normal: int
    num_anomalous: int

    auroc: float
    """Of images."""

    pixel_auroc: float | None
    """Of pixels, at the sizes of the images; None without masks."""

    false_alarms: float
    """The share of good images that is flagged, at a stated 5 %."""

    detected: float
    """The share of images with a defect that is flagged at that rate."""

    by_kind: dict[str, float]
    """AUROC of each kind of defect against the good images."""


@dataclass(frozen=True, kw_only=True)
class ImageDetection(JsonResult):
    """What was found on one folder."""

    folder: str
    outliers: float
    """Share of pictures with a defect among the images to train on."""

    machine: Machine
    fit_seconds: tuple[float, ...]
    """CPU seconds to fit the detector, per seed."""

    seconds_per_image: float
    """CPU seconds to bring a gray image of 256×256 to the detector's size, to score it and to say where."""

    scores: tuple[ImageScore, ...]

    def __str__(self) -> str:
        rows = [["detector", "part", "seeds", "image AUROC", "pixel AUROC", "false alarms at 5 %", "detected"]]
        for detector, part in dict.fromkeys((score.detector, score.part) for score in self.scores):
            own = [score for score in self.scores if (score.detector, score.part) == (detector, part)]
            pixels = [score.pixel_auroc for score in own if score.pixel_auroc is not None]
            columns = [[score.auroc for score in own], pixels, [score.false_alarms for score in own]]
            columns.append([score.detected for score in own])
            rows.append([detector, part, str(len(own)), *map(_mean, columns)])
        fitting = ", ".join(f"{seconds:.0f}" for seconds in self.fit_seconds)
        speed = f"fitted in {fitting} CPU seconds; {1 / self.seconds_per_image:.0f} images of 256×256 per CPU second"
        mixed = f", {self.outliers:.0%} of what was learned with a defect" if self.outliers else ""
        return f"{self.folder}{mixed}\n{text_table(rows)}\n{speed}"


def bench_image_detection(
    folder: Path,
    *,
    recipe: Callable[..., DetectorRecipe] = image_detector,
    seeds: Sequence[int] = (0, 1, 2),
    parts: Mapping[str, str] | None = None,
    calibration: float = 0.2,
    outliers: float = 0.0,
    save: Callable[[ImageDetection], None] = lambda result: None,
    say: Callable[[str], None] = lambda sentence: None,
) -> ImageDetection:
    """Fit a detector on good images and judge others, by several seeds, and simple detectors on images of its size.

    The simple ones are the projection on 64 principal axes, whose error is measured place by place (`LocalError`), and
    the nearest neighbor of patches of 8×8 pixels (`LocalCodeDistance`).

    Args:
        folder: with `train/good`, `test/good`, a folder in `test` for each kind of defect, and masks of the same names
            in `ground_truth`, if any, as MVTec AD has them.
        recipe: of the detector, for a source.
        seeds: of training.
        parts: regular expressions by name; one that is found in a picture's name puts it into that part. None judges
            all pictures together.
        calibration: share of the images to train on that the threshold comes from, of those that are not held out.
        outliers: share of pictures with a defect among the images to train on, drawn from those of `test` by the first
            seed and not judged then: what a detector loses that learns defects as if they were good.
        save: takes what is known after each detector.
        say: takes one sentence for each detector.

    Raises:
        DataError: the folder is none of this kind, or a part has no good images or none with a defect.
        ArgumentError: a part is no regular expression.
        CopyistError: as `fit_detector`.
    """
    named = parts or {"all": ""}
    for part in ("train", "test"):
        if not (folder / part / "good").is_dir():
            raise DataError(f"the folder must hold {part}/good, and there is none in {folder}; check the path")
    with mixed_training(folder, outliers=outliers, seed=seeds[0]) as (train, drawn):
        own = recipe(data=with_option(str(train), f"calibration={calibration}"))
        test = _Test(folder, say, without=drawn)
        test.check(named)
        splits = open_source(own.training.data, say=say)
    scores: list[ImageScore] = []
    times: list[float] = []
    result: ImageDetection | None = None
    for seed in seeds:
        since = time.process_time()
        detector = fit_detector(own, data=splits, seed=seed)
        times.append(time.process_time() - since)
        others = image_rivals(detector, splits) if seed == seeds[0] else {}
        for name, each in {own.name: detector, **others}.items():
            scores += test.judge(each, named, name=name, seed=seed)
            say(f"{name}, seed {seed}: {', '.join(f'{each.part} {each.auroc:.3f}' for each in scores[-len(named) :])}")
            result = ImageDetection(
                folder=folder.name,
                outliers=outliers,
                machine=machine(),
                fit_seconds=tuple(times),
                seconds_per_image=_time_per_image(detector),
                scores=tuple(scores),
            )
            save(result)
    assert result is not None
    return result


@final
class _Test:
    """The test images of a folder, with the truth about them."""

    def __init__(self, folder: Path, say: Callable[[str], None], *, without: frozenset[str]) -> None:
        self._files = PicturesOfFiles(find_inputs([str(folder / "test")], say=say), say=say)
        self.names = self._files.names
        self.kinds = [Path(name).parent.name for name in self.names]
        self._judged = [row for row, name in enumerate(self.names) if name not in without]
        masks = folder / "ground_truth"
        sizes = [(height, width) for _, height, width in self._files.shapes]
        self._masks = Masks(masks, self.names, sizes) if masks.is_dir() else None

    def check(self, parts: Mapping[str, str]) -> None:
        """Refuse parts that cannot be ranked."""
        for part, pattern in parts.items():
            try:
                kinds = {self.kinds[row] for row in self._judged if re.search(pattern, self.names[row])}
            except re.error as error:
                raise ArgumentError(f"a part must be a regular expression, got {pattern!r} ({error})") from error
            if "good" not in kinds or len(kinds) == 1:
                raise DataError(
                    f"the part {part} must hold pictures of test/good and of another folder, got "
                    f"{', '.join(sorted(kinds)) or 'none'}; change its pattern {pattern!r}"
                )

    def judge(self, detector: Detector, parts: Mapping[str, str], *, name: str, seed: int) -> Iterator[ImageScore]:
        """The scores of a detector on each part."""
        counts = {part: PixelCounts() for part in parts}
        anomaly, flagged = np.zeros(len(self.names)), np.zeros(len(self.names), dtype=np.bool_)
        for row, pixels in self._pictures(detector):
            findings = detector(pixels[None], parts=True)
            anomaly[row], flagged[row] = float(findings.anomaly[0]), bool(findings.flagged[0])
            assert findings.parts is not None
            if self._masks is not None:
                mask = self._mask(row)
                heat = F.interpolate(findings.parts[None], mask.shape, mode="bilinear", align_corners=False)[0, 0]
                for part, pattern in parts.items():
                    if re.search(pattern, self.names[row]):
                        counts[part].add(heat.numpy(), mask)
        for part, pattern in parts.items():
            rows = np.array([row for row in self._judged if re.search(pattern, self.names[row])])
            pixel = counts[part].ranking() if len(counts[part]) else None
            yield _score(
                np.array(self.kinds)[rows], anomaly[rows], flagged[rows], pixel.auroc.mean if pixel else None,
                detector=name, seed=seed, part=part,
            )  # fmt: skip

    def _pictures(self, detector: Detector) -> Iterator[tuple[int, Tensor]]:
        """Numbers and pixels (C, H, W) of the pictures as the detector takes them."""
        shape = detector.model.image_shape
        assert shape is not None
        for row, picture in self._files.read(self._judged):
            yield row, _fitted(picture.with_channels(shape[0]), shape[1:])

    def _mask(self, row: int) -> npt.NDArray[np.bool_]:
        assert self._masks is not None
        size = self._files.shapes[row][1:]
        return self._masks.read(row) if row in self._masks else np.zeros(size, dtype=np.bool_)


def _score(
    kinds: npt.NDArray[np.str_],
    anomaly: npt.NDArray[np.float64],
    flagged: npt.NDArray[np.bool_],
    pixel_auroc: float | None,
    *,
    detector: str,
    seed: int,
    part: str,
) -> ImageScore:
    good = kinds == "good"
    of_kind = {kind: good | (kinds == kind) for kind in sorted({*kinds.tolist()} - {"good"})}
    return ImageScore(
        detector=detector,
        seed=seed,
        part=part,
        num_normal=int(good.sum()),
        num_anomalous=int((~good).sum()),
        auroc=ranking(anomaly, ~good).auroc.mean,
        pixel_auroc=pixel_auroc,
        false_alarms=float(flagged[good].mean()),
        detected=float(flagged[~good].mean()),
        by_kind={kind: ranking(anomaly[rows], ~good[rows]).auroc.mean for kind, rows in of_kind.items()},
    )


def _time_per_image(detector: Detector, *, repeats: int = 16) -> float:
    channels, *size = detector.model.image_shape or (1, 64, 64)
    x = torch.rand(1, 256, 256, generator=torch.Generator().manual_seed(0)).expand(channels, -1, -1)
    detector(_fitted(x, (size[0], size[1]))[None], parts=True)
    since = time.process_time()
    detector(torch.stack([_fitted(x, (size[0], size[1])) for _ in range(repeats)]), parts=True)
    return (time.process_time() - since) / repeats


def _fitted(pixels: Tensor, size: tuple[int, int]) -> Tensor:
    stretched = fit_size(pixels.movedim(0, 2).contiguous().numpy(), size, "resize")
    return torch.from_numpy(np.ascontiguousarray(stretched)).movedim(2, 0)


def _mean(values: Sequence[float]) -> str:
    return f"{statistics.fmean(values):.3f}" if values else "–"
