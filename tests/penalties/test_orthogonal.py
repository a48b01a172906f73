"""MMO against numpy's singular values, and what it does to tokens."""

import numpy as np
import pytest
import torch

from fusion.penalties.orthogonal import Orthogonal, mmo, nuclear_norm
from fusion.types import Tokens

DIMS = {"a": 4, "b": 4, "c": 4}


def drawn(shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def brute(rows):
    """`(1 / rows) [sum_m max(1, |H_m|_*) - |H|_*]`, from singular values."""
    norm = [np.linalg.svd(r.numpy(), compute_uv=False).sum() for r in rows]
    whole = np.concatenate([r.numpy() for r in rows])
    together = np.linalg.svd(whole, compute_uv=False).sum()
    return (sum(max(1.0, n) for n in norm) - together) / len(whole)


@pytest.mark.parametrize("scale", [0.01, 0.3, 1.0, 30.0])
def test_it_is_the_formula(scale):
    """Below a nuclear norm of 1, too, where it can be negative no further than the paper's."""
    rows = [scale * drawn((n, 6), seed=n) for n in (5, 3, 7)]
    assert mmo(rows).item() == pytest.approx(brute(rows), rel=1e-5, abs=1e-6)


def test_who_lacks_a_modality_has_no_row_and_who_has_one_alone_takes_no_part():
    x = {name: drawn((6, 1, 4), seed=i) for i, name in enumerate(DIMS)}
    has = {"a": [1, 1, 1, 0, 1, 0], "b": [1, 1, 0, 1, 0, 0], "c": [0, 1, 1, 1, 0, 0]}
    mask = {name: torch.tensor(who).bool()[:, None] for name, who in has.items()}
    penalty = Orthogonal(dims=DIMS, dim=4, factor=1.0, seed=0)
    found = penalty({name: Tokens(x[name], mask[name]) for name in DIMS})["orthogonal"]
    # patient 4 has `a` alone, patient 5 nothing
    rows = [x["a"][[0, 1, 2], 0], x["b"][[0, 1, 3], 0], x["c"][[1, 2, 3], 0]]
    assert found.item() == pytest.approx(brute(rows), rel=1e-5)


def test_orthogonal_modalities_cost_nothing_and_copies_cost_most():
    a, b = torch.zeros(5, 6), torch.zeros(5, 6)
    a[:, :3], b[:, 3:] = drawn((5, 3), seed=1), drawn((5, 3), seed=2)
    assert mmo([a, b]).item() == pytest.approx(0.0, abs=1e-6)
    # |[a; a]|_* is sqrt(2) |a|_*
    same = (2 - 2**0.5) * nuclear_norm(a).item() / 10
    assert mmo([a, a]).item() == pytest.approx(same, rel=1e-5)
    assert mmo([a, a]) > mmo([a, a + b]) > mmo([a, b])


def test_the_norms_gradient_is_that_of_the_singular_values():
    x = drawn((5, 3)).double().requires_grad_()
    assert torch.autograd.gradcheck(nuclear_norm, x)


def test_directions_without_a_singular_value_get_no_gradient():
    x = torch.zeros(4, 3)
    x[0, 0] = 2.0
    x.requires_grad_()
    nuclear_norm(x).backward()
    assert x.grad.count_nonzero() == 1
    zero = torch.zeros(4, 3, requires_grad=True)
    nuclear_norm(zero).backward()
    assert not zero.grad.any()


def test_another_width_is_projected_isometrically_where_it_fits():
    penalty = Orthogonal(dims={"a": 3, "b": 6, "c": 4}, dim=4, factor=1.0, seed=0)
    assert not list(penalty.parameters())  # a learned one would take the penalty upon itself
    a, b, c = (penalty.get_buffer(f"frame_{name}") for name in "abc")
    torch.testing.assert_close(a @ a.T, torch.eye(3))
    torch.testing.assert_close(b.T @ b, torch.eye(4))
    assert torch.equal(c, torch.eye(4))


def test_descent_makes_tokens_of_two_modalities_orthogonal():
    """Two of rank two fit into four features, and the rows do not shrink to nothing."""
    shared = drawn((8, 2))
    turn = {name: drawn((2, 4), seed=i + 8).requires_grad_() for i, name in enumerate("ab")}
    penalty = Orthogonal(dims={"a": 4, "b": 4}, dim=4, factor=1.0, seed=0)
    optimizer = torch.optim.Adam(turn.values(), lr=0.03)
    mask = torch.ones(8, 1, dtype=torch.bool)

    def overlap():
        a, b = (torch.linalg.qr(turn[name].T).Q for name in "ab")
        return (a.T @ b).norm().item()  # sqrt(2) for one plane, 0 for orthogonal ones

    before = overlap()
    for _ in range(100):
        optimizer.zero_grad()
        found = {name: Tokens((shared @ turn[name])[:, None], mask) for name in "ab"}
        penalty(found)["orthogonal"].backward()
        optimizer.step()
    assert before > 0.5
    assert overlap() < 0.1
    assert all((shared @ turn[name]).norm() > 1.0 for name in "ab")
