"""Weights, slopes and coefficients of a pool, fitted on predictions that were kept aside."""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy.optimize import minimize
from torch import Tensor

from fusion.errors import TrainingError
from fusion.heads.columns import Kind
from fusion.heads.pools import KNOTS, weighted_mean

Loss = Callable[[Tensor], Tensor]
"""Outputs of the patients whose label is known -> a task's mean loss."""

FLOOR = 0.01
"""Least slope of a mean rank, so that the order is never lost."""

SLOPE = 1e-4
"""Derivative of the loss below which a fit has converged."""


def fit_weights(
    votes: Float[Tensor, "known modalities width"],
    there: Bool[Tensor, "known modalities"],
    center: Float[Tensor, "modalities width"],
    kind: Kind,
    loss: Loss,
    *,
    ridge: float,
) -> Float[Tensor, " modalities"]:
    """Weights of a mean on the simplex, all above 0; without evidence they are equal.

    Args:
        votes: of patients who have at least one modality.
        there: who has which.
        center: training means of plain columns.
        kind: of the columns.
        loss: on the pooled outputs.
        ridge: half of it times the squared log-weights is added to the loss.

    Raises:
        TrainingError: where the fit does not converge.
    """
    votes, center = votes.double(), center.double()

    def objective(scores: Tensor) -> Tensor:
        pooled = weighted_mean(votes, there, scores.softmax(dim=0), center, kind)
        return loss(pooled) + ridge / 2 * (scores - scores.mean()).square().sum()

    return _minimum(objective, torch.zeros(votes.shape[1])).softmax(dim=0)


def fit_scale(
    ranks: Float[Tensor, "known width"], loss: Loss, *, kind: Kind, ridge: float
) -> tuple[Float[Tensor, ""], Float[Tensor, " width"]]:
    """Slope and shifts that make outputs of mean ranks; the slope is above 0, whatever the data.

    Plain columns get no shift: a Cox model leaves it open.

    Raises:
        TrainingError: where the fit does not converge.
    """
    ranks = ranks.double() - 0.5
    start = torch.zeros(1 if kind == "plain" else 1 + ranks.shape[1])

    def slope(free: Tensor) -> Tensor:
        return FLOOR + torch.nn.functional.softplus(free[0])

    def objective(free: Tensor) -> Tensor:
        outputs = slope(free) * ranks
        outputs = outputs if kind == "plain" else outputs + free[1:]
        return loss(outputs) + ridge / 2 * slope(free).square() * ranks.var()

    free = _minimum(objective, start)
    shift = torch.zeros(ranks.shape[1], dtype=free.dtype) if kind == "plain" else free[1:]
    return slope(free), shift - slope(free) / 2


def fit_stack(
    votes: Float[Tensor, "known modalities width"],
    there: Bool[Tensor, "known modalities"],
    center: Float[Tensor, "modalities width"],
    kind: Kind,
    loss: Loss,
    *,
    ridge: float,
) -> tuple[Float[Tensor, " modalities"], Float[Tensor, " width"]]:
    """Coefficients of a regression on out-of-fold predictions, and its shifts.

    Args:
        votes: as `Stacked` takes them, classes as log-probabilities.
        there: who has which; the others add 0.
        center: training means of the votes.
        kind: of the columns; plain ones get no shift.
        loss: on the outputs.
        ridge: half of it times the squared coefficients, for votes of unit spread.

    Raises:
        TrainingError: where the fit does not converge.
    """
    moved = torch.where(there[:, :, None], votes.double() - center.double(), 0.0)
    count = there.sum(dim=0).clamp(min=1) * votes.shape[2]
    spread = (moved.square().sum(dim=(0, 2)) / count).sqrt().clamp(min=1e-6)
    scaled = moved / spread[:, None]
    modalities, width = votes.shape[1:]

    def objective(free: Tensor) -> Tensor:
        outputs = torch.einsum("pmk,m->pk", scaled, free[:modalities])
        outputs = outputs if kind == "plain" else outputs + free[modalities:]
        return loss(outputs) + ridge / 2 * free[:modalities].square().sum()

    free = _minimum(objective, torch.zeros(modalities + (0 if kind == "plain" else width)))
    shift = torch.zeros(width, dtype=free.dtype) if kind == "plain" else free[modalities:]
    return free[:modalities] / spread, shift


def order_statistics(values: Float[Tensor, " patients"]) -> Float[Tensor, " knots"]:
    """Values that stand for their distribution, each one of them; never between two.

    Example:
        >>> order_statistics(torch.tensor([3.0, 1.0, 2.0]))[[0, 500, -1]].tolist()
        [1.0, 2.0, 3.0]
    """
    index = (torch.arange(KNOTS) + 0.5) / KNOTS * len(values)
    return values.sort().values[index.long()]


def _minimum(objective: Callable[[Tensor], Tensor], start: Tensor) -> Tensor:
    """Where a smooth function is lowest, from a fixed start, in double precision."""

    def value_and_slope(at: np.ndarray) -> tuple[float, np.ndarray]:
        free = torch.from_numpy(at.copy()).requires_grad_()
        value = objective(free)
        (slope,) = torch.autograd.grad(value, free)
        return float(value.detach()), slope.numpy()

    options = {"maxiter": 2000, "ftol": 1e-15, "gtol": 1e-8}
    found = minimize(
        value_and_slope, start.double().numpy(), jac=True, method="L-BFGS-B", options=options
    )
    left = float(np.abs(found.jac).max())
    if not left < SLOPE:
        raise TrainingError(
            f"pooling the models' predictions does not converge (slope {left:.2g}): are any of "
            "them not finite? Raise head.ridge, or take head.how=mean"
        )
    return torch.from_numpy(found.x)
