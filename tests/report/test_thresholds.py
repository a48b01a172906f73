"""A threshold is chosen on validation patients; what it does is counted on all others."""

import numpy as np
import pandas as pd
import pytest

from fusion.report.drawing import Blank
from fusion.report.operating_points import operating_rows, thresholds
from fusion.report.operating_table import operating_sheets
from fusion.report.task_scores import TaskScores
from fusion.report.tasks import TaskInfo
from fusion.run.fitted import Fitted
from fusion.run.thresholds import choose_thresholds
from fusion.statistics.threshold import threshold_at_sensitivity, threshold_youden

IDH = TaskInfo("idh", "classification", classes=("no", "yes"))


def made(n, seed):
    generator = np.random.default_rng(seed)
    happened = generator.random(n) < 0.5
    return np.clip(0.35 + 0.3 * happened + 0.2 * generator.normal(size=n), 0.01, 0.99), happened


@pytest.fixture
def parts(yes_or_no):
    """Part -> rows; each is patients of its own."""
    return {
        part: yes_or_no(*made(n, seed), part=part, center=part.upper())
        for part, n, seed in (("val", 60, 0), ("test", 50, 1), ("external", 80, 2))
    }


def case_of(*frames):
    return TaskScores.read(pd.concat(frames), IDH, model="fusion", baseline=None)


def chosen(case):
    return [t.value for t in thresholds(case, "fusion", sensitivity=0.9)]


def test_thresholds_are_those_of_validation(parts):
    p, happened = made(60, 0)
    assert chosen(case_of(*parts.values())) == [
        threshold_youden(p, happened),
        threshold_at_sensitivity(p, happened, sensitivity=0.9),
    ]


def test_whatever_happens_elsewhere_never_changes_them(parts):
    before = chosen(case_of(*parts.values()))
    for part in ("test", "external"):
        turned = parts[part].assign(target=1 - parts[part]["target"])
        assert chosen(case_of(*{**parts, part: turned}.values())) == before
        shifted = parts[part].assign(value=1 - parts[part]["value"])
        assert chosen(case_of(*{**parts, part: shifted}.values())) == before
    other = parts["val"].assign(target=1 - parts["val"]["target"])
    assert chosen(case_of(*{**parts, "val": other}.values())) != before


def test_without_validation_patients_they_come_with_the_model(parts):
    whole = case_of(*parts.values())
    rules = {t.rule: t.value for t in thresholds(whole, "fusion", sensitivity=0.9)}
    outside = TaskScores.read(parts["external"], IDH, model="fusion", baseline=None, brought=rules)
    assert chosen(outside) == chosen(whole)
    same = [r for r in operating_rows(whole, sensitivity=0.9) if r.part == "external"]
    assert list(operating_rows(outside, sensitivity=0.9)) == same
    assert chosen(case_of(parts["external"])) == [None, None]


def test_a_run_notes_who_chose_them(parts, tmp_path):
    table, notes = pd.concat(parts.values()), Fitted(tmp_path / "fitted.json")
    found = choose_thresholds(table, [IDH], sensitivity=0.9, fitted=notes)
    assert list(found["idh"].values()) == chosen(case_of(table))
    assert {fit.kind for fit in notes.fits} == {"choice"}
    assert {p for fit in notes.fits for p in fit.patients} == set(parts["val"]["patient_id"])


def test_what_they_do_is_counted(parts):
    rows = list(operating_rows(case_of(*parts.values()), sensitivity=0.9))
    p, happened = made(80, 2)
    youden = [r for r in rows if r.part == "external" and r.outcome.endswith("Youden")]
    mine = {r.measure: r for r in youden if r.group == "all"}
    called = p >= mine["threshold"].value
    assert mine["sensitivity"].value == called[happened].mean()
    assert mine["specificity"].value == (~called[~happened]).mean()
    assert mine["PPV"].value == happened[called].mean()
    assert mine["NPV"].value == (~happened[~called]).mean()
    assert mine["balanced accuracy"].value == pytest.approx(
        (called[happened].mean() + (~called[~happened]).mean()) / 2
    )
    assert {r.group for r in rows} == {"all", "TEST", "EXTERNAL"}
    assert not [r for r in rows if r.part == "val"]


def test_shares_have_wilsons_interval(yes_or_no):
    """8 of 10: 0.490 to 0.943 (Agresti and Coull 1998, by the formula)."""
    validation = yes_or_no(np.array([0.2, 0.8]), np.array([False, True]), part="val")
    p = np.append(np.repeat([0.9, 0.1], [8, 2]), np.full(10, 0.1))
    test = yes_or_no(p, np.arange(20) < 10, part="test")
    rows = list(operating_rows(case_of(validation, test), sensitivity=0.9))
    row = next(r for r in rows if r.measure == "sensitivity")
    assert (row.value, row.low, row.high) == pytest.approx((0.8, 0.490, 0.943), abs=5e-4)


def test_without_validation_patients_there_is_a_reason_and_no_threshold(parts):
    (blank,) = operating_sheets(case_of(parts["external"]), sensitivity=0.9)
    assert isinstance(blank, Blank)
    assert blank.reason == "no validation patients to choose a threshold on"
    one = parts["val"].assign(target=(parts["val"]["class"] == "yes").astype(float))
    (blank,) = operating_sheets(case_of(one, parts["external"]), sensitivity=0.9)
    assert "needs both classes" in blank.reason


def test_one_class_at_a_centre_leaves_what_can_be_said(parts, yes_or_no):
    only = yes_or_no(np.array([0.9, 0.1]), np.array([True, True]), part="external", center="ONE")
    rows = list(operating_rows(case_of(parts["val"], only), sensitivity=0.9))
    mine = {r.measure: r for r in rows if r.group == "ONE"}
    assert mine["sensitivity"].value == 0.5
    assert mine["specificity"].reason == "nobody is negative"
    assert mine["balanced accuracy"].reason == "only one class among these patients"


def test_who_is_taken_for_whom_adds_up(run):
    task = next(t for t in run.tasks if len(t.classes) == 3 and t.kind == "classification")
    case = TaskScores.read(run.predictions, task, model="fusion", baseline="clinical")
    (sheet,) = operating_sheets(case, sensitivity=0.9)
    for part in ("test", "external"):
        found = case.of("fusion", part)
        mine = sheet.data[sheet.data["part"] == part]
        assert mine["n"].sum() == len(found)
        right = mine.loc[mine["true"] == mine["called"], "n"].sum()
        assert right == (found.values.argmax(axis=1) == found.target).sum()
        np.testing.assert_allclose(mine.groupby("true")["share"].sum(), 1)
