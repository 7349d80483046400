"""The first stage of a latent diffusion model, trained before its denoiser or given, and the codes that are learned."""

import copy
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
import torch

from copyist.checkpoint import load, read_header
from copyist.data import open_source
from copyist.errors import ArgumentError, CheckpointError, ContractError, DataError, ShapeError
from copyist.metrics.moments import channel_moments
from copyist.models import (
    ConvConfig,
    DiffusionUNetConfig,
    LatentDiffusion,
    LatentDiffusionConfig,
    MaskedViTConfig,
    UNetConfig,
)
from copyist.models.contracts import needs
from copyist.objectives import Copying, FrozenEncoder, MaskedCopying, StraightPath
from copyist.procedures.sampling import sample
from copyist.recipes import configured
from copyist.training import FirstStage, Recipe, Run, finished_run, train
from training.tiny import StoppedError, Told, rows_of, same_bits, tiny, weights

FIRST = UNetConfig(width=4, levels=2, convolutions=1, statistics="group", code_channels=2)
DENOISER = DiffusionUNetConfig(width=4, levels=2, embedding=4)


def latent(*, first: UNetConfig | None = FIRST, data: str = "digits?limit=60", **training: Any) -> Recipe:
    """Ten steps of the first stage, and twenty of the denoiser."""
    model = LatentDiffusionConfig(denoiser=DENOISER)
    settings: dict[str, Any] = {"steps": 20, "save_every": 5}
    recipe = tiny(model=model, objective=StraightPath(), data=data, **(settings | training))
    below = None
    if first is not None:
        below = FirstStage(model=first, objective=Copying(), training=replace(recipe.training, steps=10))
    return replace(recipe, first_stage=below)


def model_of(run: Run) -> LatentDiffusion:
    return needs(load(run.model_file, device="cpu"), LatentDiffusion, verb="test")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(latent(averaging=0.9), out=tmp_path_factory.mktemp("first-stage") / "run", seed=5)


@pytest.fixture(scope="module")
def first() -> Any:
    """An autoencoder trained in memory."""
    return train(tiny(model=FIRST, data="digits?limit=60", steps=10)).model


