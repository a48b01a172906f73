"""Adjusted p-values are R's, and keep what they promise."""

import numpy as np
import pytest
from scipy.stats import norm

from fusion.errors import UndefinedMetric
from fusion.statistics.multiplicity import adjusted


def by_definition(p, method):
    order, m = np.argsort(p), len(p)
    out, running = np.empty(m), 0.0 if method == "holm" else 1.0
    for rank in range(m) if method == "holm" else reversed(range(m)):
        if method == "holm":
            running = max(running, min(1.0, (m - rank) * p[order[rank]]))
        else:
            running = min(running, m * p[order[rank]] / (rank + 1))
        out[order[rank]] = running
    return out


@pytest.mark.parametrize("method", ["holm", "benjamini-hochberg"])
def test_equal_to_the_definition(method):
    generator = np.random.default_rng(0)
    for m in (1, 30):
        p = generator.random(m).round(2) ** 2
        found = adjusted({f"c{i}": float(x) for i, x in enumerate(p)}, method=method)
        assert list(found.values()) == pytest.approx(by_definition(p, method))
        assert list(found) == [f"c{i}" for i in range(m)]


def test_as_r_has_it():
    # p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm") and "BH"
    p = dict(zip("abcde", (0.01, 0.02, 0.03, 0.04, 0.05), strict=True))
    holm = adjusted(p, method="holm")
    assert list(holm.values()) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])
    assert list(adjusted(p, method="benjamini-hochberg").values()) == pytest.approx([0.05] * 5)


def test_findings_are_false_no_oftener_than_promised():
    # 20 true effects among 60 comparisons (Holm's law is in its definition, and it is slow here:
    # statsmodels collects garbage in each call)
    generator, false = np.random.default_rng(0), []
    for _ in range(200):
        z = generator.normal(size=60) + 3.0 * (np.arange(60) < 20)
        p = {str(i): float(x) for i, x in enumerate(2 * norm.sf(np.abs(z)))}
        found = [int(k) for k, v in adjusted(p, method="benjamini-hochberg").items() if v < 0.1]
        false.append(np.mean([k >= 20 for k in found]) if found else 0.0)
    # 0.1 times the share of true null hypotheses; the mean of 200 is known to about 0.005
    assert np.mean(false) == pytest.approx(0.1 * 40 / 60, abs=0.02)


def test_what_is_no_p_value_is_refused_by_name():
    for bad in (float("nan"), -0.1, 1.1):
        with pytest.raises(ValueError, match=r"p of b is .*: expected 0 to 1; leave out what"):
            adjusted({"a": 0.1, "b": bad}, method="holm")
    with pytest.raises(UndefinedMetric, match="no comparison to adjust"):
        adjusted({}, method="holm")
