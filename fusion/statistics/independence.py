"""Whether rows and columns of a table of counts go together, however small the counts."""

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import random_table

from fusion.errors import UndefinedMetric


def independence_p(counts: Int[np.ndarray, "r c"], *, draws: int = 2000, seed: int) -> float:
    """P of no association: chi-squared against tables drawn with the same margins.

    p = (1 + draws with as large a statistic) / (1 + draws). Valid for any counts, where the
    chi-squared distribution needs five expected in each cell.

    Args:
        counts: of patients.
        draws: of tables.
        seed: of these.

    Raises:
        UndefinedMetric: where fewer than two rows or two columns have anybody.

    Source: Patefield 1981 (the tables); Hope 1968 (the p-value).

    Example:
        >>> independence_p(np.array([[10, 10], [9, 11]]), seed=0) > 0.5
        True
        >>> independence_p(np.array([[20, 0], [0, 20]]), seed=0)
        0.0004997501249375312
    """
    rows, columns = counts.sum(axis=1) > 0, counts.sum(axis=0) > 0
    table = counts[rows][:, columns]
    if min(table.shape) < 2:
        raise UndefinedMetric(
            f"association takes two rows and two columns with patients, found {table.shape[0]} and "
            f"{table.shape[1]}"
        )
    margins = table.sum(axis=1), table.sum(axis=0)
    expected = np.outer(*margins) / table.sum()
    drawn = random_table(*margins).rvs(draws, random_state=np.random.default_rng(seed))
    as_far = _chi(drawn, expected) >= _chi(table[None], expected) - 1e-9
    return float(1 + as_far.sum()) / (1 + draws)


def _chi(
    tables: Int[np.ndarray, "draws r c"] | Float[np.ndarray, "draws r c"],
    expected: Float[np.ndarray, "r c"],
) -> Float[np.ndarray, " draws"]:
    return ((tables - expected) ** 2 / expected).sum(axis=(1, 2))
