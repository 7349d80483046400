"""Walks, samples and what is kept of them, as the claims about both take them."""

import pytest
import torch
from torch import Tensor

from copyist.claims.measures.distances import Distances
from copyist.claims.measures.references import Reference, appraise, pure_noise
from copyist.claims.measures.samples import blurred_samples, plain_copies, samples
from copyist.claims.measures.walks import keep_walk, walk_without_code
from copyist.claims.trial import Trial
from copyist.models.contracts import TrainedOn

from .known import Affine, known_splits

SOURCE = "scenes?size=16&limit=64"


@pytest.fixture(scope="module")
def reference() -> Reference:
    splits = known_splits(SOURCE)
    train, test = splits.train.images(), splits.test.images()
    return Reference(distances=Distances.fit(train=train, held_out=test, count=32), test=test)


def numbered(steps: int, walkers: int) -> Tensor:
    """Frames that hold the number of their step, and walkers that hold theirs beside it."""
    step = torch.arange(float(steps + 1))[:, None].expand(-1, walkers)
    walker = torch.arange(float(walkers)).expand(steps + 1, -1)
    return torch.stack((step, walker, walker), 2)[:, :, :, None, None].expand(-1, -1, -1, 16, 16)


def test_states_are_of_the_second_half_and_end_with_the_last(reference: Reference, trial: Trial) -> None:
    x = keep_walk(numbered(100, 8), Affine(), reference, trial).states  # 32 pictures of 8 walkers
    assert x[:, 0, 0, 0].reshape(4, 8)[:, 0].tolist() == [62, 75, 88, 100]
    assert x[:, 1, 0, 0].reshape(4, 8)[2].tolist() == list(range(8))


def test_a_walk_is_measured_in_halves_of_the_median_distance_of_copies(reference: Reference, trial: Trial) -> None:
    walk = keep_walk(numbered(100, 8), Affine(), reference, trial)
    # A step is of 256 values; walkers i and j are at √2·|i − j| of these lengths, the median |i − j| of eight is 3.
    unit = 2**0.5 * 3 / 2
    assert walk.path.tolist() == pytest.approx([step / unit for step in range(1, 101)])
    assert (walk.found.displacement, walk.found.net) == pytest.approx((100 / unit, 2 / unit))  # windows of 2 steps here
    assert (walk.found.walked, walk.found.at_rest) == (8, 0.0)
    assert walk.found.spread == pytest.approx(1.0)
    assert walk.strip(walker=2, pictures=3)[:, :2, 0, 0].tolist() == [[0, 2], [50, 2], [100, 2]]


def test_walkers_that_fade_into_one_picture_have_no_spread_and_rest(reference: Reference, trial: Trial) -> None:
    frames = reference.train[:16].expand(40, 16, 3, 16, 16).clone()
    frames[1:] = 0.4
    found = keep_walk(frames, Affine(), reference, trial).found
    assert (found.spread, found.at_rest, found.net) == (0.0, 1.0, 0.0)


def test_noise_that_nothing_removes_adds_up_as_its_square_root(trial: Trial) -> None:
    frames = walk_without_code(lambda x: x, torch.zeros(50, 3, 8, 7), trial, sigma=0.3)
    torch.testing.assert_close(frames[-1].std(), torch.tensor(0.3 * 6**0.5), rtol=0.05, atol=0)
    again = walk_without_code(lambda x: x, torch.zeros(50, 3, 8, 7), trial, sigma=0.3)
    assert torch.equal(frames, again)


def test_noise_before_a_constant_copy_is_forgotten(trial: Trial) -> None:
    frames = walk_without_code(torch.zeros_like, torch.ones(2, 3, 8, 7), trial, sigma=0.3)
    assert torch.equal(frames[1:], torch.zeros_like(frames[1:]))


def test_blurred_samples_have_the_training_images_mean_and_spread(reference: Reference, trial: Trial) -> None:
    x = blurred_samples(reference, trial, blur=1.0, steps=3, batch_size=32)
    torch.testing.assert_close(x.mean((0, 2, 3)), reference.train.mean((0, 2, 3)))
    torch.testing.assert_close(x.std((0, 2, 3)), reference.train.std((0, 2, 3)), rtol=1e-3, atol=0)


def test_all_ways_begin_with_the_same_noise(reference: Reference, trial: Trial) -> None:
    model = Affine()
    model.trained_on = TrainedOn(image_shape=(3, 16, 16))
    noise = pure_noise(reference, trial)
    assert torch.equal(samples(model, reference, trial, steps=1), noise)
    assert torch.equal(plain_copies(model, reference, trial, times=4), noise)
    assert float(noise.mean()) == pytest.approx(0.7, abs=0.01)
    assert float(noise.std()) == pytest.approx(0.2, abs=0.01)


def test_landscapes_are_worth_all_unless_they_are_of_the_training(reference: Reference) -> None:
    new, old = appraise(reference.real, reference), appraise(reference.train[:32], reference)
    assert new.distance == pytest.approx(dict.fromkeys(("axes", "layout", "appearance"), 0.0), abs=1e-6)
    assert new.coverage["axes"] == pytest.approx(32.5 / 33)
    assert (new.kept, new.fresh, new.remembered) == (32, 32, 1.0)
    assert (old.kept, old.fresh, old.remembered) == (32, 0, 0.0)
    gray = appraise(torch.full_like(reference.real, 0.5), reference)
    assert (gray.kept, gray.fresh) == (0, 0)
    assert gray.distance["axes"] > 10 * old.distance["axes"]
