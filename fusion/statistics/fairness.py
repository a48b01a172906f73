"""Does a model serve every group of patients alike?"""

from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Bool, Float, Shaped

from fusion.metrics.check import finite
from fusion.statistics.bootstrap import Interval
from fusion.statistics.draws import drawn_counts
from fusion.statistics.group_gap import Gap, gap, interval, regrouped
from fusion.statistics.group_measures import MEASURES


@dataclass(frozen=True)
class Group:
    """One group: its measures, or why it has none."""

    name: str
    n: int
    positives: int
    measures: dict[str, Interval] = field(default_factory=dict)
    too_small: str = ""
    """Why nothing is said of it; empty where something is."""


@dataclass(frozen=True)
class Fairness:
    """Every group, and the gaps between those that are large enough."""

    groups: tuple[Group, ...]
    gaps: tuple[Gap, ...]
    """Empty where fewer than two groups are large enough."""


def fairness(
    probability: Float[np.ndarray, " n"],
    target: Bool[np.ndarray, " n"],
    group: Shaped[np.ndarray, " n"],
    *,
    threshold: float,
    minimum: int = 10,
    draws: int = 1000,
    level: float = 0.95,
    seed: int,
) -> Fairness:
    """AUC, TPR, FPR, calibration in the large and net benefit by group, with the worst and the gap.

    Intervals are percentiles over patients drawn within each group. TPR and FPR hang on the
    threshold, net benefit on how frequent the outcome is in the group: a gap there may be one of
    patients and not of the model. Nothing is adjusted for the number of groups or measures.

    Args:
        probability: of the positive class, one row per patient.
        target: True for the positive class.
        group: of each patient: sex, age band, centre, or several of them as one text. Patients
            whose group is not known are a group too.
        threshold: at or above which a patient counts as positive, between 0 and 1, chosen on
            validation patients.
        minimum: patients of each class that a group needs; below it, it is returned with the reason
            in `too_small` and without numbers.
        draws: resamples, and regroupings.
        level: of the intervals.
        seed: of both.

    Raises:
        UndefinedMetric: without patients.
        ValueError: where lengths differ, a probability or the threshold is out of range, or minimum
            is below 1.

    Source: Hardt, Price and Srebro 2016 (TPR and FPR); Vickers and Elkin 2006 (net benefit); Good
    2005 (regrouping).

    Example:
        >>> generator = np.random.default_rng(0)
        >>> y, sex = generator.random(300) < 0.4, np.repeat(["F", "M", "X"], [150, 145, 5])
        >>> p = np.clip(0.4 + 0.2 * y + 0.1 * generator.normal(size=300), 0, 1)
        >>> found = fairness(p, y, sex, threshold=0.5, draws=100, seed=0)
        >>> [(g.name, g.n, bool(g.too_small)) for g in found.groups]
        [('F', 150, False), ('M', 145, False), ('X', 5, True)]
    """
    p = _check(probability, target, group, threshold, minimum)
    names, index = np.unique(group.astype(str), return_inverse=True)
    groups, drawn = [], {}
    for i, name in enumerate(names):
        rows = np.flatnonzero(index == i)
        found = Group(str(name), len(rows), int(target[rows].sum()))
        few = min(found.positives, found.n - found.positives)
        if few < minimum:
            reason = f"{few} patients of one class, fewer than {minimum}"
            groups.append(replace(found, too_small=reason))
            continue
        stream = int(np.random.SeedSequence([seed, i]).generate_state(1)[0])
        counts = list(drawn_counts(len(rows), draws, stream, None))
        for measure, how in MEASURES.items():
            values = how.make(p[rows], target[rows], threshold)
            drawn[found.name, measure] = np.concatenate([values(c) for c in counts])
            whole = float(values(np.ones((1, len(rows)), dtype=counts[0].dtype))[0])
            found.measures[measure] = interval(whole, drawn[found.name, measure], level)
        groups.append(found)
    large = [g for g in groups if not g.too_small]
    kept = np.isin(index, [i for i, g in enumerate(groups) if not g.too_small])
    gaps = []
    for measure, how in MEASURES.items() if len(large) > 1 else ():
        values = how.make(p[kept], target[kept], threshold)
        chance = regrouped(values, index[kept], draws=draws, seed=seed)
        at = {g.name: g.measures[measure].value for g in large}
        mine = {g.name: drawn[g.name, measure] for g in large}
        gaps.append(gap(measure, at, mine, chance, worst=how.worst, level=level))
    return Fairness(groups=tuple(groups), gaps=tuple(gaps))


def _check(
    probability: Float[np.ndarray, " a"],
    target: Bool[np.ndarray, " b"],
    group: Shaped[np.ndarray, " c"],
    threshold: float,
    minimum: int,
) -> Float[np.ndarray, " a"]:
    if not len(probability) == len(target) == len(group):
        raise ValueError(
            f"probability, target and group have lengths {len(probability)}, {len(target)} and "
            f"{len(group)}, expected one row per patient"
        )
    p = finite("probability", probability)
    if p.min() < 0 or p.max() > 1:
        raise ValueError(f"probabilities run from {p.min():g} to {p.max():g}, expected 0 to 1")
    if not 0 < threshold < 1 or minimum < 1:
        raise ValueError(
            f"threshold {threshold} and minimum {minimum}: expected between 0 and 1, and >= 1"
        )
    return p
