"""A table is learned in standard deviations, and answered in its own units."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from copyist import encode, load, open_source, reconstruct, train
from copyist.checkpoint import read_header
from copyist.corruption import GaussianNoise
from copyist.data import Splits
from copyist.errors import ContractError, DataError, ShapeError
from copyist.models import MLPConfig, ResidualConfig, UNetConfig
from copyist.objectives import Copying, Denoising
from copyist.procedures import denoise, interpolate, invert, layers, sample, walk
from copyist.training import Optimization, Recipe, Training

SCALES = np.array([1.0, 3000.0, 0.002, 50.0])
MEANS = np.array([0.0, 90000.0, 1.0, -7.0])


def table(path: Path) -> str:
    """Four columns of one hidden number each two, in units that differ by millions."""
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(200, 2)) @ rng.normal(size=(2, 4)) + 0.1 * rng.normal(size=(200, 4))
    path.write_text("a,b,c,d\n" + "\n".join(",".join(map(repr, row)) for row in (hidden * SCALES + MEANS).tolist()))
    return str(path)


def recipe(data: str, *, steps: int = 60, **settings: object) -> Recipe:
    training = Training(steps=steps, batch_size=16, optimization=Optimization(learning_rate=1e-2))
    model = MLPConfig(widths=(2,), activation="identity")
    return Recipe(name="mine", data=data, model=model, objective=Copying(), training=replace(training, **settings))


def test_a_model_of_a_table_answers_in_the_units_of_the_table(tmp_path: Path) -> None:
    data = table(tmp_path / "t.csv")
    run = train(recipe(data, steps=400), out=tmp_path / "run")
    model, splits = run.load(), open_source(data)
    x = splits.test.examples()
    x_hat = reconstruct(model, x)
    assert x_hat.shape == x.shape
    errors = (x_hat - x).std(0) / splits.train.examples().std(0)
    # No column drowns another: in their own units the errors differ by millions, in standard deviations they do not.
    assert errors.max() < 0.5
    assert encode(model, x).shape == (len(x), 2)
    assert (model.num_columns, model.image_shape) == (4, None)
    assert model.trained_on.columns == ("a", "b", "c", "d")
    assert not list((tmp_path / "run" / "samples").glob("*.png"))


def test_the_loss_of_a_table_is_in_standard_deviations(tmp_path: Path) -> None:
    data = table(tmp_path / "t.csv")
    run = train(recipe(data), out=tmp_path / "run")
    splits, header = open_source(data), read_header(run.model_file)
    train_x = splits.train.array.astype(np.float64)
    mean, std = train_x.mean(0), train_x.std(0)
    np.testing.assert_allclose(header.data["mean"], mean, rtol=1e-6)
    np.testing.assert_allclose(header.data["std"], std, rtol=1e-6)
    x = splits.test.examples()
    by_hand = (((reconstruct(run.load(), x).numpy() - x.numpy()) / std) ** 2).mean()
    found = run.history()[-1].validation_loss
    assert found is not None
    # Values near 90000 are rounded to a hundredth.
    assert abs(found - by_hand) < 1e-3 * by_hand


@pytest.mark.slow
def test_a_residual_of_a_table_is_learned_and_kept_in_its_units(tmp_path: Path) -> None:
    data = table(tmp_path / "t.csv")
    denoising = Denoising(corruption=GaussianNoise(0.5))
    mine = replace(recipe(data, steps=200), model=ResidualConfig(model=MLPConfig(widths=(8, 8))), objective=denoising)
    run = train(mine, out=tmp_path / "run")
    splits, generator = open_source(data), torch.Generator().manual_seed(0)
    x, std = splits.test.examples().double(), splits.train.examples().double().std(0)
    x_tilde = x + 0.5 * std * torch.randn(x.shape, generator=generator)
    # Two hidden numbers make four columns, so that the columns tell of one another what noise hides.
    errors = [((answer - x) / std).square().mean() for answer in (denoise(run.load(), x_tilde.float()), x_tilde)]
    assert errors[0] < 0.8 * errors[1]


def test_another_unit_is_another_number_and_no_other_model(tmp_path: Path) -> None:
    """Twice the numbers in a column, which floats hold exactly, are copied as twice the numbers."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=(60, 3)).astype(np.float32)
    # All rows are learned from, so that both tables have the same splits.
    for name, factor in (("one", 1), ("two", 1024)):
        both = values * np.array([1, factor, 1], np.float32)
        np.savez(tmp_path / f"{name}.npz", x_train=both[:50], x_test=both[50:])
        train(recipe(f"{tmp_path}/{name}.npz", flip=True), out=tmp_path / name)
    x, factors = torch.from_numpy(values), torch.tensor([1.0, 1024.0, 1.0])
    one, two = (load(tmp_path / name, device="cpu") for name in ("one", "two"))
    assert torch.equal(reconstruct(one, x) * factors, reconstruct(two, x * factors))


