"""A planted gap between subgroups is found, and none where there is none."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from fusion.report.drawing import Blank
from fusion.report.fairness_rows import GroupsAtThreshold, fairness_rows
from fusion.report.subgroup_rows import FEW, subgroup_rows
from fusion.report.subgroup_table import subgroup_items
from fusion.report.subgroups import CENTER, grouped, subgroups
from fusion.report.task_scores import TaskScores
from fusion.report.tasks import TaskInfo
from fusion.statistics.bands import NOT_KNOWN

IDH = TaskInfo("idh", "classification", classes=("no", "yes"))


def made(yes_or_no, gap):
    """Validation and external patients; in women the score is noise where there is a gap."""
    generator = np.random.default_rng(0)
    frames, sexes = [], {}
    for part, n in (("val", 100), ("external", 400)):
        happened = generator.random(n) < 0.5
        sex = np.where(generator.random(n) < 0.5, "F", "M")
        skill = np.where((sex == "F") & gap, 0.0, 0.3)
        p = np.clip(0.35 + skill * happened + 0.2 * generator.normal(size=n), 0.01, 0.99)
        frames.append(yes_or_no(p, happened, part=part))
        sexes |= {f"{part}-{i:04d}": s for i, s in enumerate(sex)}
    case = TaskScores.read(pd.concat(frames), IDH, model="fusion", baseline=None)
    return case, {"sex": grouped(pd.Series(sexes), [])}


def at_threshold(case, groups):
    return fairness_rows(case, groups, sensitivity=0.9, draws=200, seed=0)


def test_a_planted_gap_is_found(yes_or_no):
    case, groups = made(yes_or_no, True)
    rows = {r.group: r for r in subgroup_rows(case, groups, draws=100, seed=0)}
    assert rows["F"].high < rows["M"].low
    assert rows["F"].n + rows["M"].n == rows["all"].n
    found = at_threshold(case, groups)
    assert isinstance(found, GroupsAtThreshold)
    gaps = {g.measure: g for g in found.found["sex"].gaps}
    for measure in ("AUC", "TPR"):
        assert gaps[measure].p < 0.01
        assert gaps[measure].worst == "F"


def test_no_gap_is_found_where_there_is_none(yes_or_no):
    case, groups = made(yes_or_no, False)
    gaps = at_threshold(case, groups).found["sex"].gaps
    assert min(g.p for g in gaps) > 0.01  # of five measures


def test_without_a_threshold_there_is_a_reason(yes_or_no):
    case, groups = made(yes_or_no, False)
    foreign = replace(case, found={"fusion": case.of("fusion", "external")})
    found = at_threshold(foreign, groups)
    assert isinstance(found, Blank)
    assert found.reason == "no validation patients to choose a threshold on"


def test_bands_keep_everybody_and_their_order():
    age = pd.Series([40.0, np.nan, 12.0, 59.9, 60.0], index=list("abcde"))
    found = grouped(age, [40.0, 60.0])
    assert found.to_dict() == {
        "a": "40 to under 60",
        "b": NOT_KNOWN,
        "c": "under 40",
        "d": "40 to under 60",
        "e": "60 and over",
    }
    assert list(found.cat.categories) == ["under 40", "40 to under 60", "60 and over", NOT_KNOWN]
    grade = grouped(pd.Series([10.0, 9.0, 2.5]), [])
    assert list(grade.cat.categories) == ["2.5", "9", "10"]  # as numbers, not as text
    assert list(grouped(pd.Series(["b", None, "a"]), []).cat.categories) == ["a", "b", NOT_KNOWN]


def test_the_centre_is_always_a_subgroup(run, make_summary):
    assert list(subgroups(make_summary(run))) == [CENTER]
    some = list(run.centers)[:20]
    known = pd.DataFrame({"age": np.arange(20.0), "none": np.nan}, index=pd.Index(some))
    summary = make_summary(run, characteristics=known, subgroups={"age": [10.0], "none": [1.0]})
    found = subgroups(summary)
    assert list(found) == ["age", CENTER]
    assert (found["age"] == NOT_KNOWN).sum() == len(run.centers) - 20
    for whose in found.values():
        assert set(whose.index) == set(run.centers)
        assert whose.notna().all()


@pytest.mark.parametrize("number", [0, 1, 3])
def test_groups_add_up_and_small_ones_have_no_number(run, make_summary, number):
    task = run.tasks[number]
    case = TaskScores.read(run.predictions, task, model="fusion", baseline="clinical")
    sexes = pd.DataFrame({"sex": ["F", "M", None] * 50}, index=pd.Index(list(run.centers)))
    groups = subgroups(make_summary(run, characteristics=sexes, subgroups={"sex": []}))
    rows = list(subgroup_rows(case, groups, draws=5, seed=0))
    for part in ("test", "external"):
        mine = [r for r in rows if r.part == part]
        whole = next(r for r in mine if r.outcome == "all")
        assert whole.n == len(case.of("fusion", part))
        assert sum(r.n for r in mine if r.outcome == "sex") == whole.n
    assert {r.part for r in rows if r.outcome == CENTER} == {"external"}
    assert all((r.reason == FEW) == (r.n < 10) for r in rows)


def test_a_task_with_two_classes_is_also_compared_at_its_threshold(run, make_summary):
    groups = subgroups(make_summary(run))
    case = TaskScores.read(run.predictions, run.tasks[0], model="fusion", baseline="clinical")
    items = list(subgroup_items(case, groups, sensitivity=0.9, draws=5, seed=0))
    assert [type(x).__name__ for x in items] == ["Drawing", "Sheet", "Sheet"]
