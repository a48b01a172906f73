"""Reader studies: printed analyses of others, definitions, and error rates in simulation."""

import json
from inspect import unwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from fusion.errors import UndefinedMetric
from fusion.metrics.auc import auc
from fusion.statistics.model_against_readers import model_against_readers
from fusion.statistics.obuchowski_rockette import obuchowski_rockette, single_test
from fusion.statistics.reader_components import ErrorCovariances
from fusion.statistics.reader_estimates import (
    ReaderEstimates,
    delong_estimates,
    jackknife_auc_estimates,
    jackknife_estimates,
)
from fusion.statistics.reader_power import cases_needed, reader_power
from fusion.statistics.reader_table import crossed
from fusion.statistics.roe_metz import STRUCTURES, Structure, roe_metz

SHARED = Path(__file__).resolve().parents[2] / "../shared"
METHODS = {"jackknife": jackknife_auc_estimates, "delong": delong_estimates}


def closed_form():
    """The data of mrmc_synth_golden.json, from the formula that it states."""
    t, r, c = np.indices((2, 4, 30))
    y = np.isin(c % 5, (0, 2))
    extra = np.where((c + r) % 7 == 0, 0, 1)
    rating = 1 + (7 * c + 11 * r + 5 * t + 3 * c * r + 2 * c * t) % 4 + (2 + t) * y * extra
    return rating.astype(float), y[0, 0]


def van_dyke():
    path = SHARED / "data/reader_study/vandyke.csv"
    if not path.exists():
        pytest.skip(f"no {path}: the reader study is not on this machine")
    table = pd.read_csv(path).rename(columns={"treatment": "test"})
    found = crossed(table, value="rating")
    return found.values, found.truth


@pytest.mark.parametrize("method", list(METHODS))
@pytest.mark.parametrize(
    ("data", "golden"),
    [(van_dyke, "vandyke_golden.json"), (closed_form, "mrmc_synth_golden.json")],
)
def test_golden_analyses(data, golden, method):
    ratings, truth = data()
    path = SHARED / "golden" / golden
    if not path.exists():
        pytest.skip(f"no {path}: the golden numbers are not on this machine")
    expected = json.loads(path.read_text())[method]
    estimates = METHODS[method](ratings, truth)
    study = obuchowski_rockette(estimates)
    assert estimates.values == pytest.approx(np.array(expected["theta"]), abs=1e-12)
    random, fixed, cases = study.random_readers, study.fixed_readers, study.fixed_cases
    difference = random.contrasts[0]
    found = {
        "MST": study.squares.test,
        "MSR": study.squares.reader,
        "MSTR": study.squares.interaction,
        "cov1": study.errors.cov1,
        "cov2": study.errors.cov2,
        "cov3": study.errors.cov3,
        "var_err": study.errors.variance,
        "F": random.statistic,
        "ddf": random.df_error,
        "p": random.p,
        "diff": difference.value,
        "se": difference.se,
        "sigma2_R": study.reader_variance,
        "sigma2_TR": study.interaction_variance,
    }
    assert found == pytest.approx({k: expected[k] for k in found}, rel=1e-9)
    assert (difference.low, difference.high) == pytest.approx(expected["ci"], rel=1e-7)
    assert (fixed.statistic, fixed.p, fixed.contrasts[0].se) == pytest.approx(
        [expected["FRRC"][k] for k in ("chi2", "p", "se")], rel=1e-9
    )
    ends = (fixed.contrasts[0].low, fixed.contrasts[0].high)
    assert ends == pytest.approx(expected["FRRC"]["ci"], rel=1e-7)
    assert (cases.statistic, cases.df_error, cases.p, cases.contrasts[0].se) == pytest.approx(
        [expected["RRFC"][k] for k in ("F", "df2", "p", "se")], rel=1e-9
    )
    for one, its in zip(study.single, expected["single"], strict=True):
        assert (one.value, one.se, one.df) == pytest.approx([its[k] for k in ("auc", "se", "df")])
        assert (one.low, one.high) == pytest.approx(its["ci"], rel=1e-7)