@pytest.mark.slow
def test_a_run_on_a_table_that_was_resumed_ends_with_the_same_bits(tmp_path: Path) -> None:
    data = table(tmp_path / "t.csv")
    settings = {"averaging": 0.9, "patience": 9, "validate_every": 10, "save_every": 10}
    whole = train(recipe(data, steps=40, **settings), out=tmp_path / "whole")

    class StoppedError(Exception):
        pass

    class Stopping:
        def finish_step(self, *, step: int, loss: float | None) -> None:
            if step == 25:
                raise StoppedError

        def begin_steps(self, *, step: int, steps: int) -> None: ...
        def report_reading(self, done: int, total: int) -> None: ...
        def notify(self, sentence: str) -> None: ...
        def begin_phase(self, name: str) -> None: ...

    with pytest.raises(StoppedError):
        train(recipe(data, steps=40, **settings), out=tmp_path / "parts", observer=Stopping())
    parts = train(recipe(data, steps=40, **settings), out=tmp_path / "parts", resume=True)
    ours, theirs = whole.load().state_dict(), parts.load().state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert ours["standardization.std"].max() > 1000


def test_columns_far_from_0_are_learned_and_answered_to_the_last_digits() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    x[:, 1] = 1_700_000_000 + rng.integers(0, 100, 200)
    wide = replace(recipe("mine", steps=400), model=MLPConfig(widths=(3,), activation="identity"))
    run = train(wide, data=Splits.from_arrays(x))
    x_hat = reconstruct(run.model, torch.from_numpy(x))
    # In float32 the times would lie 128 seconds apart.
    assert x_hat.dtype == torch.float64
    assert float((x_hat - torch.from_numpy(x)).abs()[:, 1].mean()) < 10


def test_what_cannot_be_learned_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n" + "4,5\n" * 30)
    with pytest.raises(
        DataError, match=r"must have a column that varies over the 30 rows .*, and has none; add rows, or columns$"
    ):
        train(recipe(f"{tmp_path}/t.csv"), out=tmp_path / "run")
    unet = replace(recipe("cancer"), model=UNetConfig(width=4, levels=2))
    with pytest.raises(
        ShapeError, match=r"^the model takes images \(C, H, W\), got rows of a table of 30 columns; take"
    ):
        train(unet, out=tmp_path / "run")


def test_pictures_are_refused_by_a_model_of_tables(tmp_path: Path) -> None:
    x = torch.rand(5, 4)
    model = MLPConfig(num_columns=4, widths=(2,)).build()
    asked = {
        "walk": lambda: walk(model, x, steps=2, noise=0.1),
        "sample": lambda: sample(model, count=2),
        "interpolate": lambda: interpolate(model, x, x),
        "invert": lambda: invert(model, x),
    }
    for verb, ask in asked.items():
        message = f"^{verb} works on images, and this model takes tables; use images and a model trained on them$"
        with pytest.raises(ContractError, match=message):
            ask()
    assert [layer.shape for layer in layers(model)][-1] == (4,)


def test_tables_and_images_are_told_apart() -> None:
    of_rows = MLPConfig(num_columns=4, widths=(2,)).build()
    of_images = MLPConfig(image_shape=(1, 2, 2), widths=(2,)).build()
    with pytest.raises(
        ShapeError, match=r"^the model was trained on a table, got images of shape \(1, 2, 2\); give a table in \.csv"
    ):
        denoise(of_rows, torch.rand(3, 1, 2, 2))
    with pytest.raises(
        ShapeError, match=r"^a table must have shape \(B, D\), got \(4,\); give a single row .* x\[None\]$"
    ):
        reconstruct(of_rows, torch.rand(4))
    with pytest.raises(ShapeError, match=r"^the model takes tables of 4 columns only, got 5 columns; leave others out"):
        encode(of_rows, torch.rand(3, 5))
    with pytest.raises(
        ShapeError,
        match=r"^the model was trained on images, got a table of 4 columns; give images, or train a model on this",
    ):
        reconstruct(of_images, torch.rand(3, 4))


def test_columns_of_other_names_are_refused() -> None:
    model = MLPConfig(num_columns=2, widths=(1,)).build()
    model.trained_on = replace(model.trained_on, columns=("height", "weight"))
    model.check_columns(("height", "weight"))
    model.check_columns(("0", "1"))
    with pytest.raises(ShapeError, match=r"^the model was trained on the columns 'height', 'weight', got 'weight', 'h"):
        model.check_columns(("weight", "height"))


def test_to_go_on_with_a_model_of_a_table_begins_where_it_ended(tmp_path: Path) -> None:
    data = table(tmp_path / "t.csv")
    first = train(recipe(data), out=tmp_path / "first")
    still = replace(Optimization(), learning_rate=1e-30)
    again = train(recipe(data, steps=1, optimization=still), out=tmp_path / "again", start=first.folder)
    x = open_source(data).test.examples()
    torch.testing.assert_close(reconstruct(again.load(), x), reconstruct(first.load(), x))
    assert again.history()[-1].validation_loss == pytest.approx(first.history()[-1].validation_loss)


def test_to_go_on_with_other_columns_is_refused(tmp_path: Path) -> None:
    data = table(tmp_path / "t.csv")
    first = train(recipe(data, steps=1), out=tmp_path / "first")
    with pytest.raises(
        ShapeError, match=r"^the model was trained on the columns 'a', 'b', 'c', got 'a', 'b', 'c', 'd'"
    ):
        train(recipe(f"{data}?drop=d"), out=tmp_path / "again", start=first.folder)
    assert not (tmp_path / "again").exists()
