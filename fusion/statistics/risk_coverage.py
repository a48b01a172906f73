"""What is gained by answering only where the model is sure."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from fusion.metrics.check import finite


@dataclass(frozen=True)
class RiskCoverage:
    """The loss among the patients that are answered, as more of them are."""

    coverage: Float[np.ndarray, " n"]
    """Share answered, the surest first: 1/n to 1."""
    risk: Float[np.ndarray, " n"]
    """Mean loss among them."""
    confidence: Float[np.ndarray, " n"]
    """Of the last one answered: answer at or above it for this coverage."""


def risk_coverage(
    confidence: Float[np.ndarray, " n"], loss: Float[np.ndarray, " n"]
) -> RiskCoverage:
    """Risk-coverage curve.

    Patients of the same confidence share their mean loss, which is the expectation over their
    order: the order of the rows never matters.

    Args:
        confidence: larger is surer; the largest probability, say.
        loss: of each patient; 1 for a wrong answer and 0 for a right one, say.

    Raises:
        UndefinedMetric: without patients.
        ValueError: for a value that is NaN or infinite, or lengths that differ.

    Source: El-Yaniv and Wiener 2010; Geifman and El-Yaniv 2017.

    Example:
        >>> curve = risk_coverage(np.array([0.9, 0.8, 0.6, 0.5]), np.array([0.0, 0.0, 1.0, 0.0]))
        >>> curve.risk.round(3).tolist()
        [0.0, 0.0, 0.333, 0.25]
    """
    confidence, loss = finite("confidence", confidence), finite("loss", loss)
    if len(confidence) != len(loss):
        raise ValueError(
            f"confidence and loss have lengths {len(confidence)} and {len(loss)}, expected one "
            f"row per patient"
        )
    order = np.argsort(-confidence, kind="stable")
    _, block = np.unique(-confidence[order], return_inverse=True)
    shared = (np.bincount(block, weights=loss[order]) / np.bincount(block))[block]
    answered = np.arange(1, len(loss) + 1)
    return RiskCoverage(
        coverage=answered / len(loss),
        risk=shared.cumsum() / answered,
        confidence=confidence[order],
    )


def aurc(confidence: Float[np.ndarray, " n"], loss: Float[np.ndarray, " n"]) -> float:
    """Area under the risk-coverage curve: the mean risk over all coverages. 0 is perfect.

    Args:
        confidence: as in `risk_coverage`.
        loss: as in `risk_coverage`.

    Raises:
        UndefinedMetric: without patients.

    Source: Geifman, Uziel and El-Yaniv 2019.

    Example:
        >>> aurc(np.array([0.9, 0.5]), np.array([0.0, 1.0]))
        0.25
    """
    return float(risk_coverage(confidence, loss).risk.mean())


def excess_aurc(confidence: Float[np.ndarray, " n"], loss: Float[np.ndarray, " n"]) -> float:
    """AURC minus that of an order which knows the losses: what the confidence itself lacks.

    Unlike AURC it does not reward a model for being right more often.

    Args:
        confidence: as in `risk_coverage`.
        loss: as in `risk_coverage`.

    Raises:
        UndefinedMetric: without patients.

    Source: Geifman, Uziel and El-Yaniv 2019.

    Example:
        >>> excess_aurc(np.array([0.9, 0.5]), np.array([0.0, 1.0]))
        0.0
    """
    return aurc(confidence, loss) - aurc(-finite("loss", loss), loss)