def test_printout_of_van_dyke():
    # OR-DBM MRMC 2.51, as RJafroc ships it (inst/Iowa/VanDyke.txt), to the printed digits
    study = obuchowski_rockette(jackknife_auc_estimates(*van_dyke()))
    one, difference = study.random_readers, study.random_readers.contrasts[0]
    assert (round(one.statistic, 4), round(one.df_error, 4)) == (4.4563, 15.2597)
    assert round(one.p, 5) == 0.05167
    assert [round(x, 5) for x in (difference.value, difference.se)] == [-0.0438, 0.02075]
    assert [round(x, 8) for x in (study.squares.test, study.squares.reader)] == [
        0.00479617,
        0.00383620,
    ]
    assert (round(study.errors.cov1, 8), round(study.errors.cov3, 8)) == (0.00034661, 0.00023903)


def test_clamp_is_active_in_the_closed_form():
    # cov2 < cov3: the error term is MS(TR) alone, on its own degrees of freedom
    study = obuchowski_rockette(jackknife_auc_estimates(*closed_form()))
    assert study.errors.cov2 < study.errors.cov3
    assert study.random_readers.df_error == pytest.approx(3)
    assert study.random_readers.p == pytest.approx(study.fixed_cases.p)


def test_jackknife_by_placements_equals_leaving_out_each_case():
    ratings, truth = closed_form()
    fast, slow = jackknife_auc_estimates(ratings, truth), jackknife_estimates(ratings, truth, auc)
    assert fast.values == pytest.approx(slow.values)
    assert fast.covariance == pytest.approx(slow.covariance, abs=1e-15)


def test_jackknife_of_a_mean_is_its_textbook_error():
    minutes = np.random.default_rng(0).normal(size=(1, 2, 25))
    found = jackknife_estimates(minutes, np.arange(25) < 5, lambda x, _: float(x.mean()))
    expected = np.cov(minutes[0]) / 25
    assert found.covariance.reshape(2, 2) == pytest.approx(expected)


def test_order_of_tests_readers_and_cases_does_not_matter():
    ratings, truth = closed_form()
    a = obuchowski_rockette(delong_estimates(ratings, truth)).random_readers
    order = np.random.default_rng(0).permutation(30)
    turned = ratings[::-1, ::-1][:, :, order]
    b = obuchowski_rockette(delong_estimates(turned, truth[order])).random_readers
    assert (a.statistic, a.df_error, a.p) == pytest.approx((b.statistic, b.df_error, b.p))
    assert a.contrasts[0].value == pytest.approx(-b.contrasts[0].value)


def test_three_tests_have_three_contrasts():
    generator = np.random.default_rng(0)
    study = roe_metz(
        (0.7, 0.8, 0.9),
        structure=STRUCTURES["HL"],
        readers=8,
        diseased=150,
        healthy=150,
        generator=generator,
    )
    found = obuchowski_rockette(delong_estimates(study.ratings, study.truth)).random_readers
    assert [(c.first, c.second) for c in found.contrasts] == [(0, 1), (0, 2), (1, 2)]
    assert found.df == 2
    assert found.contrasts[1].p < 0.01


def test_simulated_ratings_have_the_planted_variances_and_aucs():
    structure = Structure(0.3, 0.1, 0.2, 0.4, 0.0, 0.0)
    study = roe_metz(
        (0.8, 0.9),
        structure=structure,
        readers=3,
        diseased=20_000,
        healthy=20_000,
        generator=np.random.default_rng(0),
    )
    healthy = study.ratings[:, :, ~study.truth].reshape(6, -1)
    covariance = np.cov(healthy)
    assert covariance[0, 0] == pytest.approx(1.0, abs=0.03)
    assert covariance[0, 1] == pytest.approx(0.3 + 0.1, abs=0.03)  # two readers, one test
    assert covariance[0, 3] == pytest.approx(0.3 + 0.2, abs=0.03)  # one reader, two tests
    assert covariance[0, 4] == pytest.approx(0.3, abs=0.03)
    for test, planted in enumerate((0.8, 0.9)):
        assert auc(study.ratings[test, 0], study.truth) == pytest.approx(planted, abs=0.01)
    for name in STRUCTURES.values():
        assert name.case + name.test_case + name.reader_case + name.error == pytest.approx(1)


