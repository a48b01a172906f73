"""InfoNCE against loops, where it must fall, and where it is chance."""

import math
from itertools import combinations

import pytest
import torch

from fusion.penalties.contrastive import LARGEST_SCALE, Contrastive, info_nce
from fusion.types import Tokens

DIMS = {"a": 4, "b": 3, "c": 5}


def drawn(shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def brute(x, y, temperature):
    """Patient by patient, both ways."""
    cosine = [
        [float(p @ q / (p.norm() * q.norm())) / temperature for q in y.double()] for p in x.double()
    ]
    n = len(x)
    there = [math.log(sum(math.exp(s) for s in cosine[i])) - cosine[i][i] for i in range(n)]
    back = [
        math.log(sum(math.exp(cosine[j][i]) for j in range(n))) - cosine[i][i] for i in range(n)
    ]
    return (sum(there) + sum(back)) / (2 * n)


@pytest.mark.parametrize("temperature", [0.07, 1.0])
def test_it_is_the_formula(temperature):
    x, y = drawn((7, 4), seed=1), drawn((7, 4), seed=2)
    found = info_nce(x, y, torch.tensor(1 / temperature))
    assert found.item() == pytest.approx(brute(x, y, temperature), rel=1e-5)


def test_pairs_that_two_patients_have_are_averaged():
    x = {name: drawn((6, 1, dim), seed=i) for i, (name, dim) in enumerate(DIMS.items())}
    has = {"a": [1, 1, 1, 1, 0, 0], "b": [1, 1, 1, 0, 1, 0], "c": [0, 0, 0, 1, 1, 1]}
    who = {name: torch.tensor(present).bool() for name, present in has.items()}
    penalty = Contrastive(dims=DIMS, dim=8, temperature=0.1, factor=1.0, seed=0)
    found = penalty({m: Tokens(x[m], who[m][:, None]) for m in DIMS})["contrastive"]
    expected = []
    with torch.no_grad():
        for m, n in combinations(DIMS, 2):
            both = who[m] & who[n]
            if both.sum() >= 2:
                p, q = (penalty.project[k](x[k][both, 0]) for k in (m, n))
                expected.append(brute(p, q, 0.1))
    assert len(expected) == 1  # `a` and `c` share one patient, `b` and `c` another one
    assert found.item() == pytest.approx(sum(expected) / len(expected), rel=1e-5)


def test_unrelated_rows_give_chance_and_partners_less():
    """In many features cosines of unrelated rows are near 0, and the loss is near log(n)."""
    n = 32
    x, y = drawn((n, 4096), seed=1), drawn((n, 4096), seed=2)
    scale = torch.tensor(1.0)
    # cosines have a standard deviation of 1/64, whose effect on the mean of n is smaller still
    assert info_nce(x, y, scale).item() == pytest.approx(math.log(n), abs=0.02)
    losses = [info_nce(x, (1 - share) * y + share * x, scale) for share in (0.0, 0.3, 0.6, 1.0)]
    assert losses == sorted(losses, reverse=True)
    assert info_nce(x, x, torch.tensor(100.0)).item() == pytest.approx(0.0, abs=1e-6)
    everybody_alike = torch.ones(n, 4)
    assert info_nce(everybody_alike, everybody_alike, scale).item() == pytest.approx(math.log(n))


def test_the_temperature_is_learned_and_held():
    penalty = Contrastive(dims=DIMS, dim=8, temperature=0.07, factor=1.0, seed=0)
    assert penalty.log_scale.exp().item() == pytest.approx(1 / 0.07)
    x = {m: Tokens(drawn((5, 1, d), seed=3), torch.ones(5, 1) > 0) for m, d in DIMS.items()}
    penalty(x)["contrastive"].backward()
    assert penalty.log_scale.grad.item() != 0.0
    with torch.no_grad():
        penalty.log_scale.fill_(math.log(LARGEST_SCALE))
        at_limit = penalty(x)["contrastive"]
        penalty.log_scale.fill_(50.0)
        assert torch.equal(penalty(x)["contrastive"], at_limit)


def test_descent_lets_two_modalities_find_what_they_share():
    """Three features are common and five noise: partners are told among new patients."""

    def patients(seed):
        common = drawn((100, 3), seed=seed)
        return {
            m: Tokens(torch.cat([common, drawn((100, 5), seed=seed + k)], dim=1)[:, None], mask)
            for k, m in enumerate("ab", start=1)
        }

    mask = torch.ones(100, 1, dtype=torch.bool)
    penalty = Contrastive(dims={"a": 8, "b": 8}, dim=8, temperature=0.5, factor=1.0, seed=0)
    new, before = patients(100), None
    optimizer = torch.optim.Adam(penalty.parameters(), lr=0.04)
    for step in range(40):
        optimizer.zero_grad()
        if step == 0:
            before = penalty(new)["contrastive"].item()
        penalty(patients(step * 7 + 1000))["contrastive"].backward()
        optimizer.step()
    after = penalty(new)["contrastive"].item()
    assert after < before - 1.0
