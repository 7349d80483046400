"""What several processes cannot share is refused before any work."""

import copy
import signal
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
import torch
import torch.distributed.device_mesh
import torch.distributed.fsdp
from accelerate import Accelerator, DistributedType
from torch import Tensor, nn

from copyist import devices
from copyist.data import open_source
from copyist.errors import ArgumentError
from copyist.models import Model, VariationalMLPConfig
from copyist.objectives import ELBO, Objective, ObjectiveLoss
from copyist.recipes import latent_diffusion, stacked, topk_mlp
from copyist.training import Recipe, snapshots
from copyist.training.counters import Counters
from copyist.training.held_out import HeldOut, HeldOutLosses
from copyist.training.history import NullObserver
from copyist.training.loop import Interrupts
from copyist.training.processes import check_processes, statistics_batch
from copyist.training.sharding import Divided, whole_to_keep
from copyist.training.snapshots import keep_snapshots
from copyist.training.state import TrainingState
from copyist.training.store import Store
from meeting import Meeting
from training.tiny import tiny


@dataclass(frozen=True)
class Processes:
    """What Accelerate says of so many."""

    num_processes: int = 2
    distributed_type: DistributedType = DistributedType.MULTI_CPU


def check(recipe: Any, processes: Processes) -> None:
    check_processes(recipe, cast("Accelerator", processes))


def test_a_batch_that_processes_cannot_divide_evenly_is_refused() -> None:
    check(tiny(batch_size=16), Processes())
    with pytest.raises(ArgumentError, match=r"got 15 examples and 2 processes; take --set batch_size=16$"):
        check(tiny(batch_size=15), Processes())
    with pytest.raises(ArgumentError, match=r"got 2 examples and 5 processes; take --set batch_size=5$"):
        check(tiny(batch_size=2), Processes(num_processes=5))


@pytest.mark.parametrize("kind", [DistributedType.FSDP, DistributedType.DEEPSPEED, DistributedType.MEGATRON_LM])
def test_a_model_that_would_be_parted_among_processes_is_refused(kind: DistributedType) -> None:
    with pytest.raises(ArgumentError, match=rf"must have the whole model, got {kind.value} from the settings of acc"):
        check(tiny(), Processes(distributed_type=kind))


@pytest.mark.parametrize(
    ("recipe", "what"),
    [
        (tiny(compile=True), "compiling beside sharding=full; take --set compile=false"),
        (tiny(batch_statistics="per-device"), "take --set batch_statistics=synchronized"),
        (latent_diffusion(), "a first stage beside sharding=full"),
        (stacked(), "pretraining beside sharding=full; take --set pretraining=none"),
        (topk_mlp(), "the repairs of"),
    ],
)
def test_what_needs_whole_weights_beside_a_step_is_refused(recipe: Recipe, what: str) -> None:
    divided = replace(recipe, training=replace(recipe.training, sharding="full"))
    with pytest.raises(ArgumentError, match=what):
        check(divided, Processes())
    check(divided, Processes(num_processes=1, distributed_type=DistributedType.NO))


def test_a_first_stage_that_is_divided_keeps_the_same_rules() -> None:
    recipe = latent_diffusion()
    first = recipe.first_stage
    assert first is not None
    divided = replace(first, training=replace(first.training, batch_size=64, sharding="full"))
    check(replace(recipe, first_stage=divided), Processes())
    compiled = replace(divided, training=replace(divided.training, compile=True))
    with pytest.raises(ArgumentError, match=r"take --set first_stage\.training\.compile=false$"):
        check(replace(recipe, first_stage=compiled), Processes())


def test_a_weight_without_an_axis_is_not_divided() -> None:
    """Such as the spread that all pixels of a Gaussian likelihood share."""
    model = VariationalMLPConfig(image_shape=(1, 2, 3), widths=(4,), code_size=5, likelihood="gaussian").build()
    with pytest.raises(ArgumentError, match=r"got the single number head\.spread; take --set sharding=none$"):
        Divided(ObjectiveLoss(ELBO(), model), device=torch.device("cpu"), world_size=2)


