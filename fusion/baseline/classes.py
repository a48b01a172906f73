"""The clinical baseline of a class."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.special import softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, PredefinedSplit

from fusion.baseline.table import FOLDS, folds, numbers, scaling
from fusion.errors import TrainingError

INVERSE_PENALTIES = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0)
"""Of which inner cross-validation chooses one; for columns scaled to unit variance."""


@dataclass(frozen=True)
class ClassBaseline:
    """A multinomial logistic model. Its fields are its state, and JSON-able."""

    classes: Sequence[str]
    intercepts: Sequence[float]
    coefficients: Sequence[Sequence[float]]
    """Class x column, on the scale of the table."""
    inverse_penalty: float
    """Chosen by inner cross-validation."""
    constant: Sequence[int]
    """Columns that did not vary in training: their coefficient is 0."""

    def predict(self, x: Float[np.ndarray, "n columns"]) -> Mapping[str, Float[np.ndarray, " n"]]:
        """A probability per class, by its name.

        Raises:
            ValueError: for a value that is not finite, or another number of columns.
        """
        logits = numbers(x, len(self.coefficients[0])) @ np.array(self.coefficients).T
        probabilities = softmax(logits + np.array(self.intercepts), axis=1)
        return dict(zip(self.classes, probabilities.T, strict=True))


def fit_class_baseline(
    x_train: Float[np.ndarray, "n columns"],
    y_train: Int[np.ndarray, " n"],
    classes: Sequence[str],
    *,
    seed: int,
) -> ClassBaseline:
    """Fit a logistic model with a ridge penalty, which keeps it finite where classes separate.

    Args:
        x_train: the clinical table of the training patients, imputed and numeric.
        y_train: class index.
        classes: names, in the order of the index.
        seed: of the inner folds.

    Raises:
        TrainingError: where a class has fewer than two patients, no column varies, or the fit
            does not converge.
        ValueError: for a value that is not finite.

    Example:
        >>> x = np.array([[0.0], [1.0], [2.0], [3.0]])
        >>> model = fit_class_baseline(x, np.array([0, 0, 1, 1]), ["low", "high"], seed=0)
        >>> bool(model.predict(np.array([[3.0]]))["high"][0] > 0.5)
        True
    """
    count = np.bincount(y_train, minlength=len(classes))
    if len(count) > len(classes) or count.min() < 2:
        found = dict(zip(classes, count.tolist(), strict=False))
        raise TrainingError(
            "the clinical baseline needs two or more training patients of each class, found "
            f"{found} among {len(y_train)} patients"
        )
    x_train = numbers(x_train)
    mean, spread, vary = scaling(x_train)
    scaled = (x_train - mean)[:, vary] / spread[vary]
    search = GridSearchCV(
        LogisticRegression(max_iter=2000),
        {"C": INVERSE_PENALTIES},
        scoring="neg_log_loss",
        cv=PredefinedSplit(folds(y_train, min(FOLDS, int(count.min())), seed)),
        error_score="raise",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            best = search.fit(scaled, y_train).best_estimator_
        except ConvergenceWarning as problem:
            raise TrainingError(f"the clinical baseline does not converge: {problem}") from problem
    weights, intercepts = best.coef_, best.intercept_
    if len(classes) == 2:
        weights, intercepts = np.vstack([0 * weights, weights]), np.r_[0.0, intercepts]
    coefficients = np.zeros((len(classes), len(mean)))
    coefficients[:, vary] = weights / spread[vary]
    return ClassBaseline(
        tuple(classes),
        (intercepts - coefficients @ mean).tolist(),
        coefficients.tolist(),
        float(search.best_params_["C"]),
        np.flatnonzero(~vary).tolist(),
    )
