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


def test_by_tails_a_column_is_measured_in_the_root_of_its_fourth_moment_over_its_second() -> None:
    # Of a coin, and of a column that differs in one row of a hundred; their kurtoses are 1, and 1/(pq) − 3.
    rare = torch.zeros(100)
    rare[0] = 1
    x = torch.stack([torch.tensor([-2.0, 2.0]).repeat(50), rare, torch.full((100,), 5.0)], 1)
    part = Standardization(3)
    part.fit(x, unit="tails")
    moments = [(2.0, 1.0), ((0.01 * 0.99) ** 0.5, 1 / (0.01 * 0.99) - 3)]
    units = torch.tensor([std * kurtosis**0.5 for std, kurtosis in moments])
    torch.testing.assert_close(part.std[:2] / part.std[0], units / units[0])
    # In these units the columns that vary have variance 1 on the average, and the constant one keeps its own.
    torch.testing.assert_close(part(x).var(0, correction=0)[:2].mean(), torch.tensor(1.0))
    assert float(part.std[2]) == 1
    torch.testing.assert_close(part.inverse(part(x)), x)
