"""The clinical baseline of survival."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float
from lifelines import CoxPHFitter
from lifelines.exceptions import ConvergenceError, ConvergenceWarning

from fusion.baseline.table import FOLDS, folds, numbers, scaling
from fusion.errors import TrainingError
from fusion.losses.cox import cox_loss
from fusion.tasks.cox import log_baseline_hazard
from fusion.tasks.horizons import check_survival, horizon_names

PENALTIES = (0.001, 0.01, 0.1, 1.0, 10.0)
"""Of which inner cross-validation chooses one; for columns scaled to unit variance, and counted
per patient, as lifelines does."""

SLOPE = 1e-4
"""Below which a fit has converged: about what a coefficient can still be off."""


@dataclass(frozen=True)
class CoxBaseline:
    """A Cox model with a baseline hazard. Its fields are its state, and JSON-able."""

    horizons_days: Sequence[float]
    coefficients: Sequence[float]
    """Per column, on the scale of the table."""
    means: Sequence[float]
    """Of the columns in training: a patient like that has risk 0."""
    hazards: Sequence[float]
    """Cumulative, of that patient, at the horizons."""
    penalty: float
    """Chosen by inner cross-validation."""
    constant: Sequence[int]
    """Columns that did not vary in training: their coefficient is 0."""

    def predict(self, x: Float[np.ndarray, "n columns"]) -> Mapping[str, Float[np.ndarray, " n"]]:
        """`risk`, the log-hazard (larger is worse), and `survival_<days>`.

        Raises:
            ValueError: for a value that is not finite, or another number of columns.
        """
        risk = (numbers(x, len(self.means)) - np.array(self.means)) @ np.array(self.coefficients)
        with np.errstate(divide="ignore", over="ignore"):  # log 0 and exp inf mean survival 1 and 0
            survival = np.exp(-np.exp(np.log(np.array(self.hazards)) + risk[:, None]))
        return {
            "risk": risk,
            **dict(zip(horizon_names(self.horizons_days), survival.T, strict=True)),
        }


def fit_cox_baseline(
    x_train: Float[np.ndarray, "n columns"],
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
    horizons_days: Sequence[float],
    *,
    seed: int,
) -> CoxBaseline:
    """Fit a Cox model with a ridge penalty, the one of highest cross-validated likelihood.

    Args:
        x_train: the clinical table of the training patients, imputed and numeric.
        time_days: until the event, or until last seen.
        event: True where the event was seen.
        horizons_days: ascending days to predict survival for, within the follow-up.
        seed: of the inner folds.

    Raises:
        TrainingError: with fewer than two events, where no column varies, for a horizon beyond
            the follow-up, or where the fit does not converge.
        ValueError: for a value that is not finite.

    Source: Verweij and van Houwelingen, Statistics in Medicine 1993 (the choice).

    Example:
        >>> x, days = np.arange(8.0)[:, None], np.array([8.0, 7.0, 5.0, 6.0, 4.0, 3.0, 1.0, 2.0])
        >>> model = fit_cox_baseline(x, days, np.ones(8, dtype=bool), [3.5], seed=0)
        >>> bool(model.predict(np.array([[7.0]]))["survival_3.5"][0] < 0.5)
        True
    """
    targets = torch.from_numpy(np.stack([time_days, event.astype(np.float64)], axis=1))
    check_survival(targets, horizons_days, "the clinical baseline")
    if event.sum() < 2:
        raise TrainingError("the clinical baseline needs two or more training events, found 1")
    x_train = numbers(x_train)
    mean, _, vary = scaling(x_train)
    fold = folds(event, min(FOLDS, len(event)), seed)

    def likelihood(rows: np.ndarray, coefficients: np.ndarray) -> float:
        kept = targets[torch.from_numpy(rows)]
        risk = torch.from_numpy((x_train - mean)[rows] @ coefficients)
        died = kept[:, 1].bool()
        return -float(cox_loss(risk, kept[:, 0], died, ties="efron")) * int(died.sum())

    fits = {}
    for penalty in PENALTIES:
        try:
            score = 0.0
            for left_out in np.unique(fold):
                rows = fold != left_out
                fitted = _cox(x_train[rows], time_days[rows], event[rows], penalty)
                score += likelihood(np.ones_like(rows), fitted) - likelihood(rows, fitted)
            fits[score] = penalty, _cox(x_train, time_days, event, penalty)
        except TrainingError as problem:  # too weak a penalty for these patients
            failure = problem
    if not fits:
        raise TrainingError(
            f"the clinical baseline cannot be fitted to {len(event)} patients with "
            f"{int(event.sum())} events, at any penalty in {PENALTIES}: {failure}"
        )
    penalty, coefficients = fits[max(fits)]
    risk = torch.from_numpy((x_train - mean) @ coefficients)
    hazards = log_baseline_hazard(risk, targets, horizons_days).exp()
    return CoxBaseline(
        tuple(horizons_days),
        coefficients.tolist(),
        mean.tolist(),
        hazards.tolist(),
        penalty,
        np.flatnonzero(~vary).tolist(),
    )


def _cox(x: np.ndarray, time_days: np.ndarray, event: np.ndarray, penalty: float) -> np.ndarray:
    """Coefficients on the scale of x; 0 for a column that does not vary."""
    mean, spread, vary = scaling(x)
    scaled = (x - mean)[:, vary] / spread[vary]
    table = pd.DataFrame(scaled).add_prefix("x")
    table["time_days"], table["event"] = time_days, event
    with warnings.catch_warnings():
        # advice on separation and collinearity, which the penalty answers; the slope is checked
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            fitter = CoxPHFitter(penalizer=penalty).fit(table, "time_days", "event")
        except ConvergenceError as problem:
            raise TrainingError(f"the clinical baseline does not converge: {problem}") from problem
    coefficients = np.zeros(x.shape[1])
    coefficients[vary] = fitter.params_.to_numpy()
    slope = _slope(scaled, time_days, event, penalty, coefficients[vary])
    if not slope < SLOPE:
        raise TrainingError(
            f"the clinical baseline does not converge: at penalty {penalty:g} the slope of the "
            f"likelihood is still {slope:.2g} per patient"
        )
    coefficients[vary] /= spread[vary]
    return coefficients


def _slope(
    x: np.ndarray, time_days: np.ndarray, event: np.ndarray, penalty: float, beta: np.ndarray
) -> float:
    """Largest derivative of the penalised likelihood, per patient; 0 at the optimum."""
    at = torch.tensor(beta, requires_grad=True)
    died = torch.from_numpy(event)
    loss = cox_loss(torch.from_numpy(x) @ at, torch.from_numpy(time_days), died, ties="efron")
    (loss * (event.sum() / len(event)) + penalty / 2 * (at**2).sum()).backward()
    assert at.grad is not None
    return float(at.grad.abs().max())
