import pytest
import torch

from fusion.heads.dropout import drop_modalities
from fusion.testing.head_examples import example
from fusion.types import Tokens

ROWS = 20_000


def full(names):
    """Everyone has everything."""
    return {m: Tokens(torch.ones(ROWS, 1, 1), torch.ones(ROWS, 1, dtype=torch.bool)) for m in names}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("p", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_each_modality_is_seen_as_often_as_promised(p, k):
    dropped = drop_modalities(full("abc"[:k]), p, seeded())
    expected = (1 - p) + p**k / k
    for t in dropped.values():
        rate = t.present.float().mean().item()
        # five standard errors of a proportion over 20,000 patients
        assert rate == pytest.approx(expected, abs=5 * 0.5 / ROWS**0.5)


@pytest.mark.parametrize("p", [0.3, 0.99, 1.0])
def test_nobody_loses_the_last_one_and_nobody_gains(p):
    tokens = example()
    had = torch.stack([t.present for t in tokens.values()]).any(dim=0)
    for seed in range(50):
        dropped = drop_modalities(tokens, p, seeded(seed))
        assert torch.equal(torch.stack([t.present for t in dropped.values()]).any(dim=0), had)
        for m, t in dropped.items():
            assert torch.equal(t.mask, tokens[m].mask & t.present[:, None])  # whole or not at all
            assert t.features is tokens[m].features


def test_patients_and_modalities_are_dropped_independently():
    a, b, c = (t.present.float() for t in drop_modalities(full("abc"), 0.2, seeded()).values())
    # keeping one of three costs independence only p^3 = 0.8 % of the time
    assert abs(torch.corrcoef(torch.stack([a, b]))[0, 1]) < 0.05
    assert abs(torch.corrcoef(torch.stack([a[:-1], c[1:]]))[0, 1]) < 0.05


def test_draws_follow_names_and_seed_not_the_order_of_the_mapping():
    tokens = example()
    one = drop_modalities(tokens, 0.5, seeded())
    two = drop_modalities(dict(reversed(tokens.items())), 0.5, seeded())
    assert list(one) == list(two)
    assert all(torch.equal(one[m].mask, two[m].mask) for m in one)
    torch.manual_seed(3)
    three = drop_modalities(tokens, 0.5)
    torch.manual_seed(3)
    four = drop_modalities(tokens, 0.5)
    assert all(torch.equal(three[m].mask, four[m].mask) for m in three)


def test_zero_changes_nothing_and_draws_nothing():
    before = torch.get_rng_state()
    tokens = example()
    assert all(t.mask is tokens[m].mask for m, t in drop_modalities(tokens, 0.0).items())
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_refused(p):
    with pytest.raises(ValueError, match=r"expected a probability in \[0, 1\]"):
        drop_modalities(example(), p)
