"""EM finds the shares that were planted; association in a table is what Fisher says."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency, fisher_exact, kstest, norm

from fusion.errors import UndefinedMetric
from fusion.statistics.independence import independence_p
from fusion.statistics.label_shift import em_shares


def posterior(x, shares):
    """Of two classes at -1 and 1, exact."""
    both = np.stack([shares[0] * norm.pdf(x, -1), shares[1] * norm.pdf(x, 1)], axis=1)
    return both / both.sum(axis=1, keepdims=True)


def test_planted_shares_are_recovered():
    random = np.random.default_rng(0)
    classes = random.random(4000) < 0.8
    x = random.normal(np.where(classes, 1, -1))
    found = em_shares(posterior(x, [0.5, 0.5]), np.array([0.5, 0.5]))
    # 2000 informative patients give a standard error near 0.01
    assert found[1] == pytest.approx(classes.mean(), abs=0.03)


def test_where_nothing_shifted_the_shares_are_those_of_training():
    random = np.random.default_rng(1)
    x = random.normal(np.where(random.random(4000) < 0.3, 1, -1))
    assert em_shares(posterior(x, [0.7, 0.3]), np.array([0.7, 0.3]))[1] == pytest.approx(
        0.3, abs=0.03
    )


def test_the_shares_are_the_most_likely_ones():
    """EM climbs to the maximum of the likelihood: no grid point is above."""
    random = np.random.default_rng(2)
    p = posterior(random.normal(0.5, 1, 50), [0.4, 0.6])
    found = em_shares(p, np.array([0.4, 0.6]), tolerance=1e-9)

    def likelihood(share):
        return np.log(p @ (np.array([1 - share, share]) / [0.4, 0.6])).sum()

    assert likelihood(found[1]) >= max(map(likelihood, np.linspace(0.001, 0.999, 999)))


def test_what_is_no_share_is_refused():
    with pytest.raises(ValueError, match="the smallest share is 0"):
        em_shares(np.array([[0.5, 0.5]]), np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match=r"off by up to 0\.2"):
        em_shares(np.array([[0.5, 0.3]]), np.array([0.5, 0.5]))


@pytest.mark.parametrize("table", [[[8, 2], [3, 9]], [[3, 1], [2, 4]], [[30, 10], [20, 20]]])
def test_two_by_two_is_fishers_exact_test(table):
    """Both sum over tables with these margins; 20,000 draws have an error below 0.011 (3 sd)."""
    found = independence_p(np.array(table), draws=20_000, seed=0)
    chi = chi2_contingency(table, correction=False).statistic
    rows, columns = np.sum(table, axis=1), np.sum(table, axis=0)
    exact = total = 0.0
    for a in range(int(min(rows[0], columns[0])) + 1):
        b, c = rows[0] - a, columns[0] - a
        d = rows[1] - c
        if min(b, c, d) < 0:
            continue
        weight = np.exp(-sum(np.sum(np.log(np.arange(1, v + 1))) for v in (a, b, c, d)))
        total += weight
        other = chi2_contingency([[a, b], [c, d]], correction=False).statistic
        exact += weight * (other >= chi - 1e-9)
    assert found == pytest.approx(exact / total, abs=0.011)
    # the same as Fisher's where both order the tables alike
    assert found == pytest.approx(fisher_exact(table).pvalue, abs=0.05)


def test_p_is_that_of_chi_squared_where_counts_are_large():
    table = np.array([[130, 90, 80], [110, 100, 95]])
    assert independence_p(table, draws=20_000, seed=0) == pytest.approx(
        chi2_contingency(table).pvalue, abs=0.011
    )


def test_p_is_uniform_where_nothing_goes_together():
    random = np.random.default_rng(0)
    p = [
        independence_p(random.multinomial(300, [0.1] * 10).reshape(2, 5), draws=199, seed=s)
        for s in range(100)
    ]
    assert kstest(p, "uniform").pvalue > 0.001


def test_one_row_has_no_association():
    with pytest.raises(UndefinedMetric, match="found 1 and 2"):
        independence_p(np.array([[3, 4], [0, 0]]), seed=0)
