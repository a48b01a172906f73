"""The rule, the correction and the verdicts, on fields whose truth is known."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from fusion.compare.entrants import Entrant, Field
from fusion.compare.family import compare
from fusion.compare.measure import Found, strongest
from fusion.compare.pairs import pair_up
from fusion.compare.row import STRONGEST, Row
from fusion.compare.rule import BOTH, CORRECTED_T, DELONG, PATIENTS, which
from fusion.errors import ConfigError
from fusion.metrics.auc import auc
from fusion.report.scores import Scores
from fusion.report.tasks import TaskInfo
from fusion.statistics.delong import paired_delong
from fusion.statistics.nadeau_bengio import corrected_t

SHARES = {"test": 0.25, "external": 1.0}
SURVIVAL = TaskInfo("survival", "survival", horizons_days=(365.0,))


@pytest.fixture(autouse=True)
def _no_collection(monkeypatch):
    """Statsmodels collects garbage at each correction, which takes most of the time here."""
    monkeypatch.setattr("gc.collect", lambda: 0)


def family(field, references=("late",), draws=1000):
    return compare(field, references=references, shares=SHARES, draws=draws, seed=0)


def row(found, model, versus="", part="test"):
    return next(r for r in found.rows if (r.model, r.versus, r.part) == (model, versus, part))


NULL = {"clinical": 1.0, "late": 1.0, "early": 1.0}


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"folds": 3}, CORRECTED_T),
        ({"folds": 3, "task": SURVIVAL}, CORRECTED_T),
        ({"folds": 1}, DELONG),
        ({"folds": 1, "seeds": 2}, DELONG),
        ({"folds": 1, "task": SURVIVAL}, PATIENTS),
        ({"folds": 1, "part": "external"}, DELONG),
        ({"folds": 3, "part": "external"}, BOTH),
    ],
)
def test_the_design_alone_chooses_the_test(make_field, changes, rule):
    field = make_field(0, NULL, n=30, **changes)
    assert which(pair_up(field.task, field.heads[0], field.clinical)) == rule


def test_over_folds_it_is_nadeau_and_bengio_of_the_seeds_means(make_field):
    field = make_field(1, NULL, folds=4, seeds=2)
    late = next(h for h in field.heads if h.name == "late")

    def value(scores):
        return np.mean([auc(s.values[:, 1], s.target == 1) for s in scores])

    gaps = [value(late.cells[f]) - value(field.clinical.cells[f]) for f in late.cells]
    expected = corrected_t(np.array(gaps), test_share=0.25)
    found = row(family(field), "late", "clinical")
    assert (found.value, found.low, found.high) == (expected.value, expected.low, expected.high)
    assert list(found.per_fold.values()) == gaps
    alone = row(family(field), "late")
    spread = [np.var([value([s]) for s in late.cells[f]], ddof=1) for f in late.cells]
    assert alone.noise == pytest.approx(np.sqrt(np.mean(spread)))


def test_one_division_is_delong(make_field):
    field = make_field(2, NULL)
    ours, theirs = (e.cells["fold 0"][0] for e in (field.heads[0], field.clinical))
    expected = paired_delong(ours.values[:, 1], theirs.values[:, 1], ours.target == 1)
    found = row(family(field), field.heads[0].name, "clinical")
    assert found.value == pytest.approx(expected.value)
    assert found.low == pytest.approx(expected.low)


def test_a_golden_table():
    """AUCs by hand: of 4 x 4 pairs 16, 15 and 5 are in order; Holm by hand from DeLong's p."""
    who = {"cohort": ["c"] * 8, "patient_id": list("abcdefgh"), "center": ["A"] * 8}
    people = pd.DataFrame({**who, "part": "test"})
    target, nothing = np.array([0.0, 1.0] * 4), np.full(8, np.nan)
    order = {
        "clinical": [0.1, 0.2, 0.9, 0.3, 0.4, 0.35, 0.6, 0.5],
        "late": [0.1, 0.8, 0.2, 0.9, 0.3, 0.7, 0.65, 0.6],
        "early": [0.1, 0.8, 0.2, 0.9, 0.3, 0.7, 0.4, 0.6],
    }
    made = {
        name: {"f": (Scores(people, np.stack([1 - np.array(s), s], 1), target, nothing),)}
        for name, s in order.items()
    }
    field = Field(
        TaskInfo("idh", "classification", classes=("no", "yes")),
        Entrant("clinical", "clinical", made["clinical"]),
        (),
        tuple(Entrant(n, "head", made[n]) for n in ("early", "late")),
        (),
    )
    found = family(field)
    assert row(found, "early").value == 1.0
    assert row(found, "late").value == 15 / 16
    assert row(found, "clinical").value == 5 / 16
    p = {
        name: paired_delong(np.array(order[name]), np.array(order["clinical"]), target == 1).p
        for name in ("early", "late")
    }
    p["heads"] = paired_delong(np.array(order["early"]), np.array(order["late"]), target == 1).p
    ascending = sorted(p, key=p.__getitem__)
    holm, before = {}, 0.0
    for place, name in enumerate(ascending):
        before = max(before, min(1.0, (3 - place) * p[name]))
        holm[name] = before
    assert found.tests == 3
    assert row(found, "early", "clinical").p_holm == pytest.approx(holm["early"])
    assert row(found, "late", "clinical").p_holm == pytest.approx(holm["late"])
    assert row(found, "early", "late").p_holm == pytest.approx(holm["heads"])


