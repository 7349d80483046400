"""The page of speeds says what the files say, and whether what was asked is reached."""

import json
import math
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from copyist.bench.codec import CodecBench
from copyist.bench.denoising_folder import STAGES, FolderBench
from copyist.bench.detection_result import DetectionBench, DetectionTrial
from copyist.bench.losses import LossBench, LossTrial
from copyist.bench.page import performance_page
from copyist.bench.table_detection import EMBEDDED_TABLES
from copyist.bench.timings import BenchResult, Comparison, Machine, Quartiles
from copyist.cli.bench import app
from copyist.errors import DataError
from copyist.evaluation.compressed.rate_distortion import CodecCurve, CodecPoint

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
EVIDENCE = PAGE.with_name("evidence")

MACHINE = Machine(processor="One", cores=2, threads=2, python="3.11", torch="2.13", float32_peak=100.0, bf16_peak=200.0)


def result(ratio: float) -> BenchResult:
    row = Comparison(
        width=16,
        size=64,
        batch=32,
        rounds=5,
        ours=Quartiles.of([0.1]),
        reference=Quartiles.of([0.1 * ratio]),
        ratio=Quartiles.of([ratio - 0.1, ratio, ratio + 0.1]),
    )
    return BenchResult(name="train", unit="step", images_per_unit=32, machine=MACHINE, comparisons=(row,))


def test_a_target_is_reached_or_not(tmp_path: Path) -> None:
    slow, fast = tmp_path / "slow.json", tmp_path / "fast.json"
    slow.write_text(result(3.4).to_json())
    fast.write_text(replace(result(3.6), name="train").to_json())
    text = performance_page([slow, fast])
    assert text.index("`fast.json`") < text.index("`slow.json`")
    assert "| 16 | 64 | 32 | 5 | 100.0 | 340.0 | **3.40** (3.35–3.45) | 3.5: **not reached** |" in text
    assert "**3.60** (3.55–3.65) | 3.5: reached |" in text
    assert "`copyist bench train --width 16 --size 64 --batch 32 --rounds 5`, `slow.json`" in text


def test_a_heading_says_what_tells_results_of_one_benchmark_apart(tmp_path: Path) -> None:
    one, file = result(2.0), tmp_path / "some.json"
    (row,) = one.comparisons
    for widths, heading in (([16], "width 16"), ([16, 32, 64], "widths 16, 32 and 64")):
        rows = tuple(replace(row, width=width, size=128) for width in widths)
        file.write_text(replace(one, comparisons=rows).to_json())
        assert f"## Train, 128×128, {heading}\n" in performance_page([file])