def studies(seed, runs, aucs, structure, readers=5, diseased=50, healthy=50):
    generator = np.random.default_rng(seed)
    for _ in range(runs):
        study = roe_metz(
            aucs,
            structure=STRUCTURES[structure],
            readers=readers,
            diseased=diseased,
            healthy=healthy,
            generator=generator,
        )
        yield jackknife_auc_estimates(study.ratings, study.truth)


@pytest.mark.slow
@pytest.mark.parametrize(("structure", "runs", "within"), [("HL", 1000, 0.015), ("LH", 400, 0.025)])
def test_false_alarms_are_as_rare_as_they_should_be(structure, runs, within):
    small = [
        obuchowski_rockette(e).random_readers.p < 0.05
        for e in studies(1, runs, (0.855, 0.855), structure)
    ]
    # a little over two binomial standard errors, of 0.0069 and 0.0109
    assert np.mean(small) == pytest.approx(0.05, abs=within)


@pytest.mark.slow
def test_intervals_of_single_tests_cover():
    # the mean over readers and cases is Phi(mu / √(2 + 2 (reader + test x reader variance)))
    structure = STRUCTURES["LH"]
    mu = np.sqrt(2) * norm.ppf(0.855)
    truth = norm.cdf(mu / np.sqrt(2 + 2 * (structure.reader + structure.test_reader)))
    inside = []
    for estimates in studies(2, 400, (0.855, 0.855), "LH"):
        one = single_test(estimates, 0)
        inside.append(one.low <= truth <= one.high)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.033)  # three standard errors of .011


@pytest.mark.slow
def test_power_is_what_the_formula_says():
    runs, pilots = 400, []
    for estimates in studies(3, 60, (0.80, 0.80), "HL", readers=6, diseased=100, healthy=100):
        study = obuchowski_rockette(estimates)
        errors, interaction = study.errors, study.interaction_variance
        pilots.append((errors.variance, errors.cov1, errors.cov2, errors.cov3, interaction))
    *errors, interaction = np.mean(pilots, axis=0)
    found = [
        (obuchowski_rockette(e).random_readers, e.values.mean(axis=1))
        for e in studies(4, runs, (0.77, 0.83), "HL", readers=6)
    ]
    planned = reader_power(
        float(np.mean([v[1] - v[0] for _, v in found])),
        ErrorCovariances(*map(float, errors)),
        interaction_variance=float(interaction),
        pilot_cases=200,
        readers=6,
        cases=100,
    )
    reached = np.mean([one.p < 0.05 for one, _ in found])
    # three standard errors of 0.025, and components that grow a little away from AUC 0.8
    assert 0.3 < planned < 0.9
    assert reached == pytest.approx(planned, abs=0.09)


def test_more_of_anything_is_more_power():
    errors = ErrorCovariances(8e-4, 3.5e-4, 3.4e-4, 2.4e-4)
    plan = {"interaction_variance": 2e-4, "pilot_cases": 114, "readers": 5, "cases": 100}

    def power(difference=0.05, **changed):
        return reader_power(difference, errors, **{**plan, **changed})

    assert power(0.0) == pytest.approx(0.05)
    assert power() < min(power(0.06), power(readers=6), power(cases=120))
    assert power() == pytest.approx(power(-0.05))
    assert power(interaction_variance=-1.0) == power(interaction_variance=0.0)
    n = cases_needed(0.05, errors, interaction_variance=2e-4, pilot_cases=114, readers=5)
    assert power(cases=n) >= 0.8 > power(cases=n - 1)
    # readers who differ this much cannot be outvoted by cases
    assert cases_needed(0.05, errors, interaction_variance=5e-3, pilot_cases=99, readers=5) is None