def test_without_a_difference_the_family_errs_as_often_as_it_may(make_field):
    """Single tests find 5 % of what is not there, and families after Holm at most as many."""
    families = [
        [r for r in family(make_field(s, NULL, n=100), draws=1).rows if r.verdict]
        for s in range(40)
    ]
    single = [r.p for found in families for r in found]
    assert len(single) == 120  # three tests of each, on the same patients: as good as 80 or so
    assert binom.ppf(0.001, 80, 0.04) <= sum(p < 0.05 for p in single) * 80 / 120
    assert sum(p < 0.05 for p in single) * 80 / 120 <= binom.ppf(0.999, 80, 0.06)
    wrong = sum(any(r.verdict != "no difference shown" for r in found) for found in families)
    assert wrong <= binom.ppf(0.999, 40, 0.05)


def test_over_folds_it_does_not_err_more_often(make_field):
    """These folds share no training patient, so the corrected t is careful: 5 % is a ceiling."""
    families = [
        [r for r in family(make_field(s, NULL, folds=4, n=30), draws=1).rows if r.verdict]
        for s in range(15)
    ]
    single = [r.p for found in families for r in found]
    assert sum(p < 0.05 for p in single) <= binom.ppf(0.999, 45, 0.05)
    wrong = sum(any(r.verdict != "no difference shown" for r in found) for found in families)
    assert wrong <= binom.ppf(0.999, 15, 0.05)


@pytest.mark.parametrize(
    "design",
    [
        {"folds": 6, "n": 100},
        {"n": 200},
        {"n": 200, "task": SURVIVAL},
        {"n": 120, "folds": 3, "part": "external"},
    ],
)
def test_a_better_head_is_found_and_only_that(make_field, design):
    skills = {"clinical": 0.3, "mri alone": 0.3, "rna alone": 0.4, "late": 0.3, "attention": 3.0}
    found = family(make_field(3, skills, **design))
    part = design.get("part", "test")
    for versus in ("clinical", STRONGEST, "late"):
        assert row(found, "attention", versus, part).verdict == "better", versus
    for versus in ("clinical", STRONGEST):
        assert row(found, "late", versus, part).verdict == "no difference shown"


def test_a_head_that_spoils_its_best_modality_is_called_worse(make_field):
    skills = {"clinical": 0.3, "mri alone": 3.0, "rna alone": 0.3, "late": 0.3}
    found = row(family(make_field(4, skills, n=200)), "late", STRONGEST)
    assert (found.verdict, found.against) == ("worse", "mri alone")


def gap_of(value, p, versus):
    about = {"task": "t", "part": "test", "metric": "AUC", "model": "late", "kind": "head"}
    return Found(Row(**about, versus=versus, value=value, p=p), lambda level: None)


@pytest.mark.parametrize(
    ("each", "value", "p", "against"),
    [
        ([(0.3, 0.01), (0.1, 0.2)], 0.1, 0.2, "m1"),  # better only where better than each
        ([(0.1, 0.01), (0.3, 0.2)], 0.1, 0.2, "m0"),
        ([(0.3, 0.01), (-0.1, 0.02)], -0.1, 0.04, "m1"),  # worse than any one, times two
        ([(-0.3, 0.7), (-0.1, 0.02)], -0.1, 0.04, "m1"),
        ([(0.1, 0.03)], 0.1, 0.03, "m0"),
        ([(0.1, 0.03), (None, None)], None, None, "m1"),
    ],
)
def test_all_modalities_alone_at_once(each, value, p, against):
    found = strongest([gap_of(v, q, f"m{i}") for i, (v, q) in enumerate(each)])
    assert (found.row.value, found.row.p, found.row.against) == (value, p, against)


def test_equal_predictions_are_no_difference_and_no_error(make_field):
    field = make_field(5, {"clinical": 1.0}, folds=3)
    twin = Entrant("late", "head", field.clinical.cells)
    for folds in (3, 1):
        cells = dict(list(twin.cells.items())[:folds])
        clinical = Entrant("clinical", "clinical", cells)
        found = family(Field(field.task, clinical, (), (Entrant("late", "head", cells),), ()))
        gap = row(found, "late", "clinical")
        assert (gap.value, gap.p, gap.verdict) == (0.0, 1.0, "no difference shown")


def test_only_patients_of_both_are_compared(make_field):
    field = make_field(6, {"clinical": 1.0, "mri alone": 1.0, "late": 1.0}, folds=2, n=40)
    few = {f: tuple(s.take(np.arange(30)) for s in c) for f, c in field.singles[0].cells.items()}
    poorer = Field(
        field.task, field.clinical, (Entrant("mri alone", "single", few),), field.heads, ()
    )
    found = family(poorer)
    assert row(found, "late").n == 80
    assert row(found, "late", "mri alone").n == row(found, "late", STRONGEST).n == 60
    assert row(found, "late", "mri alone").p is None  # shown without a claim


def test_a_fold_without_events_is_left_out_and_said(make_field):
    field = make_field(7, NULL, folds=3, n=30)

    def one_class(entrant):
        cells = dict(entrant.cells)
        cells["fold 1"] = tuple(s.take(s.target == 1) for s in cells["fold 1"])
        return Entrant(entrant.name, entrant.kind, cells)

    found = row(
        family(
            Field(field.task, one_class(field.clinical), (), tuple(map(one_class, field.heads)), ())
        ),
        "late",
        "clinical",
    )
    assert found.folds == 2
    assert "both classes" in found.left_out["fold 1"]


def test_too_few_draws_to_ever_find_anything_are_refused(make_field):
    field = make_field(8, NULL, n=30, task=SURVIVAL)
    with pytest.raises(ConfigError, match=r"draws=50: with 3 tests .* give draws=1000"):
        family(field, draws=50)
