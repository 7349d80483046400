"""What claims about the classic family compute from nets and accuracies, where both are known beforehand."""

from typing import Any, final

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from copyist.baselines.linear_copier import LinearCopier
from copyist.claims.each import contraction_spares_the_manifold as contraction
from copyist.claims.each import layerwise_pretraining_helps as layerwise
from copyist.claims.each import masked_copying_learns_features as masked
from copyist.claims.each import sparse_codes_use_few_units as sparse
from copyist.claims.each import training_couples_the_layers as coupled
from copyist.claims.nets import stack_splits
from copyist.claims.trial import Trial
from copyist.evaluation.probe_table import ProbeTable
from copyist.metrics.distortion import psnr
from copyist.metrics.probes import Probes
from copyist.metrics.tangents import ManifoldSensitivity
from copyist.models import MLPConfig, ModelConfig, UNetConfig
from copyist.recipes import configured
from copyist.training import Optimization, Recipe

from .known import Affine, Known, known_trial, measured

Patch = pytest.MonkeyPatch


def test_the_least_growth_is_the_smallest_factor_from_one_price_to_the_next() -> None:
    assert contraction._least_growth([2.0, 6.0, 9.0]) == pytest.approx(1.5)
    assert contraction._least_growth([4.0, 3.0, 9.0]) == pytest.approx(0.75)


def test_contraction_is_judged_from_no_price_to_the_strongest(monkeypatch: Patch) -> None:
    # Gains along and across the surface that a test chooses by the price: the ratio falls, and rises in the end.
    ratios = {0.0: 2.0, 0.01: 1.0, 0.1: 4.0, 1.0: 8.0}

    def across(self: object, encode: Any, normals: Any = 0) -> ManifoldSensitivity:
        gain = encode.__self__.scale.item() if hasattr(encode, "__self__") else 0.5
        return ManifoldSensitivity(tangent=torch.tensor([gain]), normal=torch.tensor([1.0]))

    monkeypatch.setattr(contraction._Surface, "across", across)
    trial = known_trial(lambda recipe: Affine(scale=ratios[getattr(recipe.objective, "weight", 0.0)]))
    values = measured("contraction-spares-the-manifold", trial)
    assert values["ratio"] == pytest.approx(8.0)
    assert values["growth"] == values["within_the_span"] == pytest.approx(4.0)
    assert values["least_growth"] == pytest.approx(0.5)
    assert values["against_axes"] == pytest.approx(16.0)
    assert (values["tangent_kept"], values["normal_kept"]) == (pytest.approx(4.0), pytest.approx(1.0))


def test_what_is_kept_of_a_sensitivity_is_after_over_before() -> None:
    before, after = torch.tensor([3.0, 4.0]), torch.tensor([0.3, 0.4])
    assert contraction._kept(after, before) == pytest.approx(0.1)


def test_the_ratio_of_a_linear_encoder_is_that_of_its_gains() -> None:
    # Gain 3 along the first axis, which is the tangent, and 0.5 along all others, which are the normals.
    gains = torch.tensor([3.0, *[0.5] * 15])
    x, tangents = torch.rand(4, 1, 4, 4), torch.zeros(4, 1, 1, 4, 4)
    tangents[:, 0, 0, 0, 0] = 2.0
    found: ManifoldSensitivity = contraction.manifold_sensitivity(
        lambda images: images.flatten(1) * gains, x, tangents, normals=6, generator=torch.Generator().manual_seed(0)
    )
    assert found.ratio == pytest.approx(6.0, rel=1e-4)


def test_leads_over_principal_axes_are_nothing_for_the_axes_themselves() -> None:
    draws = torch.Generator().manual_seed(0)
    x = torch.rand(40, 1, 3, 4, generator=draws)
    axes = torch.linalg.svd((x - x.mean(0)).flatten(1), full_matrices=False).Vh
    pca = LinearCopier(mean=x.mean(0), axes=axes)
    few = float(psnr(LinearCopier(mean=pca.mean, axes=axes[:3])(x), x).mean())
    assert sparse._lead(few, pca, x, 3) == pytest.approx(0.0, abs=1e-4)
    assert sparse._lead(few + 2, pca, x, 3) == pytest.approx(2.0, abs=1e-4)
    # As many axes as values copy exactly, which counts as 60 dB.
    assert sparse._lead(20.0, pca, x, 12) == pytest.approx(-40.0)
    assert sparse._lead(20.0, pca, x, 500) == pytest.approx(-40.0)