def single_modality(seed, cases, diseased, readers, mu, reader_sd, correlation):
    """Draws in the order of Google's simulator, whose results RJafroc analysed."""
    random = np.random.RandomState(seed)
    truth = np.arange(cases) < diseased
    case = random.randn(cases)
    rows = []
    for _ in range(readers):
        healthy, ill = reader_sd * random.randn(2)
        error = np.sqrt(1 - correlation**2) * random.randn(cases)
        rows.append(mu * truth + np.where(truth, ill, healthy) + correlation * case + error)
    return mu * truth + case, np.stack(rows), truth


def test_model_against_readers_as_rjafroc_has_it():
    # numbers of RJafroc, from reader_study_test.py of google-health/analysis (Apache 2.0)
    model, readers, truth = single_modality(1987, 1000, 200, 10, 1.0, 0.075, 0.6)
    found = model_against_readers(model, readers, truth, margin=0.05)
    assert found.value == pytest.approx(-0.00584125, abs=5e-9)
    assert found.p == pytest.approx(0.6560453, abs=5e-8)
    assert (found.low, found.high) == pytest.approx((-0.03233184, 0.02064934), abs=5e-9)
    assert found.df == pytest.approx(31.00905, abs=5e-6)
    assert found.non_inferior_p < 0.01
    assert found.model - found.readers == pytest.approx(found.value)


def test_model_against_readers_is_a_study_with_the_model_as_every_reader():
    # cov1 and cov3 are alike then, so that the two analyses are one
    model, readers, truth = single_modality(3, 120, 50, 5, 1.2, 0.3, 0.6)
    found = model_against_readers(model, readers, truth, margin=0.0)
    ratings = np.stack([np.tile(model, (5, 1)), readers])
    study = obuchowski_rockette(jackknife_auc_estimates(ratings, truth)).random_readers
    other = study.contrasts[0]
    assert (found.value, found.se, found.df) == pytest.approx(
        (other.value, other.se, study.df_error)
    )
    assert found.p == pytest.approx(other.p)
    assert found.non_inferior_p == pytest.approx(
        found.p / 2 if found.value > 0 else 1 - found.p / 2
    )
    delong = model_against_readers(model, readers, truth, margin=0.0, estimate=delong_estimates)
    assert delong.se == pytest.approx(found.se, rel=0.02)


@pytest.mark.slow
def test_a_model_worse_by_the_margin_is_seldom_called_no_worse():
    generator = np.random.default_rng(0)
    runs, small, truth = 400, [], np.arange(100) < 50
    target, worse = 0.85, 0.80
    for _ in range(runs):
        study = roe_metz(
            (target,),
            structure=STRUCTURES["LL"],
            readers=6,
            diseased=50,
            healthy=50,
            generator=generator,
        )
        model = np.sqrt(2) * norm.ppf(worse) * truth + generator.normal(size=100)
        variance = STRUCTURES["LL"].reader + STRUCTURES["LL"].test_reader
        mean = norm.cdf(norm.ppf(target) / np.sqrt(1 + variance))
        found = model_against_readers(
            model, study.ratings[0], study.truth, margin=float(mean - worse)
        )
        small.append(found.non_inferior_p < 0.05)
    assert np.mean(small) == pytest.approx(0.05, abs=0.033)  # three standard errors of 0.011


def long_table():
    ratings, truth = closed_form()
    t, r, c = (i.ravel() for i in np.indices(ratings.shape))
    return pd.DataFrame(
        {"test": t, "reader": r, "case": c, "truth": truth[c].astype(int), "x": ratings.ravel()}
    )


def test_a_table_is_arranged_whatever_its_order():
    ratings, truth = closed_form()
    found = crossed(long_table().sample(frac=1, random_state=0), value="x")
    assert (found.values == ratings).all()
    assert (found.truth == truth).all()
    assert found.readers == ("0", "1", "2", "3")


