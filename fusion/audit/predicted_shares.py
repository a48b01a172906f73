"""How often each class occurs in an external centre, as the predictions say and as it is."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from fusion.audit.check import Check
from fusion.errors import UndefinedMetric
from fusion.statistics.label_shift import em_shares

COLUMNS = ["task", "place", "label", "n", "training", "predicted", "known", "labelled"]


def predicted_shares(
    predictions: pd.DataFrame | None, training: Mapping[str, Mapping[str, float]]
) -> Check:
    """Shares by expectation-maximisation, which need no label there; no findings.

    Args:
        predictions: of one model, as in predictions.parquet; None before there are any.
        training: task of classes -> class -> share that the model was taught.
    """
    name = "labels as predicted"
    question = "How often do classes occur elsewhere, by the predicted probabilities alone?"
    if predictions is None:
        return Check(name=name, question=question, not_asked="nothing is predicted yet")
    rows = []
    outside = predictions[predictions["part"] == "external"]
    for (task, center), here in outside.groupby(["task", "center"], sort=True):
        shares = training.get(str(task), {})
        if len(shares) < 2 or min(shares.values()) <= 0:
            continue
        wide = here.pivot_table("value", "patient_id", "class")[list(shares)]
        known = here.pivot_table("target", "patient_id", "class").reindex(columns=list(shares))
        try:
            found = em_shares(wide.to_numpy(), np.array(list(shares.values())))
        except UndefinedMetric:  # a class that no patient can be of
            continue
        for label, predicted in zip(shares, found, strict=True):
            share = known[label].mean() if len(known) else np.nan
            taught = shares[label]
            rows.append([task, center, label, len(wide), taught, predicted, share, len(known)])
    return Check(
        name=name,
        question=question,
        not_asked="" if rows else "no external patient has predicted classes",
        table=pd.DataFrame(rows, columns=COLUMNS),
    )
