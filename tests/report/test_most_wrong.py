"""Who was planted as wrong is named first; counts of pairs are those of the C-index."""

import numpy as np
import pandas as pd
import pytest

from fusion.metrics.concordance import concordance_pairs
from fusion.report.card import model_card
from fusion.report.metrics_file import Metrics
from fusion.report.most_wrong import MOST, most_wrong, ranked_wrongly
from fusion.report.most_wrong_table import most_wrong_sheet
from fusion.report.population import population
from fusion.report.task_scores import TaskScores
from fusion.report.tasks import TaskInfo

IDH = TaskInfo("idh", "classification", classes=("no", "yes"))
OS = TaskInfo("os", "survival")


def case_of(*frames, task=IDH, baseline=None):
    return TaskScores.read(pd.concat(frames), task, model="fusion", baseline=baseline)


def test_planted_mistakes_come_first_and_nobody_who_was_right(yes_or_no):
    happened = np.arange(60) % 2 == 0
    p = np.where(happened, 0.8, 0.2)
    p[[3, 10]] = 0.99, 0.3
    frames = [yes_or_no(p, happened, part="external")]
    frames.append(yes_or_no(1 - p, happened, part="external", model="clinical"))
    frames.append(yes_or_no(1 - p, happened, part="val"))  # nobody asks for these
    found = most_wrong(case_of(*frames, baseline="clinical"))
    assert [w.patient_id for w in found] == ["external-0003", "external-0010"]
    assert found[0].truth == "no"
    assert found[0].said == "yes 99\u00a0%"
    assert found[0].baseline == "no 99\u00a0%"
    assert found[0].measure == pytest.approx(-np.log(0.01))


def test_ten_at_most_over_both_parts(yes_or_no):
    generator = np.random.default_rng(0)
    happened = generator.random(80) < 0.5
    frames = [yes_or_no(generator.random(80), happened, part=part) for part in ("test", "external")]
    case = case_of(*frames)
    found = most_wrong(case)
    assert len(found) == MOST
    losses = []
    for part in ("test", "external"):
        scores = case.of("fusion", part)
        losses += (-np.log(scores.values[np.arange(80), scores.target.astype(int)])).tolist()
    assert [w.measure for w in found] == pytest.approx(sorted(losses, reverse=True)[:MOST])


def test_pairs_are_those_of_the_c_index_by_brute_force():
    generator = np.random.default_rng(1)
    risk = generator.integers(0, 6, 40).astype(float)
    days = generator.integers(1, 15, 40).astype(float)
    event = generator.random(40) < 0.6
    comparable, wrong = ranked_wrongly(risk, days, event)
    pairs = concordance_pairs(risk, days, event)
    assert comparable.sum() == 2 * sum(pairs)
    assert wrong.sum() == 2 * pairs.discordant
    for i in range(40):
        n = bad = 0
        for j in range(40):
            for first, later in ((i, j), (j, i)):
                outlived = days[later] > days[first] or (
                    days[later] == days[first] and not event[later]
                )
                if i != j and event[first] and outlived:
                    n += 1
                    bad += risk[first] < risk[later]
        assert (comparable[i], wrong[i]) == (n, bad)


def test_who_died_early_with_a_low_risk_or_outlived_all_with_a_high_one(time_to_event):
    days = np.arange(1.0, 41.0)
    risk = -days.copy()
    risk[0], risk[39] = -100.0, 0.0
    event = np.append(np.ones(39), 0)
    found = most_wrong(case_of(time_to_event(risk, days, event, part="external"), task=OS))
    assert [w.patient_id for w in found] == ["external-0000", "external-0039"]
    assert found[0].shown == "ranked wrongly against 39 of 39"
    assert found[0].truth == "event at 1 days"
    assert found[1].truth == "event-free, last seen at 40 days"
    assert found[1].said == "risk above 100\u00a0% of the others"


def test_the_table_says_what_the_model_had_to_go_by(run, make_summary):
    summary = make_summary(run)
    for task in run.tasks:
        case = TaskScores.read(run.predictions, task, model="fusion", baseline="clinical")
        sheet = most_wrong_sheet(case, summary)
        for line in sheet.table.blocks[0].lines:
            had = [m for m in summary.presence.columns if summary.presence.loc[line.name, m]]
            assert line.cells[-1].text == ", ".join(had)
            assert line.cells[0].text == summary.centers[line.name]
            assert summary.parts[line.name] in ("test", "external")


def test_nobody_is_named_where_nobody_is_wrong_nor_ever_in_the_card(yes_or_no, run, make_summary):
    happened = np.arange(20) % 2 == 0
    case = case_of(yes_or_no(np.where(happened, 0.9, 0.1), happened, part="external"))
    summary = make_summary(run)
    assert most_wrong_sheet(case, summary).reason == "nobody"
    empty = case_of(yes_or_no(np.where(happened, 0.9, 0.1), happened, part="val"))
    assert "no test or external patients" in most_wrong_sheet(empty, summary).reason
    case = TaskScores.read(run.predictions, run.tasks[0], model="fusion", baseline="clinical")
    card = model_card(summary, Metrics((), 10, 0), population(run.predictions, summary))
    assert not [w.patient_id for w in most_wrong(case) if w.patient_id in card]