def test_as_few_axes_are_taken_as_have_that_error() -> None:
    # Variances 4, 1 and 0.25 along three axes, of twelve values.
    x = torch.zeros(6, 1, 3, 4)
    for i, deviation in enumerate((2.0, 1.0, 0.5)):
        x[2 * i, 0, 0, i], x[2 * i + 1, 0, 0, i] = deviation * 3**0.5, -deviation * 3**0.5
    pca = LinearCopier(mean=torch.zeros(1, 3, 4), axes=torch.eye(12))
    found = [sparse._axes_at(left / 12, pca, x) for left in (1.3, 1.2, 0.3, 0.2)]
    assert found == [1, 2, 2, 3]
    assert sparse._axes_at(-1.0, pca, x) == 12


@final
class Speaking(Known):
    """Whatever the image, so many of 64 units are active, all alike; each adds a pixel."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def encode(self, x: Tensor) -> Tensor:
        return (torch.arange(64) < self.number).float().expand(len(x), 64)

    def decode(self, z: Tensor) -> Tensor:
        return z.view(-1, 1, 8, 8)


def test_units_in_use_are_held_against_those_without_a_penalty() -> None:
    numbers = {"l1-0": 32, "l1-0.1": 4, "kl-0": 64, "kl-0.1": 8, "plain-l1-0.1": 16, "largest": 2}
    trial = known_trial(lambda recipe: Speaking(numbers.get(recipe.name.removeprefix("photos-sparse-"), 64)))
    values = measured("sparse-codes-use-few-units", trial)
    wanted = {
        "l1_share": 4 / 64, "kl_share": 8 / 64, "l1_of_none": 4 / 32, "kl_of_none": 8 / 64, "l1_none_share": 32 / 64,
        "plain_l1_share": 16 / 64, "largest_share": 2 / 64, "l1_active": 4 / 64, "plain_l1_code": 4.0,
        "l1_halved": 4 / 32, "kl_halved": 8 / 64,
    }  # fmt: skip
    assert {name: values[name] for name in wanted} == pytest.approx(wanted)
    splits = trial.splits("photos?size=8&stride=32&limit=64&channels=1")
    x, mean = splits.test.images(), splits.train.images().mean(0)
    missed = (Speaking(4).forward(x) - x).square().mean() / (mean - x).square().mean()
    assert values["l1_error"] == pytest.approx(float(missed), rel=1e-4)


def test_one_attention_costs_what_is_counted_on_paper() -> None:
    batch, heads, tokens, units = 2, 3, 5, 4
    q, k, v = (torch.rand(batch, heads, tokens, units, requires_grad=True) for _ in range(3))
    counted = masked._operations(lambda: F.scaled_dot_product_attention(q, k, v).sum())
    # Two products of 2·N²·d there, and for each of them two of the same size back.
    assert counted == 12 * batch * heads * tokens**2 * units


def test_compute_is_equal_when_the_steps_of_masked_copying_are_paid_for_too(trial: Trial, monkeypatch: Patch) -> None:
    pretraining, seen = (
        configured("masked-vit", data="scenes?size=16&limit=200", steps=40),
        list[tuple[str, int, bool]](),
    )
    costs = {"masked-vit": 5.0, "masked-vit-classifier": 2.0}
    accuracies = {(10, True): 0.9, (10, False): 0.6, (110, False): 0.75}

    def model(self: Trial, recipe: Recipe, *, start: Recipe | None = None, control: bool = False) -> tuple[int, bool]:
        assert control == (start is None)
        seen.append((recipe.data, recipe.training.steps, start is not None))
        return seen[-1][1:]

    def tuning(_: Trial, *, count: int, steps: int) -> Recipe:
        return configured("masked-vit-classifier", data=f"scenes?size=16&limit={count}", steps=steps)

    monkeypatch.setattr(Trial, "model", model)
    monkeypatch.setattr(masked, "_cost", lambda recipe, _: costs[recipe.name])
    monkeypatch.setattr(masked, "_accuracy", lambda found, *_: accuracies[found])
    monkeypatch.setattr(masked, "masked_vit_classifier", tuning)
    values = masked._tuned(pretraining, trial)
    # 10 steps of tuning, and 40 steps that cost 2.5 of them each; 200 landscapes are held out, as many as are learned.
    assert values["compute_in_steps"] == 110
    for label in ("few", "some"):
        assert values[f"tuned_{label}"] == pytest.approx((180.5 / 20.5) / (120.5 / 80.5))
        assert values[f"compute_{label}"] == pytest.approx((180.5 / 20.5) / (150.5 / 50.5))
    assert set(seen) == {(f"scenes?size=16&limit={count}", *how) for count in (2, 20) for how in accuracies}


def test_probes_gain_by_what_the_trained_code_has_more(trial: Trial, monkeypatch: Patch) -> None:
    rows = {
        name: Probes(linear=linear, neighbors=linear / 2)
        for name, linear in zip("mrpa", (0.75, 0.5, 0.75, 0.7), strict=True)
    }
    monkeypatch.setattr(masked, "probe_table", lambda *_, **__: ProbeTable(accuracies=rows))
    model: Any = None
    values = masked._probed(model, trial, "scenes?size=16&limit=200")
    assert values["linear_over_random"] == pytest.approx((150.5 / 50.5) / 1.0)
    assert values["linear_over_pixels"] == pytest.approx(1.0)
    assert values["neighbors_over_random"] == pytest.approx((75.5 / 125.5) / (50.5 / 150.5))


@pytest.mark.parametrize(
    ("config", "pairs"),
    [
        # Three layers there, and three back.
        (MLPConfig(image_shape=(1, 4, 4), widths=(8, 7, 6)), 4),
        # Two convolutions in each of five blocks: three levels down, and two up.
        (UNetConfig(channels=1, width=2, levels=3, convolutions=2), 5),
        (UNetConfig(channels=1, width=2, levels=3, convolutions=3), 10),
    ],
)
def test_layers_that_follow_each_other_are_paired(config: ModelConfig, pairs: int) -> None:
    found = coupled._pairs(config.build())
    assert len(found) == pairs
    assert all(first.shape[0] == second.shape[1] for first, second in found)


def test_pretraining_is_held_against_fine_tuning_each_at_the_rate_that_digits_not_judged_choose(
    monkeypatch: Patch,
) -> None:
    best = {"sgd": 0.3, "adam": 1e-3}

    def wrong(_: Trial, recipe: Recipe) -> tuple[float, float]:
        how: Optimization = recipe.training.optimization
        found = 0.02 if "relu" in recipe.name else 0.5 if how.optimizer == "sgd" else 0.06
        if recipe.pretraining:
            found = 0.4 if "otherwise" in recipe.name else found / (5 if "sigmoid" in recipe.name else 1)
        # The rate that is not chosen would be better by those that are judged.
        return (0.1, found) if how.learning_rate == best[how.optimizer] else (0.2, 0.001)

    monkeypatch.setattr(layerwise, "_wrong", wrong)
    monkeypatch.setattr(layerwise, "_rates", lambda _, optimizer: layerwise.RATES[optimizer])
    values = measured("layerwise-pretraining-helps", known_trial(lambda _: Affine()))
    assert values["sigmoid_sgd_ratio"] == values["sigmoid_adam_ratio"] == pytest.approx(5.0)
    assert values["relu_sgd_gain"] == values["relu_adam_gain"] == pytest.approx(0.0)
    assert values["relu_against_pretrained"] == pytest.approx(0.2)
    assert values["blind_ratio"] == pytest.approx(4.0)
    assert (values["rate_sigmoid_sgd_with"], values["rate_relu_adam_without"]) == (0.3, 1e-3)


def test_digits_to_learn_from_to_choose_by_and_to_judge_are_all_digits_and_none_twice(trial: Trial) -> None:
    choosing, judging = stack_splits(trial)
    parts = [choosing.train.names, choosing.test.names, judging.test.names]
    assert len({name for part in parts for name in part}) == sum(map(len, parts)) == 1797
    assert len(judging.test) == pytest.approx(2 * len(choosing.test), abs=2)
