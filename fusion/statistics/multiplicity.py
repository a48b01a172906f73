"""p-values of several comparisons, so that many of them do not find what is not there."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from statsmodels.stats.multitest import multipletests

from fusion.errors import UndefinedMetric

_METHODS = {"holm": "holm", "benjamini-hochberg": "fdr_bh"}


def adjusted(
    p_values: Mapping[str, float], *, method: Literal["holm", "benjamini-hochberg"]
) -> dict[str, float]:
    """Adjusted p-values: what is below alpha may be called a finding, at that alpha for all.

    Holm, ascending: max over j <= i of (m - j + 1) p_j, at most 1. It keeps the chance of any false
    finding, whatever the dependence: for the few comparisons that a study was planned for.
    Benjamini and Hochberg, ascending: min over j >= i of m p_j / j. It keeps the expected share of
    false findings among the findings, if tests are independent or positively dependent: for
    screening many.

    Args:
        p_values: of every comparison that was made, those not reported included; name -> p.
        method: which of the two.

    Raises:
        UndefinedMetric: without a comparison.
        ValueError: where one is no p-value, by name.

    Source: Holm 1979; Benjamini and Hochberg 1995; by statsmodels.

    Example:
        >>> p = {"clinical": 0.0078125, "mri alone": 0.03125, "rna alone": 0.0625}
        >>> adjusted(p, method="holm")
        {'clinical': 0.0234375, 'mri alone': 0.0625, 'rna alone': 0.0625}
        >>> adjusted(p, method="benjamini-hochberg")
        {'clinical': 0.0234375, 'mri alone': 0.046875, 'rna alone': 0.0625}
    """
    if not p_values:
        raise UndefinedMetric("no comparison to adjust")
    for name, p in p_values.items():
        if not 0 <= p <= 1:
            raise ValueError(f"p of {name} is {p}: expected 0 to 1; leave out what has none")
    if method not in _METHODS:
        raise ValueError(f"method {method!r}: expected {' or '.join(_METHODS)}")
    found = multipletests(np.array(list(p_values.values())), method=_METHODS[method])[1]
    return dict(zip(p_values, map(float, found), strict=True))
