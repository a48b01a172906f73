"""How many readers and cases a study of two tests needs."""

from scipy.stats import f, ncf

from fusion.statistics.reader_components import ErrorCovariances


def reader_power(
    difference: float,
    errors: ErrorCovariances,
    *,
    interaction_variance: float,
    pilot_cases: int,
    readers: int,
    cases: int,
    alpha: float = 0.05,
) -> float:
    """Probability of finding a difference between two tests, readers and cases being random.

    With s = interaction_variance + c [variance - cov1 + (r - 1) max(cov2 - cov3, 0)] and c =
    pilot_cases / cases, the statistic is a noncentral F of 1 and s² (r - 1) /
    [interaction_variance + c (variance - cov1 - max(cov2 - cov3, 0))]² degrees, its noncentrality
    r difference² / (2 s).

    Args:
        difference: of the means of the two tests, that the study should find.
        errors: of a pilot or a study like it.
        interaction_variance: likewise; below 0 counts as 0.
        pilot_cases: that `errors` are of; their share of diseased cases is kept.
        readers: planned, two or more.
        cases: planned.
        alpha: of the test, two-sided.

    Raises:
        ValueError: for fewer readers or cases, an alpha out of range, or components that leave
            nothing to test against.

    Source: Hillis, Obuchowski and Berbaum 2011.

    Example:
        >>> errors = ErrorCovariances(variance=8e-4, cov1=3.5e-4, cov2=3.4e-4, cov3=2.4e-4)
        >>> plan = dict(interaction_variance=2e-4, pilot_cases=114, readers=6)
        >>> [round(reader_power(0.05, errors, cases=n, **plan), 2) for n in (100, 200, 400)]
        [0.64, 0.85, 0.96]
    """
    if readers < 2 or cases < 2 or pilot_cases < 2:
        raise ValueError(
            f"readers {readers}, cases {cases}, pilot_cases {pilot_cases}: expected two or more"
        )
    if not 0 < alpha < 1:
        raise ValueError(f"alpha {alpha}: expected between 0 and 1")
    scale = pilot_cases / cases
    shared = max(errors.cov2 - errors.cov3, 0.0)
    interaction = max(interaction_variance, 0.0)
    spread = interaction + scale * (errors.variance - errors.cov1 + (readers - 1) * shared)
    square = interaction + scale * (errors.variance - errors.cov1 - shared)
    if not (spread > 0 and square > 0):
        raise ValueError(
            f"the error term is {spread:g} and its part within readers {square:g}, expected above "
            f"0; these components do not belong to one study of two tests ({errors})"
        )
    df = spread**2 * (readers - 1) / square**2
    noncentrality = readers * difference**2 / (2 * spread)
    if noncentrality == 0:  # where scipy's noncentral F is wrong
        return alpha
    return float(ncf.sf(f.isf(alpha, 1, df), 1, df, noncentrality))


def cases_needed(
    difference: float,
    errors: ErrorCovariances,
    *,
    interaction_variance: float,
    pilot_cases: int,
    readers: int,
    power: float = 0.8,
    alpha: float = 0.05,
    most: int = 100_000,
) -> int | None:
    """The smallest number of cases with that power; None where no number up to `most` has it.

    Readers who differ in what they gain limit the power: more cases do not help then, more readers
    do.

    Raises:
        ValueError: as in `reader_power`.

    Source: Hillis, Obuchowski and Berbaum 2011.

    Example:
        >>> errors = ErrorCovariances(variance=8e-4, cov1=3.5e-4, cov2=3.4e-4, cov3=2.4e-4)
        >>> cases_needed(0.05, errors, interaction_variance=2e-4, pilot_cases=114, readers=6)
        165
    """

    def enough(cases: int) -> bool:
        reached = reader_power(
            difference,
            errors,
            interaction_variance=interaction_variance,
            pilot_cases=pilot_cases,
            readers=readers,
            cases=cases,
            alpha=alpha,
        )
        return reached >= power

    if not enough(most):
        return None
    low, high = 1, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
