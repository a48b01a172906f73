"""Does a test save readers time? A mixed model of the logarithm of reading time."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t
from statsmodels.regression.mixed_linear_model import MixedLM
from statsmodels.tools.sm_exceptions import ConvergenceWarning

from fusion.errors import UndefinedMetric

COLUMNS = ("test", "reader", "case", "time_s")


@dataclass(frozen=True)
class ReadingTime:
    """One test against the reference."""

    test: str
    reference: str
    ratio: float
    """Of times; 0.8 is a fifth less."""
    low: float
    high: float
    p: float
    """Two-sided, of a ratio of 1; t on readers - 1."""
    seconds: float
    """Saved (below 0) or lost on a reading of the reference's geometric mean."""
    reference_s: float
    """That geometric mean."""
    sd: dict[str, float]
    """On the logarithm: between readers, cases, readers' gains, and what is left."""
    notes: tuple[str, ...]
    """What the fit complained of, such as a variance at 0; empty where nothing."""


def reading_time(
    table: pd.DataFrame,
    *,
    reference: str,
    covariates: Sequence[str] = (),
    level: float = 0.95,
) -> ReadingTime:
    """Ratio of reading times of two tests, for other readers and other cases.

    ln time = a + b test + covariates + reader + case + (reader x test) + error, by restricted
    maximum likelihood. The reader's own gain is random too: without it a few readers with many
    cases look like much evidence. Its few readers are why b is held against t on readers - 1, and
    not against the normal.

    Args:
        table: a row for each reading: test (two of them), reader, case, time_s, and covariates.
        reference: the test that the other is compared with.
        covariates: numeric columns to adjust for: the period and the order of a crossover.
        level: of the interval.

    Raises:
        UndefinedMetric: with fewer than two readers, or where the model cannot be fitted.
        ValueError: for a column that is missing, other than two tests, a time that is not above 0,
            or a value that is not a finite number.

    Source: Baayen, Davidson and Bates 2008 (crossed readers and cases); log time as is usual.

    Example:
        >>> generator = np.random.default_rng(0)
        >>> rows = pd.MultiIndex.from_product([["no", "AI"], list("ABCD"), range(12)])
        >>> table = rows.to_frame(index=False, name=["test", "reader", "case"])
        >>> noise = generator.normal(size=len(table)) * 0.1
        >>> table["time_s"] = 60 * np.where(table["test"] == "AI", 0.8, 1.0) * np.exp(noise)
        >>> 0.75 < reading_time(table, reference="no").ratio < 0.85
        True
    """
    other = _check(table, reference, covariates)
    frame = table.assign(
        log_time=np.log(table["time_s"].astype(float)),
        shown=(table["test"] == other).astype(float),
        gain=table["reader"].astype(str) + " with " + table["test"].astype(str),
        everybody=1,
    )
    readers = frame["reader"].nunique()
    model = MixedLM.from_formula(
        " + ".join(["log_time ~ shown", *(f"Q({c!r})" for c in covariates)]),
        data=frame,
        groups="everybody",
        re_formula="0",
        vc_formula={
            "reader": "0 + C(reader)",
            "case": "0 + C(case)",
            "gain": "0 + C(gain)",
        },
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        # gradient methods stop short of a variance of 0, with an error that is far too large
        fit = model.fit(reml=True, method=["powell"])
    if not fit.converged:
        raise UndefinedMetric(f"the model of reading times did not converge on {len(table)} rows")
    # statsmodels calls a variance below 0.01 a boundary, which it need not be for logarithms
    notes = [
        str(w.message)
        for w in caught
        if issubclass(w.category, ConvergenceWarning) and "boundary" not in str(w.message)
    ]
    b, se = float(fit.fe_params["shown"]), float(fit.bse_fe["shown"])
    half = float(t.ppf((1 + level) / 2, readers - 1)) * se
    mean_s = float(np.exp(frame.loc[frame["shown"] == 0, "log_time"].mean()))
    names = [*model.exog_vc.names, "error"]
    variances = [*np.atleast_1d(fit.vcomp), fit.scale]
    notes += [f"variance of {n} is 0" for n, v in zip(names, variances, strict=True) if v < 1e-8]
    return ReadingTime(
        test=other,
        reference=reference,
        ratio=float(np.exp(b)),
        low=float(np.exp(b - half)),
        high=float(np.exp(b + half)),
        p=float(2 * t.sf(abs(b) / se, readers - 1)),
        seconds=mean_s * (float(np.exp(b)) - 1),
        reference_s=mean_s,
        sd={name: float(np.sqrt(v)) for name, v in zip(names, variances, strict=True)},
        notes=tuple(dict.fromkeys(notes)),
    )


def _check(table: pd.DataFrame, reference: str, covariates: Sequence[str]) -> str:
    missing = [c for c in (*COLUMNS, *covariates) if c not in table.columns]
    if missing:
        raise ValueError(f"no column {missing}, found {list(table.columns)}")
    tests = sorted(str(x) for x in table["test"].unique())
    if len(tests) != 2 or reference not in tests:
        raise ValueError(f"tests are {tests}, expected two of which {reference!r} is one")
    for column in ("time_s", *covariates):
        values = pd.to_numeric(table[column], errors="coerce")
        bad = ~np.isfinite(values) | ((values <= 0) & (column == "time_s"))
        if bad.any():
            first = int(np.argmax(bad.to_numpy()))
            value, reader, case = (table[c].iloc[first] for c in (column, "reader", "case"))
            raise ValueError(
                f"{int(bad.sum())} of {len(table)} values of {column} are no numbers to go by, the "
                f"first is {value} by reader {reader} of case {case}; expected finite numbers, "
                f"times above 0"
            )
    if table["reader"].nunique() < 2:
        raise UndefinedMetric("one reader: nothing is known of others, two or more are needed")
    return next(x for x in tests if x != reference)
