"""Statistics beside the libraries, in one run: interleaved, the best round of each, ratios.

    OMP_NUM_THREADS=1 python benchmarks/statistics.py            # a minute
    OMP_NUM_THREADS=1 python benchmarks/statistics.py --quick    # without it

A ratio is the peer's time over ours, in seconds of the processor, each from its best round: what
else the machine does only ever adds. Where the peer's time is extrapolated, from fewer draws than
ours made, the table says so.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from lifelines.utils import concordance_index
from sklearn.metrics import roc_auc_score
from sksurv.metrics import concordance_index_censored

from fusion.metrics.auc import auc
from fusion.metrics.concordance import concordance_pairs, harrell_c
from fusion.statistics.bootstrap import bootstrap
from fusion.statistics.delong import delong

DRAWS = 1000


@dataclass(frozen=True)
class Row:
    """One comparison."""

    what: str
    ours: float
    peer: float
    """Seconds, already multiplied where extrapolated."""
    goal: float
    """Peer / ours at least; below 1: ours at most 1 / goal times the peer."""
    note: str = ""


def interleaved(*functions: Callable[[], object], repeats: int) -> list[float]:
    """Least seconds of each, one after the other in each round; short ones several times."""
    inner = [max(1, int(0.01 / seconds(f, 1))) for f in functions]
    times = [[seconds(f, k) for f, k in zip(functions, inner, strict=True)] for _ in range(repeats)]
    return [float(x) for x in np.min(times, axis=0)]


def seconds(function: Callable[[], object], calls: int) -> float:
    start = time.process_time()
    for _ in range(calls):
        function()
    return (time.process_time() - start) / calls


def survival(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(n)
    risk = generator.normal(size=n)
    days = (generator.exponential(1000, n) * np.exp(-risk / 2)).round() + 1
    return risk, days, generator.random(n) < 0.5


def concordance(n: int, goal: float, *, with_sksurv: bool) -> list[Row]:
    risk, days, event = survival(n)
    rows = []
    ours, lifelines = interleaved(
        lambda: harrell_c(risk, days, event),
        lambda: concordance_index(days, -risk, event),
        repeats=15 if n < 50_000 else 7,
    )
    rows.append(Row(f"C, n = {n:,}, lifelines", ours, lifelines, 8))
    if with_sksurv:
        if n < 50_000:
            ours, sksurv = interleaved(
                lambda: harrell_c(risk, days, event),
                lambda: concordance_index_censored(event, days, risk),
                repeats=9,
            )
            note = ""
        else:
            start = time.process_time()
            counted = concordance_index_censored(event, days, risk, tied_tol=0)[1:4]
            sksurv, note = time.process_time() - start, "peer once"
            if counted != concordance_pairs(risk, days, event):
                raise AssertionError(f"pairs differ: {counted}")
        rows.append(Row(f"C, n = {n:,}, scikit-survival", ours, sksurv, goal, note))
    return rows


def resampling(n: int = 1000, peer_draws: int = 25) -> list[Row]:
    risk, days, event = survival(n)
    generator = np.random.default_rng(0)
    target = generator.random(n) < 0.4
    note = f"peer from {peer_draws} of {DRAWS:,} draws"

    def lifelines_loop() -> None:
        for _ in range(peer_draws):
            i = generator.integers(n, size=n)
            concordance_index(days[i], -risk[i], event[i])

    def sklearn_loop() -> None:
        for _ in range(peer_draws):
            i = generator.integers(n, size=n)
            roc_auc_score(target[i], risk[i])

    rows = []
    for what, statistic, arrays, loop, goal in (
        ("C, lifelines loop", harrell_c, (risk, days, event), lifelines_loop, 150),
        ("AUC, scikit-learn loop", auc, (risk, target), sklearn_loop, 80),
    ):
        ours, peer = interleaved(
            lambda s=statistic, a=arrays: bootstrap(s, a, draws=DRAWS, seed=0), loop, repeats=11
        )
        peer *= DRAWS / peer_draws
        rows.append(Row(f"bootstrap x {DRAWS:,}, n = {n:,}, {what}", ours, peer, goal, note))
    return rows


def covariance(n: int = 100_000) -> Row:
    generator = np.random.default_rng(0)
    target = generator.random(n) < 0.4
    scores = generator.normal(size=(2, n)) + target
    ours, peer = interleaved(
        lambda: delong(scores, target), lambda: roc_auc_score(target, scores[0]), repeats=9
    )
    return Row(f"DeLong of two, n = {n:,}, one roc_auc_score", ours, peer, 1 / 3)


def show(rows: list[Row]) -> bool:
    print(f"{'':58} {'ours':>10} {'peer':>10} {'ratio':>8} {'goal':>7}")
    missed = False
    for row in rows:
        ratio = row.peer / row.ours
        missed |= ratio < row.goal
        print(
            f"{row.what:58} {row.ours * 1e3:7.2f} ms {row.peer * 1e3:7.0f} ms {ratio:7.3g}x "
            f"{row.goal:6.3g}x {'' if ratio >= row.goal else 'MISSED '}{row.note}"
        )
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="no scikit-survival at 100,000")
    quick = parser.parse_args().quick
    rows = [
        *concordance(1_000, 20, with_sksurv=True),
        *concordance(10_000, 60, with_sksurv=True),
        *concordance(100_000, 500, with_sksurv=not quick),
        *resampling(),
        covariance(),
    ]
    return int(show(rows))


if __name__ == "__main__":
    raise SystemExit(main())
