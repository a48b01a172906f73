"""Net benefit on the page is that of the statistics, on the patients of both models."""

import numpy as np
import pandas as pd

from fusion.report.decision import decision_table
from fusion.report.decision_sheet import decision_sheet
from fusion.report.drawing import Blank, Drawing
from fusion.report.figure_decision import decision
from fusion.report.task_scores import TaskScores
from fusion.report.tasks import TaskInfo
from fusion.statistics.net_benefit import net_benefit, treat_all
from fusion.statistics.net_benefit_survival import net_benefit_survival

IDH = TaskInfo("idh", "classification", classes=("no", "yes"))
OS = TaskInfo("os", "survival", horizons_days=(365.0,))
AT = [0.1, 0.2, 0.5]


def made(n=80, seed=0):
    generator = np.random.default_rng(seed)
    p = generator.random(n)
    return p, generator.random(n) < p


def table_of(*frames, task=IDH, baseline="clinical"):
    case = TaskScores.read(pd.concat(frames), task, model="fusion", baseline=baseline)
    return case, decision_table(case, AT, draws=50, seed=0)


def test_it_is_that_of_the_statistics(yes_or_no):
    p, happened = made()
    case, table = table_of(yes_or_no(p, happened, part="external"), baseline=None)
    shown = table[table["shown"]]
    assert shown["threshold"].tolist() == AT
    np.testing.assert_allclose(shown["net_benefit"], net_benefit(p, happened, np.array(AT)))
    np.testing.assert_allclose(shown["act_on_all"], treat_all(happened, np.array(AT)))
    better = np.maximum(treat_all(happened, np.array(AT)), 0)
    np.testing.assert_allclose(shown["advantage"], shown["net_benefit"] - better)
    assert len(table) > 20
    sheet = decision_sheet(case, table)
    assert [line.name for line in sheet.table.blocks[0].lines] == ["0.1", "0.2", "0.5"]
    assert "minus" not in " ".join(sheet.table.columns)
    assert isinstance(decision(case, table), Drawing)


def test_models_are_compared_on_the_same_patients(yes_or_no):
    p, happened = made()
    ours = yes_or_no(p, happened, part="external")
    theirs = yes_or_no(1 - p, happened, part="external", model="clinical")
    theirs = theirs[theirs["patient_id"] < "external-0050"]
    case, table = table_of(ours, theirs)
    assert set(table["n"]) == {50}
    main = table[table["shown"] & (table["model"] == "fusion")].set_index("threshold")
    other = table[table["shown"] & (table["model"] == "clinical")].set_index("threshold")
    np.testing.assert_allclose(main["gap"], main["net_benefit"] - other["net_benefit"])
    assert (main["gap_low"] <= main["gap"]).all()
    assert (main["gap"] <= main["gap_high"]).all()
    assert other["gap"].isna().all()
    assert main.loc[0.5, "gap_low"] > 0  # p against 1 - p
    assert decision_sheet(case, table).table.columns[-1] == "fusion minus it"


def test_survival_is_cut_where_nobody_is_followed_up(time_to_event):
    generator = np.random.default_rng(1)
    n = 60
    risk = np.linspace(-2, 2, n)
    days = np.where(risk > 1.0, generator.uniform(10, 300, n), generator.uniform(400, 900, n))
    event = (risk <= 1.0) & (np.arange(n) % 3 == 0)
    alive = 1 / (1 + np.exp(risk))
    frame = time_to_event(risk, days, event, alive=alive, part="external")
    case, table = table_of(frame, task=OS, baseline=None)
    # everybody with a high risk was lost before the horizon: at 0.8 there is no net benefit
    assert table["threshold"].max() == 0.5
    high = decision_table(case, [0.2, 0.8], draws=10, seed=0)
    assert high["threshold"].max() < 0.8
    expected = net_benefit_survival(1 - alive, days, event, np.array(AT), horizon_days=365.0)
    np.testing.assert_allclose(table.loc[table["shown"], "net_benefit"], expected)


def test_without_probabilities_there_is_a_reason(time_to_event):
    frame = time_to_event(np.arange(9.0), np.arange(1.0, 10.0), np.ones(9), part="external")
    case, table = table_of(frame, task=TaskInfo("os", "survival"), baseline=None)
    assert table.empty
    assert isinstance(decision(case, table), Blank)
    assert decision_sheet(case, table) is None


def test_each_class_has_its_curve_and_the_first_four_are_drawn():
    generator, k = np.random.default_rng(2), 6
    names = tuple("abcdef"[:k])
    p = generator.dirichlet(np.ones(k), 60)
    target = generator.integers(k, size=60)
    who = {"model": "fusion", "patient_id": [f"p{i:02d}" for i in range(60)], "center": "A"}
    who |= {"cohort": "c", "part": "test", "task": "kind", "event": np.nan}
    frame = pd.concat(
        pd.DataFrame({**who, "class": name, "value": p[:, c], "target": (target == c) * 1.0})
        for c, name in enumerate(names)
    )
    task = TaskInfo("kind", "classification", classes=names)
    case, table = table_of(frame, task=task, baseline=None)
    assert set(table["outcome"]) == set(names)
    assert "The first 4 of 6 are drawn." in decision(case, table).caption
