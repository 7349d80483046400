import torch

from copyist.nn.standardization import Standardization


def test_what_is_not_fitted_changes_no_bit() -> None:
    part, x = Standardization(3), 1e4 * torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(part(x), x)
    assert torch.equal(part.inverse(x), x)


def test_columns_become_standard_deviations_from_the_mean_and_come_back() -> None:
    part = Standardization(2)
    part.fit(torch.tensor([[90.0, -0.5], [110.0, -1.5]]))
    x = torch.tensor([[110.0, -1.5], [80.0, 0.0]])
    assert part(x).tolist() == [[1.0, -1.0], [-2.0, 2.0]]
    assert torch.equal(part.inverse(part(x)), x)


def test_statistics_are_kept_with_a_model_and_are_no_weights() -> None:
    part = Standardization(2)
    assert sorted(part.state_dict()) == ["mean", "std"]
    assert not list(part.parameters())