class StopsAt(Told):
    """Stops after so many steps of both phases together."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def finish_step(self, *, step: int, loss: float | None) -> None:
        self.steps.append(step)
        if len(self.steps) == self.count:
            raise StoppedError


def test_a_first_stage_is_a_run_of_its_own_and_a_frozen_part_of_the_model(finished: Run) -> None:
    assert finished.first_stage is not None
    assert (finished.first_stage.folder.name, finished.first_stage.history()[-1].step) == ("first-stage", 10)
    whole = weights(finished)
    for name, weight in weights(finished.first_stage).items():
        assert torch.equal(whole[f"first_stage.{name}"], weight)


def test_what_is_learned_are_standardized_codes_of_the_images_and_of_their_mirror_images(finished: Run) -> None:
    model, images = model_of(finished), open_source("digits?limit=60").train.images()
    with torch.no_grad():
        codes = model.to_space(torch.cat([images, images.flip(-1)]))
    torch.testing.assert_close(codes.mean((0, 2, 3)), torch.zeros(2), rtol=0, atol=1e-5)
    torch.testing.assert_close(codes.std((0, 2, 3), correction=0), torch.ones(2), rtol=0, atol=1e-5)
    # Decoded, codes are the copies.
    with torch.no_grad():
        torch.testing.assert_close(model.from_space(codes[:5]), model.first_stage(images[:5]), rtol=0, atol=1e-5)
    assert sample(model, count=3).shape == (3, 1, 8, 8)


@pytest.mark.parametrize("count", [4, 10, 17])
def test_a_run_that_was_stopped_in_either_phase_and_resumed_has_the_bits_of_one_that_was_not(
    tmp_path: Path, finished: Run, count: int
) -> None:
    recipe, observer = latent(averaging=0.9), StopsAt(count)
    with pytest.raises(StoppedError):
        train(recipe, out=tmp_path / "run", seed=5, observer=observer)
    assert observer.phases == ["first stage", "denoiser"][: 1 + (count > 10)]
    resumed = train(recipe, out=tmp_path / "run", seed=5, resume=True)
    assert same_bits(resumed, finished)
    assert rows_of(resumed) == rows_of(finished)


def test_a_given_first_stage_is_taken_as_it_is_and_remembered(tmp_path: Path, first: Any) -> None:
    alone = train(latent(), first_stage=first)
    for name, weight in first.state_dict().items():
        assert torch.equal(alone.model.state_dict()[f"first_stage.{name}"], weight)
    with pytest.raises(StoppedError):
        train(latent(), out=tmp_path / "run", first_stage=first, observer=StopsAt(12))
    other = train(tiny(model=FIRST, data="digits?limit=60", steps=1)).model
    with pytest.raises(CheckpointError, match=r"was started with another first stage; leave --first-stage out to res"):
        train(latent(), out=tmp_path / "run", first_stage=other, resume=True)  # type: ignore[arg-type]
    # It needs not be at hand to go on.
    resumed, expected = train(None, out=tmp_path / "run", resume=True), alone.model.state_dict()
    fingerprint = open_source("digits?limit=60").train.fingerprint
    known = finished_run(tmp_path / "run", latent(), seed=0, fingerprint=fingerprint, first_stage=first)
    assert known is not None
    assert finished_run(tmp_path / "run", latent(), seed=0, fingerprint=fingerprint, first_stage=other) is None  # type: ignore[arg-type]
    assert resumed.first_stage is None
    assert all(torch.equal(weight, expected[name]) for name, weight in weights(resumed).items())


def test_a_latent_diffusion_model_lends_its_first_stage_and_keeps_it_when_it_is_fine_tuned(finished: Run) -> None:
    own, name = weights(finished), "first_stage.narrow.weight"
    again = train(latent(steps=1), first_stage=finished.folder).model.state_dict()
    tuned = train(latent(steps=1), start=finished.folder).model.state_dict()
    assert torch.equal(again[name], own[name])
    assert torch.equal(tuned[name], own[name])
    close = {
        each: (
            weights["denoiser.down.0.block.layers.0.conv.weight"] - own["denoiser.down.0.block.layers.0.conv.weight"]
        )
        .abs()
        .max()
        for each, weights in (("again", again), ("tuned", tuned))
    }
    assert close["tuned"] < 0.02 < close["again"]


@pytest.mark.parametrize(
    "config", [replace(FIRST, code_channels=None, statistics="batch"), replace(FIRST, width=6, convolutions=2)]
)
def test_autoencoders_with_maps_are_accepted_batch_statistics_included(config: UNetConfig) -> None:
    assert sample(train(latent(first=config, steps=1)).model, count=2).isfinite().all()


def test_first_stages_that_do_not_fit_are_refused_before_anything_is_written(tmp_path: Path, first: Any) -> None:
    vector = train(tiny(model=ConvConfig(width=4, levels=2, code=6), steps=1))
    with pytest.raises(
        ContractError, match=r"^a first stage must have a code of maps \(c, h, w\), got one of 6 values"
    ):
        train(latent(), out=tmp_path / "run", first_stage=vector.model)  # type: ignore[arg-type]
    skips = train(tiny(model=replace(FIRST, code_channels=None, skips=True), steps=1))
    with pytest.raises(ContractError, match=r"^latent diffusion works in a model's code, and UNetSkips has none; take"):
        train(latent(), out=tmp_path / "run", first_stage=skips.model)  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match=r"1 channel"):
        train(latent(data="scenes?size=8&limit=40"), out=tmp_path / "run", first_stage=first)
    with pytest.raises(ArgumentError, match=r"^a latent diffusion model must have a first stage, got none; give one"):
        train(latent(first=None), out=tmp_path / "run")
    with pytest.raises(
        ContractError, match=r"^a first stage is given to a latent diffusion model, and tiny trains none"
    ):
        train(tiny(), out=tmp_path / "run", first_stage=first)
    deep = replace(latent(), model=LatentDiffusionConfig(denoiser=replace(DENOISER, levels=3)))
    with pytest.raises(
        ShapeError, match=r"multiples of 4, for a denoiser of 3 levels, got 4x4; take fewer \(--set den"
    ):
        train(deep, out=tmp_path / "run", first_stage=first)
    assert not (tmp_path / "run").exists()


def refusal(recipe: Recipe, first: Any, data: str) -> str:
    with pytest.raises(ShapeError) as caught:
        train(recipe, data=data, first_stage=first)
    return str(caught.value)


def with_options(data: str, options: str) -> str:
    name, _, own = data.partition("?")
    return f"{name}?{urlencode(dict(parse_qsl(own)) | dict(parse_qsl(options)))}"


@pytest.mark.parametrize(
    ("data", "settings", "message"),
    [
        (
            "scenes?size=17&limit=40",
            [],
            "image sides must be multiples of 4, got 17x17; take the data with ?size=24, or build the first stage "
            "otherwise (--set first_stage.model.levels=1 --set denoiser.levels=1)",
        ),
        (
            "scenes?size=18x22&limit=40",
            [],
            "image sides must be multiples of 4, got 18x22; take the data with ?size=24&fit=pad, or build the first "
            "stage otherwise (--set first_stage.model.levels=2 --set denoiser.levels=1)",
        ),
        (
            "digits?size=16&limit=40",
            ["first_stage.model.channels=3"],
            "the first stage was built for images of 3 channels, got 1; take the data with ?channels=3, or build the "
            "first stage otherwise (--set first_stage.model.channels=none)",
        ),
    ],
)
def test_each_remedy_for_a_first_stage_that_is_trained_before_works(
    data: str, settings: list[str], message: str
) -> None:
    small = ["steps=1", "denoiser.width=4", "denoiser.embedding=4", "first_stage.model.width=4"]
    small += ["first_stage.training.steps=1", "batch_size=4", *settings]
    recipe = configured("latent-diffusion", data=data, assignments=small)
    assert refusal(recipe, None, data) == message
    option = re.search(r"take the data with \?([^\s,]+)", message)
    assert option is not None
    train(recipe, data=with_options(data, option[1]))
    # What is set last holds.
    remedies = re.findall(r"--set (\S+?)[ )]", message)
    train(configured("latent-diffusion", data=data, assignments=[*small, *remedies]))


def test_a_first_stage_that_is_given_is_refused_with_what_brings_the_data_to_it() -> None:
    color = train(tiny(model=FIRST, data="scenes?size=8&limit=40", steps=1)).model
    config = MaskedViTConfig(patch=2, width=8, depth=1, heads=2, decoder_width=8, decoder_depth=1, decoder_heads=2)
    fixed = train(tiny(model=config, objective=MaskedCopying(), data="scenes?size=8&limit=40", steps=1)).model
    ending = ", or take another first stage (--first-stage MODEL)"
    recipe = latent(first=None, steps=1)
    for first, data, options, problem in (
        (color, "digits?limit=40", "channels=3", "the first stage was built for images of 3 channels, got 1; "),
        (color, "faces?size=17&limit=40", "size=20&channels=3", "the first stage was built for images of 3 channels, "),
        (color, "scenes?size=15&limit=40", "size=16", "image sides must be multiples of 2, got 15x15; "),
        (fixed, "scenes?size=12&limit=40", "size=8", "the first stage was built for images of shape (3, 8, 8), got "),
    ):
        said = refusal(recipe, first, data)
        assert said.startswith(problem)
        assert said.endswith(f"take the data with ?{options}{ending}")
        train(recipe, data=with_options(data, options), first_stage=first)  # type: ignore[arg-type]


def test_codes_that_are_not_finite_are_refused_with_a_setting_that_there_is(first: Any) -> None:
    broken = copy.deepcopy(first)
    for weight in broken.parameters():
        weight.data.fill_(1e38)
    with pytest.raises(
        DataError, match=r"^codes of digits.* must be finite, got others; train the first stage"
    ) as caught:
        train(latent(first=None), first_stage=broken)
    remedy = re.search(r"--set (\S+)\)", str(caught.value))
    assert remedy is not None
    below = configured("latent-diffusion", data="digits", assignments=[remedy[1]]).first_stage
    assert below is not None
    assert below.training.optimization.learning_rate == 1e-4


def test_classes_are_learned_by_the_denoiser_alone() -> None:
    recipe = replace(latent(steps=1), objective=StraightPath(conditional=True))
    run = train(recipe)
    assert (run.model.trained_on.classes or ())[:2] == ("0", "1")
    assert needs(run.model, LatentDiffusion, verb="test").num_classes == 10


def test_the_law_of_the_codes_is_told_by_the_file(finished: Run) -> None:
    record, moments = read_header(finished.model_file).training["codes"], model_of(finished).moments
    for name in ("mean", "std", "skewness", "kurtosis"):
        torch.testing.assert_close(torch.tensor(record[name]), getattr(moments, name), rtol=1e-4, atol=1e-6)
    with torch.no_grad():
        images = open_source("digits?limit=60").train.images()
        codes = model_of(finished).encode_maps(torch.cat([images, images.flip(-1)]))
    torch.testing.assert_close(moments.kurtosis.double(), channel_moments([codes]).kurtosis, rtol=1e-3, atol=1e-3)


def test_a_decoder_is_trained_for_an_encoder_that_stays_and_is_not_fresh(tmp_path: Path) -> None:
    model = MaskedViTConfig(patch=2, width=8, depth=1, heads=2, decoder_width=8, decoder_depth=1, decoder_heads=2)
    before = train(tiny(model=model, objective=MaskedCopying(), steps=2), out=tmp_path / "masked")
    recipe = tiny(model=model, objective=FrozenEncoder(objective=Copying()), steps=3)
    after = train(recipe, start=before.folder).model
    changed = {name for name, weight in after.state_dict().items() if not torch.equal(weight, weights(before)[name])}
    assert changed
    assert all(name.startswith("decoder.") for name in changed)
    with pytest.raises(
        ArgumentError, match=r"^an encoder that stays as it is must have been trained, got fresh weight"
    ):
        train(recipe, out=tmp_path / "run")
    # Its tokens are maps, in which a denoiser works.
    run = train(latent(steps=1), first_stage=after)  # type: ignore[arg-type]
    assert sample(run.model, count=2).shape == (2, 1, 8, 8)


def test_a_denoiser_of_codes_alone_is_refused_by_sample(finished: Run) -> None:
    model = model_of(finished)
    with pytest.raises(ContractError, match=r"^samples must be decoded by a first stage, got the denoiser of codes al"):
        sample(model.denoiser, count=1, shape=(2, 4, 4))