def test_what_nobody_asked_has_no_target(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text(replace(result(2.0), name="walk").to_json())
    assert "| – |" in performance_page([other])


def test_the_command_has_the_options_that_it_takes(tmp_path: Path) -> None:
    for name, command in (
        ("vae against pythae", "vae --size 64"),
        ("scaling, 2 processes", "scaling --width 16 --size 64"),
        ("shards of png against memory", "shards --width 16 --size 64"),
        ("shards of npy against memory", "shards --encoding npy --width 16 --size 64"),
        ("saved set of datasets, mapped, against memory", "shards --source hf --width 16 --size 64"),
        ("diffusion, training against diffusers, ours in auto", "diffusion --of training --precision auto --size 64"),
        (
            "diffusion, training against diffusers, ours in float32",
            "diffusion --of training --precision float32 --size",
        ),
    ):
        (tmp_path / "other.json").write_text(replace(result(2.0), name=name).to_json())
        page = performance_page([tmp_path / "other.json"])
        found = re.search(r"`copyist bench (.*?)`", page.split("torch 2")[1])
        assert found is not None
        assert found[1].startswith(command)
        taken = CliRunner().invoke(app, [*found[1].split(), "--help"])
        assert taken.exit_code == 0, taken.output


def test_a_folder_and_losses_are_told_as_their_commands_tell_them(tmp_path: Path) -> None:
    seconds = {stage: Quartiles.of([2.0]) for stage in STAGES}
    folder = FolderBench(
        images=200, size=64, format="png", width=16, batch=32, rounds=1, machine=MACHINE, wall=seconds,
        processor=seconds, bound=Quartiles.of([1.0]), ratio=Quartiles.of([2.0]),
    )  # fmt: skip
    trial = LossTrial(seed=0, ours=1.0, float32=2.0, control=2.0)
    losses = LossBench(width=16, size=64, steps=9, machine=MACHINE, trials=(trial, replace(trial, seed=1)))
    for name, each in (("folder", folder), ("losses", losses)):
        (tmp_path / f"{name}.json").write_text(each.to_json())
    assert FolderBench.from_json(folder.to_json()) == folder
    text = performance_page([tmp_path / "folder.json", tmp_path / "losses.json"])
    assert (
        "`copyist bench denoise --count 200 --format png --rounds 1 --width 16 --size 64 --batch 32`, `folder.json`"
        in text
    )
    assert "all at once takes 2.00" in text
    assert "`copyist bench losses --steps 9 --width 16 --size 64 --batch 32`, `losses.json`" in text
    assert "auto over float32: 0.500" in text


def test_tables_and_the_codec_are_told_too(tmp_path: Path) -> None:
    trial = DetectionTrial(
        table="wine", split=2, outliers=False, method="copyist", num_train=6, num_test=4, auroc=0.75,
        average_precision=0.5, fit_seconds=2.0, score_seconds=1.0,
    )  # fmt: skip
    trials = tuple(
        replace(trial, table=table, method=method) for table in EMBEDDED_TABLES for method in ("copyist", "pyod")
    )
    point = CodecPoint(
        quality=3, bits_per_pixel=0.5, psnr=math.inf, ms_ssim=0.9, encode_megapixels=1.0, decode_megapixels=2.0
    )
    coded = CodecBench(num_pictures=4, effort=0, models=("ab",), curves=(CodecCurve(codec="JPEG", points=(point,)),))
    assert CodecBench.from_json(coded.to_json()) == coded
    (tmp_path / "a.json").write_text(DetectionBench(trials=trials).to_json())
    (tmp_path / "b.json").write_text(coded.to_json())
    text = performance_page([tmp_path / "a.json", tmp_path / "b.json"])
    assert "`copyist bench tables --splits 3`, `a.json`" in text
    assert "0.7500" in text
    assert "`copyist bench codec FOLDER --effort 0`, `b.json`" in text
    assert "4 pictures, each whole" in text
    chosen = replace(coded, source="my photos", model_names=("one", "two"))
    (tmp_path / "a.json").write_text(DetectionBench(trials=trials, most_train=500).to_json())
    (tmp_path / "b.json").write_text(chosen.to_json())
    text = performance_page([tmp_path / "a.json", tmp_path / "b.json"])
    assert "One, 2 cores" not in text
    for command in ("tables --splits 3 --most 500", "codec 'my photos' --model one --model two --effort 0"):
        assert f"`copyist bench {command}`" in text
        taken = CliRunner().invoke(app, [*shlex.split(command), "--help"])
        assert taken.exit_code == 0, taken.output
    for name, each in (("a", DetectionBench(trials=trials, machine=MACHINE)), ("b", replace(chosen, machine=MACHINE))):
        (tmp_path / f"{name}.json").write_text(each.to_json())
        assert type(each).from_json(each.to_json()) == each
    text = performance_page([tmp_path / "a.json", tmp_path / "b.json"])
    assert text.count("One, 2 cores, 2 threads, Python 3.11, torch 2.13\n") == 2
    (tmp_path / "a.json").write_text(DetectionBench(trials=(replace(trial, table="mine"),) * 2).to_json())
    assert "`copyist bench tables FOLDER --splits 3`" in performance_page([tmp_path / "a.json"])


def test_results_on_record_are_read() -> None:
    folder = EVIDENCE
    files = [file for file in sorted(folder.glob("bench-*.json")) if file.name in PAGE.read_text()]
    assert len(files) > 20
    assert performance_page(files) == PAGE.read_text()
    titles = [line for line in PAGE.read_text().splitlines() if line.startswith("## ")]
    assert len(set(titles)) == len(titles) == len(files)
    text = performance_page([folder / "bench-codec.json", folder / "bench-tables.json"])
    assert "`copyist bench codec FOLDER --effort 10`" in text
    assert "`copyist bench tables FOLDER --splits 3`" in text


def test_the_command_writes_the_page_and_refuses_what_is_no_result(tmp_path: Path) -> None:
    file, out = tmp_path / "train.json", tmp_path / "performance.md"
    file.write_text(result(3.6).to_json())
    done = CliRunner().invoke(app, ["page", str(file), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert out.read_text().startswith("# Performance")
    file.write_text('{"trials": []}')
    with pytest.raises(DataError, match="must be what a benchmark of speed, tables or the codec wrote"):
        performance_page([file])


@pytest.mark.parametrize("text", ["{}", '{"name": "train"}', "[]", "none"])
def test_what_no_benchmark_wrote_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "some.json"
    file.write_text(text)
    with pytest.raises(DataError, match=r"some\.json must be what a benchmark .* wrote by --out"):
        performance_page([file])


def test_a_result_without_rows_or_of_no_known_benchmark_is_refused(tmp_path: Path) -> None:
    written = json.loads((EVIDENCE / "bench-train.json").read_text())
    for change in ({"comparisons": []}, {"name": "unknown"}):
        file = tmp_path / "changed.json"
        file.write_text(json.dumps({**written, **change}))
        with pytest.raises(DataError, match="cannot be read as one"):
            performance_page([file])
    with pytest.raises(DataError, match=r"there is no file .*none\.json; check the name"):
        performance_page([tmp_path / "none.json"])
