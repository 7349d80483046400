"""One loop: the same bits from the same seed, into a folder that holds what it says."""

import contextlib
import os
import re
import signal
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import copyist
from copyist.checkpoint import write_tensors
from copyist.data import Batches, open_source
from copyist.errors import ArgumentError, CheckpointError, InterruptionError, OutputError, TrainingError
from copyist.models import MLPConfig, Model, ModelConfig, Reconstructor, UNetConfig
from copyist.objectives import Classification, Copying, Objective
from copyist.randomness import derive
from copyist.recipes import configured
from copyist.settings import dump
from copyist.training import CATALOGUES, Optimization, Recipe, Run, Training, finished_run, loop, read_history, train
from copyist.training.descent import Descent
from copyist.training.held_out import HeldOut
from training.tiny import Failing, StoppedError, Told, rows_of, same_bits, tiny, weights


def test_the_same_seed_gives_the_same_bits_and_another_other_ones(tmp_path: Path) -> None:
    before = torch.random.get_rng_state()
    one, same, other = (train(tiny(), out=tmp_path / str(i), seed=seed) for i, seed in enumerate((0, 0, 1)))
    assert same_bits(one, same)
    assert not same_bits(one, other)
    assert rows_of(one) == rows_of(same)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_step_and_nothing_else_may_multiply_in_tf32(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    inside, found = [False], list[tuple[str, bool]]()

    @contextlib.contextmanager
    def noted() -> Generator[None, None, None]:
        inside[0] = True
        yield
        inside[0] = False

    def note(function: Callable[..., Any], name: str) -> Callable[..., Any]:
        def noting(*args: Any, **options: Any) -> Any:
            found.append((name, inside[0]))
            return function(*args, **options)

        return noting

    monkeypatch.setattr(loop, "tf32", noted)
    monkeypatch.setattr(loop, "autocast", note(loop.autocast, "loss"))
    monkeypatch.setattr(Descent, "backward", note(Descent.backward, "backward"))
    monkeypatch.setattr(HeldOut, "measure", note(HeldOut.measure, "held-out"))
    train(tiny(), out=tmp_path / "run")
    assert set(found) == {("loss", True), ("backward", True), ("held-out", False)}


def test_a_folder_holds_the_model_its_history_pictures_events_and_the_state(tmp_path: Path) -> None:
    told = Told()
    run = train(tiny(), out=tmp_path / "run", observer=told)
    assert sorted(path.name for path in run.folder.iterdir()) == [
        "history.csv", "model.safetensors", "samples", "state", "tensorboard",
    ]  # fmt: skip
    assert sorted(path.name for path in (run.folder / "samples").iterdir()) == ["step-0000020.png", "step-0000040.png"]
    assert told.began == (0, 40)
    assert told.steps == list(range(1, 41))
    assert not told.sentences
    rows = run.history()
    assert [row.step for row in rows] == [10, 20, 30, 40]
    assert [row.validation_loss is not None for row in rows] == [False, True, False, True]
    assert all(a.seconds <= b.seconds for a, b in pairwise(rows))
    model = run.load()
    assert (model.batch_size, model.image_shape) == (16, (1, 8, 8))
    header = copyist.checkpoint.read_header(run.model_file)
    assert header.recipe == dump(tiny(), CATALOGUES)
    assert header.training["steps"] == 40
    assert header.training["validation_loss"] == rows[-1].validation_loss
    assert header.data["num_train"] + header.data["num_test"] == 1797


def test_what_the_data_says_of_itself_is_kept_in_the_model(tmp_path: Path) -> None:
    run = train(tiny(steps=1), out=tmp_path / "run")
    train_images = open_source("digits").train.images().double()
    data = copyist.checkpoint.read_header(run.model_file).data
    assert data["mean"] == pytest.approx([float(train_images.mean())])
    assert data["std"] == pytest.approx([float(train_images.std(correction=0))])
    assert data["fingerprint"] == open_source("digits").train.fingerprint


def by_hand(recipe: Recipe, *, seed: int, average: float = 0.0) -> tuple[nn.Module, nn.Module]:
    """What the loop computes, written out with PyTorch alone: the model, and the average of its weights."""
    training, optimization = recipe.training, recipe.training.optimization
    splits = open_source(recipe.data)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(seed, "weights"))
        model = recipe.model.fitted(splits.train.image_shape).build().train()
    averaged = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    feed = Batches(splits.train, batch_size=training.batch_size, seed=seed, flip=training.flip)
    optimizer = torch.optim.SGD(model.parameters(), lr=optimization.learning_rate, momentum=0.9)
    for step in range(training.steps):
        parts = optimization.accumulation
        x = torch.cat([feed.batch(step * parts + part) for part in range(parts)])
        optimizer.zero_grad()
        F.mse_loss(model(x), x).backward()
        total = torch.stack([weight.grad.norm() for weight in model.parameters() if weight.grad is not None]).norm()
        for weight in model.parameters():
            assert weight.grad is not None
            if 0 < optimization.clip < total:
                weight.grad *= optimization.clip / total
        optimizer.step()
        decay = min(average, (1 + step) / (10 + step))
        for name, weight in model.named_parameters():
            averaged[name] = decay * averaged[name] + (1 - decay) * weight.detach()
    shadow = recipe.model.fitted(splits.train.image_shape).build()
    shadow.load_state_dict(averaged)
    return model, shadow


