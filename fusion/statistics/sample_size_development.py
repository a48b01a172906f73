"""How many patients a model needs to be developed on."""

import math
from dataclasses import dataclass

from fusion.errors import UndefinedMetric

SHRINKAGE = 0.9
"""How little predictions may have to be drawn back: criterion 1."""

OPTIMISM = 0.05
"""Most that Nagelkerke's R² may lose on new patients: criterion 2."""

MARGIN = 0.05
"""Of the overall risk, to either side: criterion 3."""


@dataclass(frozen=True)
class DevelopmentSize:
    """Patients by criterion; the largest is needed."""

    shrinkage: int
    optimism: int
    overall_risk: int
    events: float
    """Expected among the patients needed."""
    events_per_parameter: float

    @property
    def patients(self) -> int:
        """The largest of the criteria."""
        return max(self.shrinkage, self.optimism, self.overall_risk)


def development_size_binary(
    *, parameters: int, r2_cox_snell: float, prevalence: float
) -> DevelopmentSize:
    """For a binary outcome.

    1. n = p / ((S - 1) ln(1 - R² / S)), S = 0.9. 2. the same with S = R² / (R² + 0.05 max R²),
    max R² = 1 - (phi^phi (1 - phi)^(1 - phi))². 3. n = (1.96 / 0.05)² phi (1 - phi).

    Args:
        parameters: candidate ones, before any selection: one per continuous predictor that is
            linear, one less than its categories for a category. For a network there is no such
            count, and this is a lower bound at best.
        r2_cox_snell: Cox and Snell's R² that is expected on new patients.
        prevalence: of the outcome.

    Raises:
        UndefinedMetric: for an R² that such an outcome cannot have.
        ValueError: for values out of range.

    Source: Riley et al. 2019, Stat Med 38:1276; Riley et al. 2020, BMJ 368:m441.

    Example:
        >>> size = development_size_binary(parameters=24, r2_cox_snell=0.288, prevalence=0.174)
        >>> size.shrinkage, size.optimism, size.overall_risk, size.patients
        (623, 662, 221, 662)
    """
    if not 0 < prevalence < 1:
        raise ValueError(f"prevalence {prevalence}: expected between 0 and 1")
    null = prevalence * math.log(prevalence) + (1 - prevalence) * math.log(1 - prevalence)
    first, second = _criteria(parameters, r2_cox_snell, 1 - math.exp(2 * null))
    third = math.ceil((1.96 / MARGIN) ** 2 * prevalence * (1 - prevalence))
    events = max(first, second, third) * prevalence
    return DevelopmentSize(first, second, third, events, events / parameters)


def development_size_survival(
    *,
    parameters: int,
    r2_cox_snell: float,
    rate_per_year: float,
    follow_up_years: float,
    horizon_years: float,
) -> DevelopmentSize:
    """For a time to an event.

    1. and 2. as for a binary outcome, with max R² = 1 - exp(2 T rate (ln(T rate) - 1)), T the mean
    follow-up: the likelihood of a model without predictors, time in units of T. 3. n so that the
    risk at the horizon, 1 - exp(-rate horizon), has an upper limit within 0.05 of it when the rate
    has the error √(rate / (n T)).

    Args:
        parameters: as for a binary outcome.
        r2_cox_snell: Cox and Snell's R² that is expected on new patients.
        rate_per_year: of events.
        follow_up_years: mean over patients.
        horizon_years: at which the risk is predicted.

    Raises:
        UndefinedMetric: for an R² that such an outcome cannot have.
        ValueError: for values out of range.

    Source: Riley et al. 2019, Stat Med 38:1276; max R² as in pmsampsize 1.1.

    Example:
        >>> size = development_size_survival(parameters=30, r2_cox_snell=0.051,
        ...     rate_per_year=0.065, follow_up_years=2.07, horizon_years=2.0)
        >>> size.patients, round(size.events), round(size.events_per_parameter, 2)
        (5143, 692, 23.07)
    """
    if min(rate_per_year, follow_up_years, horizon_years) <= 0:
        raise ValueError(
            f"rate_per_year {rate_per_year}, follow_up_years {follow_up_years}, horizon_years "
            f"{horizon_years}: expected above 0"
        )
    share = rate_per_year * follow_up_years
    if share > 1:
        raise ValueError(
            f"a rate of {rate_per_year} per year over {follow_up_years} years is {share:.3g} "
            f"events per patient, expected one at most; are both in years?"
        )
    most = 1 - math.exp(2 * share * (math.log(share) - 1))
    first, second = _criteria(parameters, r2_cox_snell, most)
    # exp(-rate t) - exp(-(rate + 1.96 se) t) = margin, solved for se
    survival = math.exp(-rate_per_year * horizon_years)
    if survival <= MARGIN:
        third = 1
    else:
        error = -math.log(1 - MARGIN / survival) / (1.96 * horizon_years)
        third = math.ceil(rate_per_year / (follow_up_years * error**2))
    events = max(first, second, third) * share
    return DevelopmentSize(first, second, third, events, events / parameters)


def shrinkage_size(parameters: int, r2_cox_snell: float, shrinkage: float) -> int:
    """Patients for predictions to need no more shrinkage than S: p / ((S - 1) ln(1 - R² / S)).

    Source: Riley et al. 2019.

    Example:
        >>> shrinkage_size(24, 0.288, 0.9)
        623
    """
    return math.ceil(parameters / ((shrinkage - 1) * math.log(1 - r2_cox_snell / shrinkage)))


def _criteria(parameters: int, r2: float, most: float) -> tuple[int, int]:
    if parameters < 1 or r2 <= 0:
        raise ValueError(f"parameters {parameters} and R² {r2}: expected >= 1 and above 0")
    if r2 >= most:
        raise UndefinedMetric(
            f"R² {r2:g} cannot be: with this outcome Cox and Snell's is below {most:.3g}; if it is "
            f"Nagelkerke's, multiply by that"
        )
    second = r2 / (r2 + OPTIMISM * most)
    return shrinkage_size(parameters, r2, SHRINKAGE), shrinkage_size(parameters, r2, second)
