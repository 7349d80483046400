"""Dead units are counted in the model, and initialized anew for the images that are copied worst."""

import copy
import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from contracts import CONFIGS, built, images
from copyist.errors import ArgumentError, ContractError
from copyist.models import SparseMLPConfig
from copyist.models.contracts import Dictionary, needs
from copyist.objectives import Classification, Copying, DeadUnitResampling, L1Sparsity
from copyist.training import train
from training.tiny import StoppedError, Told, rows_of, same_bits, tiny

SHAPE = (2, 3, 5)
DEAD = [3, 11, 17]


def dictionary(k: int | None = 4, widths: tuple[int, ...] = (60,)) -> Dictionary:
    """One with three units that nothing activates, and that have been inactive for a thousand images."""
    model = needs(built(SparseMLPConfig(image_shape=SHAPE, widths=widths, k=k)), Dictionary, verb="test")
    with torch.no_grad():
        model.to_code.weight[DEAD] = 0
        model.to_code.bias[DEAD] = -1
        model.examples_since_fired[DEAD] = 1000
    return model


def num_resampled(model: Dictionary, x: Tensor, *, after: int, seed: int = 0) -> int:
    before = model.times_resampled.clone()
    with torch.no_grad():
        objective = DeadUnitResampling(objective=Copying(), after=after)
        objective.added_repair(model, x, step=1, generator=torch.Generator().manual_seed(seed))
    return int((model.times_resampled - before).sum())


def test_inactivity_is_counted_in_images_until_a_unit_fires() -> None:
    model = dictionary()
    for count in (5, 7):
        assert num_resampled(model, images(count, SHAPE, seed=count), after=2000) == 0
    assert model.examples_since_fired[DEAD].tolist() == [1012] * 3
    with torch.no_grad():
        fired = (model.encode(images(7, SHAPE, seed=7)) > 0).any(0)
    assert not model.examples_since_fired[fired].any()
    assert (model.examples_since_fired[~fired] >= 7).all()
    assert "examples_since_fired" in model.state_dict()


@pytest.mark.parametrize("widths", [(60,), (9, 60)])
def test_a_resampled_unit_is_active_for_an_image_and_no_living_unit_is_touched(widths: tuple[int, ...]) -> None:
    model, x = dictionary(widths=widths), images(6, SHAPE)
    with torch.no_grad():
        alive = (model.encode(x) > 0).any(0)
    before = copy.deepcopy(model)
    assert num_resampled(model, x, after=1000) == 3
    with torch.no_grad():
        z = model.encode(x)
    assert (z[:, DEAD] > 0).any(0).all()
    assert model.examples_since_fired[DEAD].tolist() == [0, 0, 0]
    for now, then in ((model.to_code.weight, before.to_code.weight), (model.atoms.weight.T, before.atoms.weight.T)):
        assert torch.equal(now[alive], then[alive])
        assert not (now[DEAD] == then[DEAD]).all(1).any()
    assert torch.equal(model.atoms.bias, before.atoms.bias)


def test_its_row_tells_its_image_from_the_others() -> None:
    model, x = dictionary(), images(12, SHAPE)
    with torch.no_grad():
        before = model.encode(x)
    num_resampled(model, x, after=1000)
    with torch.no_grad():
        activation = model.to_code(model.hidden(x))[:, DEAD]
        at_the_mean = model.to_code(model.hidden(x).mean(0))[DEAD]
    own = activation.argmax(0)
    assert len(set(own.tolist())) == 3
    least = torch.stack([row[row > 0].min() for row in before[own]])
    torch.testing.assert_close(activation.amax(0), 1.1 * least)
    torch.testing.assert_close(at_the_mean, -1.1 * least)
    # Twelve images in thirty dimensions can be told apart wholly, but for the ridge.
    assert (activation > 0).sum(0).tolist() == [1, 1, 1]


