"""Benchmarks compare like with like, and say what they found."""

import json
import re
from dataclasses import replace
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import PIL
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from typer.testing import CliRunner

from copyist.bench.measure import Contender, Turn, count_flops, machine, matmul_peak
from copyist.bench.reference import PNGFolder, textbook_copy, write_pngs
from copyist.bench.reference_vae import peer, textbook_vae
from copyist.bench.timings import BenchResult, Comparison, Machine, Quartiles
from copyist.bench.unet_training import bench_train
from copyist.bench.vae_training import bench_vae
from copyist.cli.bench import app
from copyist.cli.bench.running import run_bench
from copyist.data import open_source
from copyist.errors import ArgumentError
from copyist.models.unet import UNetConfig
from copyist.models.variational_mlp import VariationalMLPConfig
from copyist.objectives import ELBO, Copying

CONFIG = UNetConfig(channels=3, width=4, levels=3)


def a_result() -> BenchResult:
    comparison = Comparison(
        width=16,
        size=64,
        batch=32,
        rounds=3,
        ours=Quartiles.of([0.05, 0.04, 0.06]),
        reference=Quartiles.of([0.2, 0.2, 0.21]),
        ratio=Quartiles.of([4.0, 5.0, 3.5]),
        flops=1e9,
    )
    return BenchResult(
        name="train",
        unit="step",
        images_per_unit=32,
        machine=Machine(processor="P", cores=2, threads=2, python="3", torch="2", float32_peak=100.0, bf16_peak=400.0),
        comparisons=(comparison,),
    )


def test_the_reference_and_ours_have_the_same_loss_and_gradients_on_the_same_batch() -> None:
    theirs = textbook_copy(CONFIG, seed=3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        ours = CONFIG.build().train()
    x = torch.rand(5, 3, 16, 24, generator=torch.Generator().manual_seed(0))
    our_loss = Copying()(ours, x, generator=torch.Generator())
    their_loss = F.mse_loss(theirs(x), x)
    assert our_loss.item() == pytest.approx(their_loss.item(), rel=1e-6)
    our_loss.backward()
    their_loss.backward()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, other.grad, rtol=1e-4, atol=1e-6)


def test_the_references_files_hold_the_images_that_ours_trains_on(tmp_path: Path) -> None:
    write_pngs("scenes?size=16&limit=3", tmp_path)
    expected = open_source("scenes?size=16&limit=3").train.images()
    folder = PNGFolder(tmp_path)
    torch.testing.assert_close(torch.stack([folder[index] for index in range(len(folder))]), expected)


