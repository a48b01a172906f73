"""What every scheme is made of: who takes part, how many, and a stratified division."""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from fusion.data.cohort import Cohort
from fusion.data.sheet import nearest
from fusion.data.split import Split, named
from fusion.data.splitting.stratification import iterative_stratification
from fusion.data.targets import TIME
from fusion.errors import SplitError
from fusion.types import PatientId

CENTER = "center"
"""Stratifying on this name is stratifying on the centre."""


def eligible(cohort: Cohort, patients: Collection[PatientId]) -> tuple[PatientId, ...]:
    """The patients who take part, sorted, so that a division never depends on their order.

    Raises:
        SplitError: where the cohort lacks one of them, or there is none.
    """
    unknown = set(patients) - cohort.centers.keys()
    if unknown:
        raise SplitError(f"cohort {cohort.name} does not have {named(unknown)}")
    if not patients:
        raise SplitError(f"no patient of cohort {cohort.name} can take part; nothing to divide")
    return tuple(sorted(set(patients)))


def generator(seed: int, *key: int) -> np.random.Generator:
    """Independent randomness for every combination of seed and key.

    Raises:
        SplitError: for a seed below zero.
    """
    if seed < 0:
        raise SplitError(f"seed {seed} is below zero; give 0 or more")
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def size(count: int, fraction: float, name: str) -> int:
    """How many of `count` patients a fraction is, rounded; 0 only for a fraction of 0.

    Raises:
        SplitError: for a fraction outside [0, 1), or so small that it is nobody.

    Example:
        >>> size(10, 0.25, "val_fraction")
        3
    """
    if not 0 <= fraction < 1:
        raise SplitError(f"{name} is {fraction}, expected 0 or more, and below 1")
    rounded = int(count * fraction + 0.5)
    if fraction > 0 and rounded == 0:
        raise SplitError(f"{name} {fraction} of {count} patients is nobody; raise it or set it 0")
    return rounded


def divide(
    cohort: Cohort,
    patients: Sequence[PatientId],
    sizes: Sequence[int],
    stratify: Sequence[str],
    rng: np.random.Generator,
) -> list[frozenset[PatientId]]:
    """Parts of these sizes, balanced on columns of the targets, and on `center` where asked.

    A label that is not known is allowed and counts for nothing.

    Raises:
        SplitError: for a column that the cohort does not have, or a time.
    """
    columns = [_labels(cohort, patients, name) for name in stratify]
    table = pd.concat(columns, axis=1) if columns else pd.DataFrame(index=range(len(patients)))
    parts = iterative_stratification(table.to_numpy(dtype=bool), sizes, rng)
    return [
        frozenset(p for p, mine in zip(patients, parts, strict=True) if mine == part)
        for part in range(len(sizes))
    ]


def _labels(cohort: Cohort, patients: Sequence[PatientId], name: str) -> pd.DataFrame:
    if name == CENTER:
        return pd.get_dummies(pd.Series([cohort.centers[p] for p in patients]), dtype=bool)
    if name not in cohort.targets:
        valid = [CENTER, *(str(c) for c in cohort.targets if not str(c).endswith(TIME))]
        hint = nearest(name, valid) or f"; it has {', '.join(valid)}"
        raise SplitError(f"cannot stratify on {name!r}: cohort {cohort.name} lacks it{hint}")
    if name.endswith(TIME):
        event = name.removesuffix(TIME) + "_event"
        raise SplitError(f"cannot stratify on the time {name!r}; stratify on {event!r}")
    values = cohort.targets.loc[list(patients), name].reset_index(drop=True)
    return pd.get_dummies(values, dtype=bool)


def result(
    cohort: Cohort,
    scheme: str,
    *,
    train: frozenset[PatientId],
    val: frozenset[PatientId],
    test: frozenset[PatientId],
    external: frozenset[PatientId] = frozenset(),
) -> Split:
    """A split bound to the cohort, everybody without a part being unused.

    Raises:
        SplitError: where nobody is left to train on.
    """
    if not train:
        raise SplitError(f"nobody is left to train on: {scheme}")
    unused = frozenset(cohort.centers.keys() - (train | val | test | external))
    return Split(train, val, test, external, scheme=scheme, unused=unused).bind(cohort)


def shared_out(val: float, test: float) -> str:
    """What becomes of patients that are divided by shares, in words.

    Example:
        >>> shared_out(0.2, 0.15)
        '20 % of the patients choose the epoch (validation), 15 % test, the rest trains'
        >>> shared_out(0.0, 0.25)
        '25 % of the patients test, the rest trains'
    """
    shares = {"choose the epoch (validation)": val, "test": test}
    found = [(share, what) for what, share in shares.items() if share]
    said = [
        f"{100 * share:g} %{'' if i else ' of the patients'} {what}"
        for i, (share, what) in enumerate(found)
    ]
    return ", ".join([*said, "the rest trains" if said else "all patients train"])


def balanced(stratify: Sequence[str], seed: int) -> str:
    """How they were dealt out, in words.

    Example:
        >>> balanced(["idh", "center"], 0)
        'balanced by idh and center, seed 0'
    """
    by = f"balanced by {listed(stratify)}" if stratify else "at random"
    return f"{by}, seed {seed}"


def listed(names: Sequence[str]) -> str:
    """Names in a sentence.

    Example:
        >>> listed(["A"]), listed(["A", "B", "C"])
        ('A', 'A, B and C')
    """
    return " and ".join([*([", ".join(names[:-1])] if names[1:] else []), *names[-1:]])