SGD = Optimization(optimizer="sgd", learning_rate=0.05, warmup=0, schedule="constant", clip=0)
MLP = MLPConfig(widths=(9, 5))


def assert_close(run: Run, expected: nn.Module) -> None:
    found = weights(run)
    for name, weight in expected.state_dict().items():
        # Sums in another order round differently.
        torch.testing.assert_close(found[name], weight, rtol=1e-4, atol=1e-5)


def test_the_loop_is_gradient_descent_on_the_loss(tmp_path: Path) -> None:
    recipe = tiny(model=MLP, steps=12, optimization=SGD)
    assert_close(train(recipe, out=tmp_path / "run", seed=3), by_hand(recipe, seed=3)[0])


def test_accumulation_takes_the_gradient_of_the_mean_over_its_batches(tmp_path: Path) -> None:
    recipe = tiny(model=MLP, steps=12, optimization=replace(SGD, accumulation=2))
    assert_close(train(recipe, out=tmp_path / "run", seed=3), by_hand(recipe, seed=3)[0])


def test_gradients_are_clipped_by_the_norm_of_all_together(tmp_path: Path) -> None:
    recipe = tiny(model=MLP, steps=12, optimization=replace(SGD, clip=0.02))
    run = train(recipe, out=tmp_path / "run", seed=3)
    assert_close(run, by_hand(recipe, seed=3)[0])
    unclipped = by_hand(replace(recipe, training=replace(recipe.training, optimization=SGD)), seed=3)[0]
    assert not torch.allclose(weights(run)["decoder.0.bias"], unclipped.state_dict()["decoder.0.bias"], atol=1e-3)


