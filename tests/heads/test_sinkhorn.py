import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from fusion.heads.sinkhorn import unbalanced_plan


def problem(rows, columns, seed=0):
    draw = torch.Generator().manual_seed(seed)
    x, y = (torch.randn(1, n, 8, generator=draw, dtype=torch.float64) for n in (rows, columns))
    cost = torch.cdist(x, y).square()
    return cost / cost.max(), torch.ones(1, rows) > 0, torch.ones(1, columns) > 0


def brute_force(cost, epsilon, tau):
    """The plan of least cost by a general optimiser over the logarithms of its entries."""
    n, m = cost.shape
    a, b = np.full(n, 1 / n), np.full(m, 1 / m)

    def divergence(p, q):
        return (p * np.log(p / q) - p + q).sum()

    def value(logs):
        p = np.exp(logs.reshape(n, m))
        rows, columns = p.sum(axis=1), p.sum(axis=0)
        total = (p * cost).sum() + epsilon * divergence(p, np.outer(a, b))
        total += tau * (divergence(rows, a) + divergence(columns, b))
        slope = cost + epsilon * np.log(p / np.outer(a, b))
        slope = slope + tau * (np.log(rows / a)[:, None] + np.log(columns / b))
        return total, (p * slope).ravel()

    start = np.log(np.outer(a, b)).ravel()
    found = minimize(value, start, jac=True, method="BFGS", options={"gtol": 1e-10})
    return np.exp(found.x.reshape(n, m))


@pytest.mark.parametrize(("epsilon", "tau"), [(0.05, 0.5), (0.1, 0.5), (0.1, 5.0)])
def test_equals_a_general_optimiser(epsilon, tau):
    cost, rows, columns = problem(6, 4)
    plan = unbalanced_plan(cost, rows, columns, epsilon=epsilon, tau=tau, iterations=200)
    expected = brute_force(cost[0].numpy(), epsilon, tau)
    # the optimiser stops at a slope of 1e-10, where entries of 1e-9 are known to about that
    np.testing.assert_allclose(plan[0].numpy(), expected, rtol=1e-5, atol=1e-8)


def test_marginals_bend_with_tau_and_hold_without_end():
    cost, rows, columns = problem(50, 6)
    gaps = []
    for tau in (0.5, 5.0, 5000.0):
        plan = unbalanced_plan(cost, rows, columns, epsilon=0.1, tau=tau, iterations=200)[0]
        gaps.append(float((plan.sum(dim=0) - 1 / 6).abs().sum()))
        assert plan.sum() < 1.0
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 1e-4


def test_twenty_iterations_do_at_the_settings_of_the_paper():
    cost, rows, columns = problem(300, 6)
    for epsilon in (0.05, 0.1):
        few, many = (
            unbalanced_plan(cost, rows, columns, epsilon=epsilon, tau=0.5, iterations=n)
            for n in (20, 500)
        )
        # mass of a tile is of order 1 / 300
        torch.testing.assert_close(few, many, rtol=1e-6, atol=1e-10)


def test_masked_rows_and_columns_are_as_if_they_were_not_there():
    cost, rows, columns = problem(7, 5)
    rows, columns = rows.clone(), columns.clone()
    rows[0, [1, 4]], columns[0, 2] = False, False
    settings = {"epsilon": 0.1, "tau": 0.5, "iterations": 20}
    plan = unbalanced_plan(cost, rows, columns, **settings)[0]
    kept = plan[rows[0]][:, columns[0]]
    small = cost[:, rows[0]][:, :, columns[0]]
    everybody = torch.ones(1, 5) > 0
    torch.testing.assert_close(
        kept, unbalanced_plan(small, everybody, everybody[:, :4], **settings)[0]
    )
    assert not plan[~rows[0]].any()
    assert not plan[:, ~columns[0]].any()


def test_a_small_epsilon_neither_overflows_nor_vanishes():
    cost, rows, columns = problem(40, 5)
    settings = {"epsilon": 1e-3, "tau": 0.5, "iterations": 50}
    plan = unbalanced_plan(cost.float(), rows, columns, **settings)
    assert torch.isfinite(plan).all()
    # every tile moves most of its mass: e^(-C / epsilon) alone would be 0 in single precision
    assert (plan.sum(dim=2) > 0.1 / 40).all()