def test_its_row_is_that_of_the_ridge_on_paper() -> None:
    model, x = dictionary(), images(12, SHAPE)
    before = copy.deepcopy(model)
    num_resampled(model, x, after=1000)
    with torch.no_grad():
        h, z = model.hidden(x).double(), before.encode(x).double()
        own = model.to_code(model.hidden(x))[:, DEAD].argmax(0)
    u = h - h.mean(0)
    covariance = u.T @ u / 12
    ridge = 0.01 * float(covariance.trace()) / 12
    for unit, image in zip(DEAD, own.tolist(), strict=True):
        v = torch.linalg.solve(covariance + ridge * torch.eye(30).double(), u[image])
        alpha = 1.1 * z[image][z[image] > 0].min()
        wanted = 2 * alpha * v / (v @ u[image])
        torch.testing.assert_close(model.to_code.weight[unit].detach().double(), wanted, rtol=1e-3, atol=1e-5)


def test_where_all_may_be_active_a_resampled_unit_is_as_active_as_the_median() -> None:
    model, x = dictionary(k=None), images(12, SHAPE)
    with torch.no_grad():
        z = model.encode(x)
    num_resampled(model, x, after=1000)
    with torch.no_grad():
        activation = model.to_code(model.hidden(x))[:, DEAD].amax(0)
    torch.testing.assert_close(activation, z[z > 0].median().expand(3))


def test_a_unit_is_dead_after_as_many_images_as_the_setting_says() -> None:
    model, x = dictionary(), images(6, SHAPE)
    model.examples_since_fired[DEAD] = 994
    assert num_resampled(model, x, after=1001) == 0
    model.examples_since_fired[DEAD] = 994
    assert num_resampled(model, x, after=1000) == 3


def test_resampling_again_and_again_does_not_raise_activations() -> None:
    model, x = dictionary(), images(12, SHAPE)
    with torch.no_grad():
        largest = float(model.encode(x).max())
        for seed in range(100):
            model.examples_since_fired[:] = 1000
            assert num_resampled(model, x, after=1000, seed=seed) == 3
        assert float(model.encode(x).max()) < 2 * largest


def test_its_column_is_what_its_image_lacks() -> None:
    model, x = dictionary(), images(6, SHAPE)
    with torch.no_grad():
        missing = torch.nn.functional.normalize((x - model(x)).flatten(1), dim=1)
        usual = float(model.atoms.weight.norm(dim=0).mean())
    num_resampled(model, x, after=1000)
    columns = model.atoms.weight.detach().T[DEAD]
    alike = torch.nn.functional.normalize(columns, dim=1) @ missing.T
    torch.testing.assert_close(alike.amax(1), torch.ones(3))
    assert len(set(alike.argmax(1).tolist())) == 3
    torch.testing.assert_close(columns.norm(dim=1), torch.full((3,), 0.2 * usual))


def test_behind_hidden_layers_its_column_lowers_the_error() -> None:
    model, x = dictionary(k=None, widths=(9, 60)), images(6, SHAPE)
    with torch.no_grad():
        model.atoms.weight[:, DEAD] = 0
        z = model.encode(x)
        error = (model.decode(z) - x).flatten(1).square().sum(1)
    num_resampled(model, x, after=1000)
    with torch.no_grad():
        for unit in DEAD:
            image = int(model.encode(x)[:, unit].argmax())
            nudged = z[image : image + 1].clone()
            nudged[0, unit] = 0.01
            assert float((model.decode(nudged) - x[image]).square().sum()) < float(error[image])


def test_bad_copies_are_drawn_in_proportion_to_their_error() -> None:
    x = images(4, SHAPE)
    x[2] += 3
    model = dictionary()
    with torch.no_grad():
        errors = (model(x) - x).flatten(1).square().sum(1)
        expected = float(errors[2] / errors.sum())
        model.to_code.weight[DEAD[1:]], model.to_code.bias[DEAD[1:]] = 1.0, 0.0
    drawn = 0
    for seed in range(300):
        again = copy.deepcopy(model)
        again.examples_since_fired[DEAD[1:]] = 0
        assert num_resampled(again, x, after=500, seed=seed) == 1
        with torch.no_grad():
            drawn += int(again.encode(x)[:, DEAD[0]].argmax()) == 2
    assert drawn / 300 == pytest.approx(expected, abs=0.1)


def test_no_more_units_are_resampled_than_there_are_images() -> None:
    model = dictionary()
    assert num_resampled(model, images(2, SHAPE), after=1000) == 2
    assert num_resampled(model, torch.full((1, *SHAPE), 0.5), after=1000) == 1
    assert all(torch.isfinite(weight).all() for weight in model.parameters())


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_numbers_that_are_none_are_left_to_the_loop(value: float) -> None:
    model = dictionary(widths=(9, 60))
    with torch.no_grad():
        model.atoms.weight.fill_(value)
        model.get_parameter("encoder.1.weight").fill_(value)
    assert num_resampled(model, images(6, SHAPE), after=1000) == 3