def test_the_average_is_the_exponential_one_computed_by_hand(tmp_path: Path) -> None:
    recipe = tiny(model=MLP, steps=30, averaging=0.6, optimization=SGD)
    model, averaged = by_hand(recipe, seed=3, average=0.6)
    run = train(recipe, out=tmp_path / "run", seed=3)
    assert_close(run, averaged)
    assert not torch.allclose(weights(run)["decoder.0.bias"], model.state_dict()["decoder.0.bias"], atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
def test_every_optimizer_trains_below_the_error_of_the_mean_image(tmp_path: Path, optimizer: Any) -> None:
    rate = 1.0 if optimizer == "sgd" else 0.02
    optimization = Optimization(optimizer=optimizer, learning_rate=rate, weight_decay=1e-4)
    run = train(
        tiny(model=MLPConfig(widths=(16,)), steps=250, flip=False, optimization=optimization), out=tmp_path / "run"
    )
    x, held_out = (images.images() for images in (open_source("digits").train, open_source("digits").test))
    mean_image = float((held_out - x.mean(dim=0)).square().mean())
    with torch.no_grad():
        assert float(F.mse_loss(run.load().cpu()(held_out), held_out)) < 0.75 * mean_image


def test_early_stopping_keeps_the_best_weights(tmp_path: Path) -> None:
    # A rate far too high makes the loss rise again.
    optimization = Optimization(optimizer="sgd", learning_rate=1.0, schedule="constant", warmup=0, clip=0)
    recipe = tiny(model=MLP, steps=400, patience=2, validate_every=5, optimization=optimization)
    told = Told()
    run = train(recipe, out=tmp_path / "run", observer=told)
    losses = {row.step: row.validation_loss for row in run.history() if row.validation_loss is not None}
    best = min(losses, key=lambda step: losses[step])
    assert max(losses) == best + 2 * 5 < 400
    assert told.sentences[0] == (
        f"stopped early after {best + 10} steps: the validation loss has not improved for 2 looks, and the best "
        "weights are kept"
    )
    # What is said of the run is said of the weights that are kept.
    assert run.kept.step == best
    header = copyist.checkpoint.read_header(run.model_file)
    assert header.training["validation_loss"] == run.kept.validation_loss == min(losses.values())
    short = replace(recipe, training=replace(recipe.training, steps=best, patience=0))
    assert same_bits(run, train(short, out=tmp_path / "short"))
    # To resume it changes nothing.
    assert same_bits(train(recipe, out=tmp_path / "run", resume=True), tmp_path / "short")


@pytest.mark.parametrize(
    "recipe",
    [
        tiny(),
        tiny(averaging=0.9, patience=9, optimization=Optimization(accumulation=2)),
        tiny(model=UNetConfig(width=4, levels=2, statistics="running"), optimization=Optimization(optimizer="sgd")),
        tiny(channels_last=False, optimization=Optimization(optimizer="adamw", weight_decay=0.1)),
        tiny(model=MLP, data="faces?size=16", precision="bf16"),
    ],
)
def test_a_run_that_was_stopped_anywhere_and_resumed_has_the_bits_of_one_that_was_not(
    tmp_path: Path, recipe: Recipe
) -> None:
    alone = train(recipe, out=tmp_path / "alone", seed=5)
    for stop_at in (3, 17):
        folder = tmp_path / str(stop_at)
        with pytest.raises(StoppedError):
            train(recipe, out=folder, seed=5, observer=Told(stop_at=stop_at))
        told = Told()
        resumed = train(recipe, out=folder, seed=5, resume=True, observer=told)
        assert told.began == (stop_at // 10 * 10, 40)
        assert same_bits(resumed, alone)
        assert rows_of(resumed) == rows_of(alone)


def test_to_resume_a_finished_run_gives_its_model_again(tmp_path: Path) -> None:
    run = train(tiny(), out=tmp_path / "run")
    before = weights(run)
    run.model_file.unlink()
    train(tiny(), out=tmp_path / "run", resume=True)
    assert all(torch.equal(before[name], weight) for name, weight in weights(run).items())


@pytest.mark.parametrize(
    ("recipe", "seed", "message"),
    [
        (
            tiny(steps=30),
            0,
            r"^steps must be at least the 40 that the run in .*run has taken, got 30; take --steps 40$",
        ),
        (
            tiny(optimization=Optimization(clip=3)),
            0,
            r"was started with clip=1.0, got 3; start another .*\(--from .*run\)$",
        ),
        (tiny(model=UNetConfig(width=5, levels=2, convolutions=1)), 0, r"was started with width=4, got 5; start anoth"),
        (tiny(model=MLP), 0, r"was started with model=unet, got mlp; start another run from its weights in another f"),
        (tiny(batch_size=8), 0, r"was started with batch_size=16, got 8; .*\(--from .*run\)$"),
        (tiny(), 1, r"was started with seed 0, got 1; resume it with --seed 0$"),
        (
            tiny(data="digits?limit=300"),
            0,
            r"on digits with 1617 examples to train on, got other content, digits\?limit=300 with 300 examples to tr",
        ),
    ],
)
def test_to_resume_with_other_settings_is_refused_by_their_name(
    tmp_path: Path, recipe: Recipe, seed: int, message: str
) -> None:
    original = tiny(optimization=Optimization()) if "clip" in message else tiny()
    train(original, out=tmp_path / "run")
    with pytest.raises(CheckpointError, match=message):
        train(recipe, out=tmp_path / "run", resume=True, seed=seed)


def test_to_resume_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"^there is no run to resume in .*run; leave out --resume to start one$"):
        train(tiny(), out=tmp_path / "run", resume=True)


def test_a_damaged_state_is_refused(tmp_path: Path) -> None:
    train(tiny(), out=tmp_path / "run")
    state = tmp_path / "run" / "state" / "state.safetensors"
    state.write_bytes(state.read_bytes()[:-3])
    with pytest.raises(CheckpointError, match="is truncated or damaged"):
        train(tiny(), out=tmp_path / "run", resume=True)
    state.write_bytes((tmp_path / "run" / "model.safetensors").read_bytes())
    with pytest.raises(CheckpointError):
        train(tiny(), out=tmp_path / "run", resume=True)


def test_a_state_of_an_older_version_is_refused_by_name(tmp_path: Path) -> None:
    train(tiny(steps=2), out=tmp_path / "run")
    state = tmp_path / "run" / "state" / "state.safetensors"
    document, tensors = copyist.checkpoint.read_tensors(state)
    # Format 1, whose weights had other names.
    write_tensors(state, tensors, document | {"format_version": 1})
    with pytest.raises(
        CheckpointError,
        match=r"^the run in .*run was started by an older copyist, which saved another kind of state; start it ag",
    ):
        train(tiny(steps=2), out=tmp_path / "run", resume=True)
    write_tensors(state, tensors, document | {"format_version": 99})
    with pytest.raises(CheckpointError, match=r"has format version 99, .* reads up to \d+; upgrade copyist$"):
        train(tiny(steps=2), out=tmp_path / "run", resume=True)


def test_half_written_files_of_a_killed_run_are_cleared_when_it_is_resumed(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        train(tiny(), out=tmp_path / "run", observer=Told(stop_at=15))
    left = [
        tmp_path / "run" / place for place in (".history.csv.0a1b2c3d.part", "state/.state.safetensors.00000000.part")
    ]
    for path in left:
        path.touch()
    train(tiny(), out=tmp_path / "run", resume=True)
    assert not any(path.exists() for path in left)


def test_a_folder_that_holds_something_is_refused_and_a_run_in_it_replaced_when_asked(tmp_path: Path) -> None:
    old = train(tiny(steps=20), out=tmp_path / "run", seed=4)
    before = weights(old)
    (tmp_path / "run" / "notes.txt").write_text("mine")
    (tmp_path / "run" / "samples" / "step-9999999.png").touch()
    with pytest.raises(
        OutputError, match=r"run holds a run already; add --resume to go on with it, or --force to replace it$"
    ):
        train(tiny(), out=tmp_path / "run")
    assert all(torch.equal(before[name], weight) for name, weight in weights(old).items())
    new = train(tiny(), out=tmp_path / "run", overwrite=True)
    assert same_bits(new, train(tiny(), out=tmp_path / "other"))
    assert (tmp_path / "run" / "notes.txt").read_text() == "mine"
    assert not (tmp_path / "run" / "samples" / "step-9999999.png").exists()


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_place_that_cannot_be_a_folder_is_refused(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(OutputError):
            train(tiny(), out=place, overwrite=overwrite)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("seed", [-1, 1.5, True, "3"])
def test_a_seed_that_is_no_whole_number_is_refused(tmp_path: Path, seed: Any) -> None:
    with pytest.raises(ArgumentError, match=rf"^seed must be a whole number of at least 0, got {seed!r}$"):
        train(tiny(), out=tmp_path / "run", seed=seed)
    assert not list(tmp_path.iterdir())


def failing(*at: int, value: str = "nan", **training: Any) -> Recipe:
    return tiny(objective=Failing(at=at, value=value, counts=[0]), **training)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_a_loss_that_is_not_finite_goes_back_names_the_step_and_lowers_the_rate(tmp_path: Path, value: str) -> None:
    told = Told()
    run = train(failing(17, value=value, averaging=0.9, patience=9), out=tmp_path / "run", observer=told)
    assert told.sentences == [
        "the loss was not finite at step 17; went back to step 10 and lowered the learning rate to 0.1 of what it was"
    ]
    assert [row.step for row in run.history()] == [10, 20, 30, 40]
    plain = {row.step: row.learning_rate for row in train(tiny(), out=tmp_path / "plain").history()}
    factors = [row.learning_rate / plain[row.step] for row in run.history()]
    assert factors == pytest.approx([1, 0.1, 0.1, 0.1])
    assert copyist.checkpoint.read_header(run.model_file).training["loss_was_not_finite_at"] == 17
    assert all(weight.isfinite().all() for weight in weights(run).values())


def test_a_second_loss_that_is_not_finite_ends_the_run_and_leaves_the_last_good_files(tmp_path: Path) -> None:
    # The second is step 33 of the run: ten steps were taken twice.
    with pytest.raises(TrainingError) as caught:
        train(failing(17, 43), out=tmp_path / "run")
    assert str(caught.value) == (
        "the loss was not finite at step 33, after the learning rate had already been lowered because of step 17; "
        "train with a lower learning rate (--set learning_rate=…)"
    )
    document, tensors = copyist.checkpoint.read_tensors(tmp_path / "run" / "state" / "state.safetensors")
    assert document["counters"]["step"] == 30
    assert document["counters"]["fell_at"] == 17
    assert all(weight.isfinite().all() for weight in tensors.values())
    assert [row.step for row in read_history(tmp_path / "run" / "history.csv")] == [10, 20, 30]
    assert not (tmp_path / "run" / "model.safetensors").exists()


def test_a_run_in_bf16_whose_loss_is_twice_not_finite_is_told_of_float32_too(tmp_path: Path) -> None:
    told = Told()
    with pytest.raises(TrainingError) as caught:
        train(failing(17, 43, precision="bf16"), out=tmp_path / "run", observer=told)
    assert told.sentences[0].startswith("the loss was not finite at step 17; went back to step 10 and lowered")
    assert str(caught.value) == (
        "the loss was not finite at step 33, after the learning rate had already been lowered because of step 17; "
        "train with a lower learning rate (--set learning_rate=…), or in float32 (--set precision=float32)"
    )
    assert [row.step for row in read_history(tmp_path / "run" / "history.csv")] == [10, 20, 30]


def test_a_diffusion_model_that_overflows_in_bf16_goes_back_and_then_names_settings_that_there_are() -> None:
    # A finite rate at which weights do not stay finite.
    given = ["width=4", "levels=2", "embedding=8", "batch_size=8", "learning_rate=1e30", "warmup=0", "precision=bf16"]
    recipe = configured("diffusion", data="digits?limit=60", steps=20, assignments=given)
    told = Told()
    with pytest.raises(TrainingError, match=r"^the loss was not finite at step .* lowered because") as caught:
        train(recipe, observer=told)
    assert re.match(r"the loss was not finite at step \d+; went back to step 0 and lowered", told.sentences[0])
    found = re.search(r"in float32 \(--set (.*)\)$", str(caught.value))
    assert found is not None
    assert configured("diffusion", data="digits", assignments=[found[1]]).training.precision == "float32"
    with pytest.raises(TrainingError, match=r"\(--set learning_rate=…\)$"):
        train(replace(recipe, training=replace(recipe.training, precision="float32")))


@dataclass(frozen=True, kw_only=True)
class FailingLook(Objective):
    """Copying, but for the first look at held-out images, whose loss is not finite."""

    looks: ClassVar[int] = 0

    def __call__(self, model: Model, x: Tensor, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        loss = Copying()(model, x, generator=generator)
        if torch.is_grad_enabled():
            return loss
        type(self).looks += 1
        # The first call looks at a batch before training, and a look is at two of them.
        return loss * torch.nan if type(self).looks in (2, 3) else loss


def test_a_held_out_loss_that_is_not_finite_leaves_the_mode_as_it_was(tmp_path: Path) -> None:
    class Stopping(Told):
        """Stops at the third step after the run went back from step 20 to step 10."""

        def finish_step(self, *, step: int, loss: float | None) -> None:
            super().finish_step(step=step, loss=loss)
            if len(self.steps) == 22:
                raise StoppedError

    # Running statistics move in training mode alone.
    recipe = tiny(model=UNetConfig(width=4, levels=2, statistics="running"), objective=FailingLook())
    FailingLook.looks = 0
    told = Told()
    alone = train(recipe, out=tmp_path / "alone", observer=told)
    assert told.sentences[0].startswith("the loss was not finite at step 20; went back to step 10")
    assert told.steps == [*range(1, 20), *range(11, 41)]
    FailingLook.looks = 0
    with pytest.raises(StoppedError):
        train(recipe, out=tmp_path / "run", observer=Stopping())
    resumed = train(recipe, out=tmp_path / "run", resume=True)
    assert same_bits(resumed, alone)
    assert rows_of(resumed) == rows_of(alone)


def test_a_look_at_held_out_images_changes_nothing_in_a_model(tmp_path: Path) -> None:
    model = UNetConfig(channels=1, width=4, levels=2, statistics="running").build().train()
    next(model.children()).eval()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    modes = [part.training for part in model.modules()]
    images = open_source("digits").test
    held_out = HeldOut(images, count=24, batch_size=16, seed=0, device=torch.device("cpu"))
    first = held_out.measure(model, Copying())
    assert held_out.pictures(model, Copying()).keys() >= {"image", "copy"}
    assert held_out.measure(model, Copying()) == first
    with pytest.raises(RuntimeError):
        # It fails in the middle of a look: a U-Net gives no logits.
        held_out.measure(model, Classification())
    assert [part.training for part in model.modules()] == modes
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_weights_spoiled_by_the_very_last_step_are_noticed(tmp_path: Path) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Spoiling(Objective):
        """A finite loss, whose gradient in one call is not."""

        counts: list[int]

        def __call__(
            self, model: Model, x: Tensor, *, generator: torch.Generator, labels: Tensor | None = None
        ) -> Tensor:
            loss = Copying()(model, x, generator=generator)
            self.counts[0] += torch.is_grad_enabled()
            if self.counts[0] == 40 and torch.is_grad_enabled():
                loss.register_hook(lambda gradient: gradient * float("nan"))
            return loss

    told = Told()
    run = train(tiny(objective=Spoiling(counts=[0]), optimization=SGD), out=tmp_path / "run", observer=told)
    assert told.sentences[0].startswith("the loss was not finite at step 40; went back to step 30")
    assert all(weight.isfinite().all() for weight in weights(run).values())


class Interrupted(Told):
    """Presses Ctrl-C at a step, once or twice."""

    def __init__(self, at: int, *, number: int = signal.SIGINT, times: int = 1) -> None:
        super().__init__()
        self.at, self.number, self.times = at, number, times

    def finish_step(self, *, step: int, loss: float | None) -> None:
        if step == self.at:
            for _ in range(self.times):
                os.kill(os.getpid(), self.number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_how_to_go_on_and_does(tmp_path: Path, number: int) -> None:
    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(InterruptionError) as caught:
        train(tiny(), out=tmp_path / "run", observer=Interrupted(27, number=number))
    assert str(caught.value) in {
        f"interrupted after {step} steps; they are kept, and --resume goes on from there" for step in (27, 28)
    }
    assert isinstance(caught.value, InterruptionError)
    assert caught.value.signal == number
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers
    resumed, alone = train(tiny(), out=tmp_path / "run", resume=True), train(tiny(), out=tmp_path / "alone")
    assert same_bits(resumed, alone)
    # The mean over the steps before the interruption and after it is one.
    assert rows_of(resumed) == rows_of(alone)


def test_asked_twice_it_stops_at_once(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(tiny(), out=tmp_path / "run", observer=Interrupted(5, times=2))


def test_a_finished_run_is_known_by_its_recipe_seed_and_data(tmp_path: Path) -> None:
    fingerprint = open_source("digits").train.fingerprint
    assert finished_run(tmp_path / "run", tiny(), seed=0, fingerprint=fingerprint) is None
    train(tiny(), out=tmp_path / "run")
    found = finished_run(tmp_path / "run", tiny(), seed=0, fingerprint=fingerprint)
    assert found is not None
    assert found.folder == tmp_path / "run"
    assert finished_run(tmp_path / "run", tiny(), seed=1, fingerprint=fingerprint) is None
    assert finished_run(tmp_path / "run", tiny(steps=50), seed=0, fingerprint=fingerprint) is None
    assert finished_run(tmp_path / "run", tiny(), seed=0, fingerprint="other") is None


@dataclass(frozen=True, kw_only=True)
class ScaleConfig(ModelConfig):
    """A model of one's own: one number."""

    start: float = 0.25

    def fitted(self, shape: tuple[int, ...]) -> "ScaleConfig":
        return self

    def build(self) -> Reconstructor:
        return Scale(self)


class Scale(Reconstructor):
    def __init__(self, config: ScaleConfig) -> None:
        super().__init__()
        self._config = config
        self.weight = nn.Parameter(torch.tensor([config.start]))

    @property
    def config(self) -> ScaleConfig:
        return self._config

    def check_input(self, x: Tensor) -> None:
        pass

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * x


def test_a_model_of_ones_own_trains_to_its_closed_form_and_loads(tmp_path: Path) -> None:
    run = train(
        tiny(model=ScaleConfig(), steps=150, optimization=Optimization(learning_rate=0.05)), out=tmp_path / "run"
    )
    model = copyist.load(run.folder, class_of=f"{__name__}:ScaleConfig")
    assert isinstance(model, Scale)
    # The best number to copy with is one.
    assert float(model.weight.detach()) == pytest.approx(1, abs=0.02)
    with pytest.raises(CheckpointError, match=f"add --class-of {__name__}:ScaleConfig"):
        copyist.load(run.folder)


def test_numbers_out_of_range_are_refused() -> None:
    trainings: list[tuple[dict[str, Any], str]] = [
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"patience": -1}, "patience must be at least 0, got -1"),
        ({"averaging": 1.1}, r"averaging must lie in \[0, 1\], got 1.1"),
        ({"precision": "half"}, "there is no precision 'half'"),
    ]
    for arguments, message in trainings:
        with pytest.raises(ArgumentError, match=f"^{message}"):
            Training(**arguments)
    optimizations: list[tuple[dict[str, Any], str]] = [
        ({"learning_rate": 0}, "learning_rate must be greater than 0, got 0"),
        ({"optimizer": "adagrad"}, "there is no optimizer 'adagrad'"),
        ({"schedule": "cosin"}, "there is no schedule 'cosin'; did you mean 'cosine'"),
        ({"warmup": float("nan")}, r"warmup must lie in \[0, 1\], got nan"),
        ({"accumulation": 0}, "accumulation must be at least 1, got 0"),
    ]
    for arguments, message in optimizations:
        with pytest.raises(ArgumentError, match=f"^{message}"):
            Optimization(**arguments)


def test_a_look_is_at_images_from_all_over_those_held_out(tmp_path: Path) -> None:
    run = train(tiny(steps=20, model=MLPConfig(widths=(9,))), out=tmp_path / "run")
    x = open_source("digits").test.images()
    assert len(x) == 180
    # 24 of them, as the recipe says: 0, 7, 15, 22, …
    x = x[[row * 180 // 24 for row in range(24)]]
    found = run.history()[-1].validation_loss
    assert found == pytest.approx(float(F.mse_loss(copyist.reconstruct(run.load(), x), x)), rel=1e-4)
