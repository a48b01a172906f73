"""Reading time: equal to the analysis of variance where that exists, planted ratio, refusals."""

import numpy as np
import pandas as pd
import pytest

from fusion.errors import UndefinedMetric
from fusion.statistics.reading_time import reading_time


def readings(seed, *, ratio=0.8, readers=6, cases=20, gain_sd=0.15):
    generator = np.random.default_rng(seed)
    index = pd.MultiIndex.from_product(
        [["alone", "aided"], range(readers), range(cases)], names=["test", "reader", "case"]
    )
    table = index.to_frame(index=False)
    aided = table["test"].eq("aided").to_numpy(int)
    reader, case = table["reader"].to_numpy(), table["case"].to_numpy()
    log_time = (
        np.log(90)
        + np.log(ratio) * aided
        + 0.3 * generator.normal(size=readers)[reader]
        + 0.4 * generator.normal(size=cases)[case]
        + gain_sd * generator.normal(size=(2, readers))[aided, reader]
        + 0.2 * generator.normal(size=len(table))
    )
    return table.assign(time_s=np.exp(log_time))


def test_balanced_studies_are_the_analysis_of_variance():
    # with every cell filled and no variance at its edge, restricted maximum likelihood is the
    # paired t-test of the readers' mean logarithms
    table = readings(1)
    found = reading_time(table, reference="alone")
    assert found.notes == ()
    means = np.log(table["time_s"]).groupby([table["reader"], table["test"]]).mean().unstack()
    gain = means["aided"] - means["alone"]
    se = gain.std(ddof=1) / np.sqrt(len(gain))
    assert np.log(found.ratio) == pytest.approx(gain.mean(), abs=1e-6)
    width = np.log(found.high / found.low) / 2
    assert width == pytest.approx(2.5706 * se, rel=2e-3)  # t table, 5 degrees of freedom


def test_planted_ratio_is_covered_and_seconds_follow():
    inside = 0
    for seed in range(12):
        found = reading_time(readings(seed), reference="alone")
        inside += found.low <= 0.8 <= found.high
    assert inside >= 9  # 0.95 of 12 less three standard errors of 0.75
    assert found.seconds == pytest.approx(found.reference_s * (found.ratio - 1))
    assert set(found.sd) == {"reader", "case", "gain", "error"}


def test_variances_are_recovered():
    found = reading_time(readings(1, readers=30, cases=20), reference="alone").sd
    assert found["error"] == pytest.approx(0.2, abs=0.01)
    assert found["case"] == pytest.approx(0.4, abs=0.2)  # a spread of 20 is known to 16 %
    assert found["reader"] == pytest.approx(0.3, abs=0.15)
    assert found["gain"] == pytest.approx(0.15, abs=0.05)


def test_exchanging_the_tests_inverts_the_ratio():
    table = readings(2)
    a, b = (reading_time(table, reference=name) for name in ("alone", "aided"))
    assert a.ratio == pytest.approx(1 / b.ratio)
    assert (a.low, a.p) == pytest.approx((1 / b.high, b.p), rel=1e-4)


def test_a_period_that_speeds_everybody_up_is_taken_out():
    table = readings(3, gain_sd=0.05)
    # half the readers are aided first; all are a third faster the second time
    first = table["test"].eq("aided") == table["reader"].lt(3)
    table = table.assign(period=1.0 - first)
    table["time_s"] *= np.where(first, 1.0, 0.67)
    uneven = table[(table["reader"] < 3) | (table["case"] < 5)]
    adjusted = reading_time(uneven, reference="alone", covariates=["period"])
    assert adjusted.ratio == pytest.approx(0.8, abs=0.08)
    assert adjusted.high - adjusted.low < 0.5 * np.subtract(
        *[getattr(reading_time(uneven, reference="alone"), k) for k in ("high", "low")]
    )


def test_the_optimum_is_found_at_the_edge():
    # gradient methods of statsmodels 0.15 end at an error of 0.045 on these; the readers' own
    # gains differ by 0.025, and what is left by no more than 0.027
    found = reading_time(readings(0), reference="alone")
    assert found.notes == ("variance of gain is 0",)
    assert np.log(found.high / found.low) / 2 / 2.5706 == pytest.approx(0.0271, abs=1e-3)


def test_a_variance_of_nothing_is_noted():
    table = readings(4, gain_sd=0.0)
    # readers gain exactly alike: not even by chance
    log_time = np.log(table["time_s"])
    cell = log_time.groupby([table["reader"], table["test"]]).transform("mean")
    table["time_s"] = np.exp(log_time - cell + table["test"].eq("alone") * 0.2)
    assert "variance of gain is 0" in reading_time(table, reference="alone").notes


def test_refusals():
    table = readings(0, readers=2, cases=3)
    with pytest.raises(ValueError, match=r"no column \['time_s'\]"):
        reading_time(table.drop(columns="time_s"), reference="alone")
    with pytest.raises(ValueError, match=r"expected two of which 'other' is one"):
        reading_time(table, reference="other")
    with pytest.raises(ValueError, match=r"1 of 12 values of time_s .* by reader 0 of case 2"):
        reading_time(
            table.assign(time_s=table["time_s"].where(table.index != 2, 0.0)), reference="alone"
        )
    with pytest.raises(ValueError, match="12 of 12 values of period"):
        reading_time(table.assign(period="x"), reference="alone", covariates=["period"])
    with pytest.raises(UndefinedMetric, match="one reader: nothing is known of others"):
        reading_time(table[table["reader"] == 0], reference="alone")