@pytest.mark.parametrize("maps", [1, 3])
def test_channels_last_holds_for_divided_weights_too(monkeypatch: pytest.MonkeyPatch, maps: int) -> None:
    """Which are contiguous: images of one channel, whose layout is a matter of strides alone, decide it as well."""
    monkeypatch.setattr(torch.distributed.fsdp, "fully_shard", lambda *_, **__: None)
    monkeypatch.setattr(torch.distributed.device_mesh, "init_device_mesh", lambda *_: None)
    x = torch.rand(2, maps, 5, 7, generator=torch.Generator().manual_seed(0))
    last = nn.Conv2d(maps, 4, 3).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    with torch.autocast("cpu", torch.bfloat16):
        expected = last(x)
        found = Divided(last, device=torch.device("cpu"), world_size=2)(x)
    assert last.weight.is_contiguous()
    assert found.stride() == expected.stride() == (4 * 3 * 5, 1, 4 * 5, 4)
    assert torch.equal(found, expected)
    first = nn.Conv2d(maps, 4, 3)
    assert Divided(first, device=torch.device("cpu"), world_size=2)(x).is_contiguous()


def meet(monkeypatch: pytest.MonkeyPatch) -> Meeting:
    """From now on there are two processes."""
    meeting = Meeting()
    monkeypatch.setattr(devices, "gather_batch", meeting.gather)
    monkeypatch.setattr(devices, "num_processes", lambda: 2)
    return meeting


def test_a_look_that_each_process_computes_for_itself_is_that_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else unlike processors, which round unlike, would keep other weights as the best, or stop at other steps."""
    meeting = meet(monkeypatch)

    @dataclass(frozen=True, kw_only=True)
    class Unlike(Objective):
        def __call__(self, model: Model, x: Tensor, **_: Any) -> Tensor:
            return torch.tensor(1.0 + meeting.rank)

        def measures(self, model: Model, x: Tensor, **_: Any) -> dict[str, float]:
            return {"rank": float(meeting.rank)}

    images, model = open_source("digits").test, tiny().model.fitted((1, 8, 8)).build()

    def look(rank: int) -> HeldOutLosses:
        # One batch, which two processes cannot share.
        held_out = HeldOut(images, count=12, batch_size=12, seed=0, device=torch.device("cpu"), rank=rank, world_size=2)
        return held_out.measure(model, Unlike())

    assert meeting.run(look) == [HeldOutLosses(loss=1.0, measures={"rank": 0.0})] * 2


def test_snapshots_are_kept_by_the_psnr_of_the_first_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """All make one together, so that those which found more would wait for one that found less."""
    recipe = tiny(snapshots=(19.0, 20.5))
    state = TrainingState(recipe, open_source("digits"), Store(None), seed=0, observer=NullObserver())
    states, meeting = [state, copy.copy(state)], meet(monkeypatch)
    states[1].counters = Counters()
    monkeypatch.setattr(snapshots, "pooled_psnr", lambda x_hat, x: 20.0 + meeting.rank)
    kept: list[tuple[int, float]] = []
    monkeypatch.setattr(snapshots, "finished_model", lambda state, weights: weights)
    monkeypatch.setattr(Store, "write_snapshot", lambda store, level, *_: kept.append((meeting.rank, level)))
    meeting.run(lambda rank: keep_snapshots(states[rank]))
    assert sorted(kept) == [(0, 19.0), (1, 19.0)]
    assert [each.counters.best_psnr for each in states] == [20.0, 20.0]


def test_only_the_process_that_writes_a_folder_keeps_states_in_it(tmp_path: Path) -> None:
    assert Store(tmp_path).keeps_states
    assert not Store(tmp_path, writes=False).keeps_states
    assert Store(None, writes=False).keeps_states


def test_what_is_not_kept_is_not_held_whole() -> None:
    tensors = {"first": torch.arange(2.0), "second": torch.arange(3.0)}
    assert whole_to_keep(tensors, kept=True) == tensors
    assert not whole_to_keep(tensors, kept=False)


def test_devices_normalize_by_the_whole_batch_or_each_by_its_part() -> None:
    training = tiny(batch_size=16).training
    assert statistics_batch(training, num_processes=4) == 16
    assert statistics_batch(replace(training, batch_statistics="per-device"), num_processes=4) == 4


def test_processes_that_agreed_to_end_are_not_cut_short_by_the_launcher_that_ends_what_is_left() -> None:
    with Interrupts() as interrupts:
        interrupts.agree(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
