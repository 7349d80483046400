"""Ways to sample a copier: what they do to noise where the copy is known, and their table of known models."""

from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from copyist.bench import copying
from copyist.bench.copying import CopyingBench, bench_copying
from copyist.bench.copying_ways import WAYS, Averaged, Restarted
from copyist.cli.bench import app
from copyist.errors import ArgumentError, ContractError, UnknownNameError
from copyist.models import UNetConfig
from copyist.models.contracts import TrainedOn
from copyist.procedures.repeated_copying import RepeatedCopying
from copyist.procedures.sampling import sample
from copyist.procedures.sampling_methods import METHODS, name_of
from copyist.randomness import generator
from known import PerfectAutoencoder

SOURCE = "scenes?size=16&limit=200"
PLAIN = RepeatedCopying(statistics="none", mean=0.5, std=0.2, steps=2)


def exact() -> PerfectAutoencoder:
    model = PerfectAutoencoder(scale=1.0)
    # Whose device is asked for.
    model.register_parameter("unused", torch.nn.Parameter(torch.zeros(1)))
    return model


def drawn(way: Restarted | Averaged) -> tuple[float, float]:
    """Mean and standard deviation of samples of a model that copies exactly."""
    x = sample(exact(), count=64, method=way, shape=(1, 16, 16), generator=generator(0, "samples"))
    return float(x.mean()), float(x.std())


def test_a_restart_mixes_the_samples_with_new_noise() -> None:
    # Exact copies change nothing: a quarter, a quarter and a half of three draws.
    expected = 0.2 * (1 / 16 + 1 / 16 + 1 / 4) ** 0.5
    assert drawn(Restarted(copying=PLAIN, restarts=2)) == pytest.approx((0.5, expected), rel=0.02)
    assert drawn(Restarted(copying=PLAIN, restarts=0)) == pytest.approx((0.5, 0.2), rel=0.02)


def test_the_mean_of_copies_has_the_mean_of_their_noise() -> None:
    # Two steps, each of which adds the mean of four draws.
    expected = (0.2**2 + 2 * 0.1**2 / 4) ** 0.5
    assert drawn(Averaged(copying=PLAIN, copies=4, sigma=0.1)) == pytest.approx((0.5, expected), rel=0.02)


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Names of models that copy exactly, as any file does here."""

    def load(path: Path) -> PerfectAutoencoder:
        model = exact()
        model.trained_on = TrainedOn(source=SOURCE, image_shape=(3, 16, 16))
        return model

    monkeypatch.setattr(copying, "load", load)
    return [Path("first"), Path("second")]


def test_models_are_sampled_in_each_way_and_shown_side_by_side(loaded: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "ways.json"
    ways = ("one copy of noise", "law of all codes")
    line = ["copying", *map(str, loaded), "--count", "64", "--out", str(out), *(f"--way={way}" for way in ways)]
    done = CliRunner().invoke(app, line)
    assert done.exit_code == 0, done.output
    found = CopyingBench.from_json(out.read_text())
    assert found.data == SOURCE
    assert list(found.models) == ["first", "second"]
    for each in found.models.values():
        noise, law = each["one copy of noise"], each["law of all codes"]
        # Exact copies of noise are noise; codes that are the images themselves have the law of the pixels.
        assert noise.distance["appearance"] > 20 * law.distance["appearance"]
        assert law.distance["appearance"] == pytest.approx(found.pixel_law.distance["appearance"], rel=0.5)
        assert noise.rules == 0
    assert "second: 2 of 2 ways" in done.output
    assert all(way in done.output for way in (*ways, "keep rules", "training images"))


def test_what_cannot_be_sampled_is_refused_before_any_sample(loaded: list[Path]) -> None:
    with pytest.raises(UnknownNameError, match="there is no way 'schedul'; did you mean 'schedule'"):
        bench_copying(loaded, ways=["schedul"])
    with pytest.raises(ArgumentError, match="each named once"):
        bench_copying([*loaded, loaded[0]])


def test_a_model_without_a_code_is_refused_before_any_sample(
    loaded: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_code = UNetConfig(channels=3, width=4, levels=2, convolutions=1, skips=True).build()
    without_code.trained_on = TrainedOn(source=SOURCE, image_shape=(3, 16, 16))
    monkeypatch.setattr(copying, "load", lambda path: without_code if path == loaded[1] else exact())
    monkeypatch.setattr(copying, "generation_table", None)
    with pytest.raises(ContractError):
        bench_copying(loaded, data=SOURCE, ways=["schedule", "law of 64 codes"])


def test_a_model_of_small_batches_is_sampled_by_what_sets_statistics_over_more(
    loaded: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    small = exact()
    small.trained_on = TrainedOn(source=SOURCE, image_shape=(3, 16, 16), batch_size=8)
    monkeypatch.setattr(copying, "load", lambda path: small)
    kept: list[CopyingBench] = []
    found = bench_copying(loaded[:1], ways=["places set, 10 copies"], num_images=40, found=kept.append)
    assert kept == [found]
    assert found.models["first"]["places set, 10 copies"].memory > 0


def test_what_sample_does_by_default_is_among_the_ways() -> None:
    assert [name_of(WAYS[way]) for way in ("schedule", "places set", "law of 64 codes")] == [
        "no-diffusion",
        "repeated-copying",
        "gaussian-codes",
    ]
    assert all(WAYS[way] == METHODS[name_of(WAYS[way])]() for way in ("schedule", "places set", "law of 64 codes"))