def test_tables_that_are_not_crossed_are_refused():
    table = long_table()
    with pytest.raises(ValueError, match=r"no column \['time'\]"):
        crossed(table, value="time")
    with pytest.raises(ValueError, match="1 readings are missing, the first by reader 0 of case 0"):
        crossed(table[1:], value="x")
    with pytest.raises(ValueError, match="read twice; the first by reader 0 of case 0 with test 0"):
        crossed(pd.concat([table, table[:1]]), value="x")
    with pytest.raises(
        ValueError, match="x is not a finite number; the first by reader 0 of case 3"
    ):
        crossed(table.assign(x=table["x"].mask(table.index == 3)), value="x")
    with pytest.raises(ValueError, match="truth is not 0 or 1"):
        crossed(table.assign(truth=2), value="x")
    with pytest.raises(ValueError, match="case 3 has two truths"):
        crossed(table.assign(truth=table["truth"].where(table.index != 3, 1)), value="x")


def test_refusals():
    ratings, truth = closed_form()
    estimates = delong_estimates(ratings, truth)
    few = ReaderEstimates(estimates.values[:, :1], estimates.covariance[:, :1, :, :1], 30)
    with pytest.raises(UndefinedMetric, match="found 2 tests and 1 readers, expected two of each"):
        obuchowski_rockette(few)
    with pytest.raises(UndefinedMetric, match="test 0: 1 reader, expected two or more"):
        single_test(few, 0)
    same = ReaderEstimates(np.full((2, 4), 0.8), estimates.covariance, 30)
    with pytest.raises(UndefinedMetric, match=r"MS\(TR\) is 0"):
        obuchowski_rockette(same)
    none = ReaderEstimates(np.full((1, 2), 0.8), np.zeros((1, 2, 1, 2)), 30)
    with pytest.raises(UndefinedMetric, match=r"all readers and cases agree, 0.8 throughout"):
        single_test(none, 0)
    with pytest.raises(UndefinedMetric, match="found 1 diseased and 29 not"):
        jackknife_auc_estimates(ratings, np.arange(30) < 1)
    with pytest.raises(ValueError, match="ratings of 30 cases and the truth of 29"):
        unwrap(delong_estimates)(ratings, truth[1:])
    broken = ratings.copy()
    broken[1, 2, 3] = np.nan
    with pytest.raises(ValueError, match="rating of test 1, reader 2, case 3 is nan"):
        delong_estimates(broken, truth)
    model, readers = ratings[0, 0], ratings[1]
    with pytest.raises(ValueError, match=r"margin -0.1: expected 0 or more"):
        model_against_readers(model, readers, truth, margin=-0.1)
    with pytest.raises(UndefinedMetric, match="1 reader, expected two or more"):
        model_against_readers(model, readers[:1], truth, margin=0.0)
    with pytest.raises(UndefinedMetric, match="all 3 readers have the same figure"):
        model_against_readers(model, np.tile(readers[:1], (3, 1)), truth, margin=0.0)
    with pytest.raises(ValueError, match=r"aucs \(0.8, 1.0\): expected between"):
        roe_metz(
            (0.8, 1.0),
            structure=STRUCTURES["HL"],
            readers=2,
            diseased=2,
            healthy=2,
            generator=np.random.default_rng(0),
        )


def test_power_refuses():
    errors = ErrorCovariances(8e-4, 3.5e-4, 3.4e-4, 2.4e-4)
    plan = {"interaction_variance": 2e-4, "pilot_cases": 114, "cases": 100}
    with pytest.raises(ValueError, match="readers 1, cases 100, pilot_cases 114"):
        reader_power(0.05, errors, readers=1, **plan)
    with pytest.raises(ValueError, match=r"alpha 0.0: expected between"):
        reader_power(0.05, errors, readers=5, alpha=0.0, **plan)
    with pytest.raises(ValueError, match="do not belong to one study of two tests"):
        reader_power(0.05, ErrorCovariances(1e-4, 5e-4, 0.0, 0.0), readers=5, **plan)