def test_the_plain_vae_and_ours_have_the_same_loss_and_gradients_on_the_same_batch_and_draws() -> None:
    config = VariationalMLPConfig(image_shape=(1, 5, 7), widths=(9,), code_size=4)
    theirs = textbook_vae(config, seed=3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        ours = config.build().train()
    x = torch.rand(6, 1, 5, 7, generator=torch.Generator().manual_seed(0)).round()
    our_loss = ELBO()(ours, x, generator=torch.Generator().manual_seed(1))
    their_loss = theirs(x, generator=torch.Generator().manual_seed(1))
    assert our_loss.item() == pytest.approx(their_loss.item(), rel=1e-6)
    our_loss.backward()
    their_loss.backward()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, other.grad, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
@pytest.mark.usefixtures("loaded_once")
def test_training_of_a_vae_is_timed_against_whatever_there_is() -> None:
    said: list[str] = []
    result = bench_vae(size=6, batch=5, rounds=1, num_images=30, say=said.append)
    assert result.name == f"vae against {peer()}"
    assert said[0] == f"the reference is {peer()}; warming up"
    assert result.comparisons[0].ratio.median > 0


def test_a_result_comes_back_from_json() -> None:
    assert BenchResult.from_json(a_result().to_json()) == a_result()


def test_a_result_keeps_the_versions_of_what_is_installed_and_one_without_them_is_read() -> None:
    found = machine().packages
    assert found["copyist"] == metadata.version("copyist")
    assert found["torch"] == torch.__version__
    assert found["Pillow"] == PIL.__version__
    assert ("pyod" in found) == (find_spec("pyod") is not None)
    whole = replace(a_result(), machine=replace(a_result().machine, packages=found))
    assert BenchResult.from_json(whole.to_json()) == whole
    document = json.loads(whole.to_json())
    del document["machine"]["packages"]
    assert BenchResult.from_json(json.dumps(document)) == a_result()


def test_the_text_says_machine_ratio_rate_and_share_of_peak() -> None:
    text = str(a_result())
    # 32 images in 50 ms; 1 GFLOP in 50 ms is 20 GFLOP/s of 400, and 1 in 200 ms is 5 of 100.
    for words in ("P, 2 cores", "torch 2", "4.00", "(3.75–4.50)", " 640 ", " 5%"):
        assert words in text
    assert len({len(line) for line in text.splitlines()[2:4]}) == 1, "rows stand under their headings"


def test_one_core_and_one_thread_are_singular() -> None:
    alone = replace(a_result().machine, cores=1, threads=1)
    assert str(alone) == "P, 1 core, 1 thread, Python 3, torch 2"
    assert str(replace(a_result(), machine=alone)).startswith("train: P, 1 core, 1 thread, Python 3")


def test_quartiles_are_those_on_paper() -> None:
    assert Quartiles.of([5.0, 1.0, 2.0, 4.0, 3.0]) == Quartiles(median=3.0, low=2.0, high=4.0)
    assert Quartiles.of([7.0]) == Quartiles(median=7.0, low=7.0, high=7.0)


def test_the_operations_of_a_convolution_are_counted_as_on_paper() -> None:
    conv = nn.Conv2d(3, 3, 3, padding=1, bias=False)
    x = torch.rand(2, 3, 5, 7)
    forward = 2 * (2 * 5 * 7) * (3 * 3 * 9)
    assert count_flops(conv, x, backward=False) == forward
    # The way back is one product for the weights; the images need no gradient.
    assert count_flops(conv, x, backward=True) == 2 * forward


def test_the_peak_of_a_matrix_product_is_a_rate() -> None:
    assert 0 < matmul_peak(torch.float32, side=64, repeats=2) < 1e7


def _fail(turn: Turn) -> None:
    raise SystemExit(3)


def _fill(turn: Turn) -> None:
    torch.empty(2**60)


@pytest.mark.slow
def test_a_loop_that_fails_is_reported() -> None:
    with pytest.raises(RuntimeError, match="ended before it was told to"):
        Contender(_fail, steps=1)
    with pytest.raises(MemoryError, match="allocate"):
        Contender(_fill, steps=1)


@pytest.mark.slow
@pytest.mark.usefixtures("loaded_once")
def test_training_is_compared_in_speed() -> None:
    result = bench_train(
        widths=[4],
        size=16,
        batch=4,
        rounds=2,
        levels=2,
        num_images=8,
        say=lambda sentence: None,
    )
    (row,) = result.comparisons
    assert row.rounds == 2
    assert row.ratio.median > 0
    assert row.flops is not None


@pytest.mark.slow
@pytest.mark.usefixtures("loaded_once")
@pytest.mark.parametrize("name", ["train", "sample", "walk"])
def test_each_command_prints_json_and_writes_it(name: str, tmp_path: Path) -> None:
    out = tmp_path / "found.json"
    arguments = [name, "--width", "4", "--size", "16", "--batch", "4", "--rounds", "1", "--json", "--out", str(out)]
    found = CliRunner().invoke(app, arguments)
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["name"] == name
    assert BenchResult.from_json(out.read_text()).comparisons[0].width == 4


@pytest.mark.parametrize("command", ["roofline", "train", "denoise", "export"])
def test_a_side_that_no_net_takes_is_refused_before_any_work(command: str) -> None:
    answer = CliRunner().invoke(app, [command, "--size", "20"])
    assert isinstance(answer.exception, ArgumentError)
    assert str(answer.exception) == "--size must be a multiple of 8, got 20; take 24"
    assert not answer.output


@pytest.mark.parametrize(
    "command",
    ["train", "roofline", "losses", "scaling", "shards", "vae", "export", "sample", "walk", "diffusion --of sampling"],
)
def test_a_batch_that_does_not_fit_is_refused_before_any_work_by_an_option_that_there_is(command: str) -> None:
    answer = CliRunner().invoke(app, [*command.split(), "--batch", "1000000000"])
    assert isinstance(answer.exception, ArgumentError)
    assert re.match(r"a batch of 1000000000 images of \d+x\d+ must fit into memory", str(answer.exception))
    assert re.search(r"got about \d+(\.\d)? TB; take a smaller one \(--batch 32\)$", str(answer.exception))
    assert not answer.output


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_full_memory_is_told_by_options_of_benchmarks(error: Exception) -> None:
    with pytest.raises(ArgumentError, match=r"^a benchmark must fit into memory, which is full; take a smaller --size"):
        run_bench(lambda say: raising(error))
    with pytest.raises(RuntimeError, match=r"^of another kind$"):
        run_bench(lambda say: raising(RuntimeError("of another kind")))


def raising(error: Exception) -> BenchResult:
    raise error


def test_a_batch_that_processes_cannot_share_is_refused_before_any_work() -> None:
    answer = CliRunner().invoke(app, ["scaling", "--batch", "31"])
    assert str(answer.exception) == "--batch must be a multiple of --processes, got 31 and 2; take 30"