def test_it_is_the_objective_it_wraps_with_dead_units_in_the_history() -> None:
    model, x = dictionary(), images(6, SHAPE)
    model.examples_since_fired[5] = 50
    with torch.no_grad():
        objective = DeadUnitResampling(objective=Copying(), after=51)
        assert torch.equal(
            objective(model, x, generator=torch.Generator()), Copying()(model, x, generator=torch.Generator())
        )
        found = objective.measures(model, x, generator=torch.Generator())
        activation = model.encode(x) > 0.01 * model.encode(x).max()
    assert found["dead_units"] == 3
    assert found["active_share"] == pytest.approx(float(activation.float().mean()))
    assert found["silent_units"] == int((~activation.any(0)).sum())


@pytest.mark.slow
def test_a_run_that_was_stopped_resamples_the_same_units(tmp_path: Path) -> None:
    objective = DeadUnitResampling(objective=L1Sparsity(weight=0.5), after=100)
    chosen = tiny(objective=objective, model=SparseMLPConfig(widths=(200,), k=3))
    whole = train(chosen, out=tmp_path / "whole")
    with pytest.raises(StoppedError):
        train(chosen, out=tmp_path / "parts", observer=Told(stop_at=27))
    parts = train(chosen, out=tmp_path / "parts", resume=True)
    assert same_bits(whole, parts)
    assert rows_of(whole) == rows_of(parts)
    model = needs(parts.load(), Dictionary, verb="test")
    assert int(model.examples_since_fired.max()) > 0
    assert parts.history()[-1].measures["dead_units"] == int((model.examples_since_fired >= 100).sum())


@pytest.mark.slow
def test_without_resampling_more_units_are_dead(tmp_path: Path) -> None:
    dead: list[int] = []
    for after in (200, 10**9):
        objective, model = DeadUnitResampling(objective=Copying(), after=after), SparseMLPConfig(widths=(200,), k=3)
        run = train(tiny(objective=objective, model=model, steps=120), out=tmp_path / str(after))
        dead.append(int((needs(run.load(), Dictionary, verb="test").examples_since_fired >= 600).sum()))
    assert dead[0] < dead[1] / 2


HALVES = """
import os
import sys
import torch
sys.path.insert(0, {tests!r})
from objectives.test_dead_units import SHAPE, dictionary, images, num_resampled
rank = int(os.fork() > 0)
torch.distributed.init_process_group("gloo", init_method="file://{folder}/meeting", rank=rank, world_size=2)
model = dictionary()
assert num_resampled(model, images(8, SHAPE)[4 * rank : 4 * rank + 4], after=1000) == 3
torch.save(model.state_dict(), f"{folder}/{{rank}}.pt")
if rank:
    sys.exit(os.wait()[1])
"""


@pytest.mark.slow
def test_devices_that_share_a_batch_resample_alike(tmp_path: Path) -> None:
    script = HALVES.format(tests=str(Path(__file__).parents[1]), folder=tmp_path)
    assert subprocess.run([sys.executable, "-c", script], timeout=120, check=False).returncode == 0
    alone = dictionary()
    num_resampled(alone, images(8, SHAPE), after=1000)
    for rank in (0, 1):
        found = torch.load(tmp_path / f"{rank}.pt")
        assert all(torch.equal(found[name], value) for name, value in alone.state_dict().items())


def test_what_cannot_be_resampled_is_refused_before_training() -> None:
    with pytest.raises(ArgumentError, match=r"^after must be a whole number of at least 1, got 0$"):
        DeadUnitResampling(objective=Copying(), after=0)
    with pytest.raises(
        ArgumentError, match=r"^units are resampled from what is copied badly, got an objective that copies"
    ):
        DeadUnitResampling(objective=Classification())
    with pytest.raises(
        ContractError, match=r"^DeadUnitResampling gives single units of a code new work, and MLP has none that"
    ):
        DeadUnitResampling(objective=Copying()).check_model(built(CONFIGS["mlp"]))
