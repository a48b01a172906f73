"""One metric from several external centres, with what to expect at the next one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from fusion.errors import UndefinedMetric
from fusion.metrics.auc import macro_auc
from fusion.metrics.concordance import harrell_c
from fusion.report.outcome import is_binary
from fusion.report.pooled_row import PooledRow
from fusion.report.task_scores import MINIMUM, TaskScores
from fusion.statistics.center_auc import CenterAuc, center_aucs, pool_aucs
from fusion.statistics.center_index import center_indices

Method = tuple[Literal["DL", "REML"], Literal["hartung-knapp", "wald"]]

METHODS: Mapping[str, Method] = {
    "DerSimonian-Laird": ("DL", "wald"),
    "REML, Hartung-Knapp": ("REML", "hartung-knapp"),
}
"""The first is what is mostly published and what the figure shows; the second is the more careful
with few centres."""


def center_values(case: TaskScores, model: str) -> Sequence[CenterAuc]:
    """The primary metric at each external centre, with its standard error.

    DeLong's for an AUC, a jackknife's for a C-index and for the mean AUC of several classes.
    """
    found = case.of(model, "external")
    center = found.who["center"].to_numpy(str)
    if len(found) == 0:
        return []
    if is_binary(case.task):
        return center_aucs(found.values[:, 1], found.target == 1, center, minimum=MINIMUM)
    if case.task.kind == "survival":
        event = found.event == 1
        return center_indices(
            harrell_c,
            [found.values[:, 0], found.target, event],
            center,
            kind=event.astype(np.int64),
            wanted=[1],
            noun="events",
            minimum=MINIMUM,
        )
    target = found.target.astype(np.int64)
    return center_indices(
        macro_auc,
        [found.values, target],
        center,
        kind=target,
        wanted=range(len(case.task.classes)),
        noun="patients of the rarest class",
        minimum=MINIMUM,
    )


def pooled_rows(case: TaskScores) -> Iterator[PooledRow]:
    """Every model by every method; nothing without external patients."""
    for model in case.found:
        centers = center_values(case, model)
        for method, (heterogeneity, interval) in METHODS.items() if centers else ():
            left_out = tuple(f"{c.center}: {c.left_out}" for c in centers if c.left_out)
            used = len(centers) - len(left_out)
            row = PooledRow(model, case.task.name, case.task.primary, method, used, left_out)
            try:
                found = pool_aucs(centers, heterogeneity=heterogeneity, interval=interval)
            except UndefinedMetric:
                reason = f"pooling needs two centres, {used} can be used"
                yield replace(row, reason=reason)
                continue
            yield replace(
                row,
                value=found.value,
                low=found.low,
                high=found.high,
                predicted_low=found.predicted_low,
                predicted_high=found.predicted_high,
                tau2=found.tau2,
                i2=found.i2,
                q_p=found.q_p,
            )
