"""The lists have the items that were published; a run claims what it knows and nothing more."""

import re
from collections import Counter
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.audit.check import Audit, Check, Finding
from fusion.errors import UndefinedMetric
from fusion.report.checklists.facts import Facts
from fusion.report.checklists.fill import fill
from fusion.report.checklists.item import PLACES
from fusion.report.checklists.load import load_checklists
from fusion.report.checklists.rules import RULES
from fusion.report.checklists.score import score, score_range
from fusion.report.checklists.write import save_checklists, table
from fusion.report.evaluate import evaluate
from fusion.report.metrics_file import Metrics
from fusion.report.population import population

LISTS = {one.stem: one for one in load_checklists()}
METHODS = {
    "volumes": True, "slides": True, "segmentation": False, "automated segmentation": False,
    "hand-crafted features": False, "end-to-end learning": True, "class weights": False,
    "tabular features": False,
}  # fmt: skip
SHOWN = frozenset({"calibration", "net-benefit", "discrimination", "operating"})
FILES = {
    "config.yaml", "split.json", "models", "bundle", "bundle/README.md", "predictions.parquet",
    "bundle/preprocessing.json", "headline.md", "metrics.csv", "figures/flow.csv",
    "tables/table_one.csv", "tables/missing_by_center.csv",
}  # fmt: skip
"""Of a run's folder."""


@pytest.fixture(scope="module")
def facts(run, make_summary):
    """`facts(shown, part, **changes of the summary)`; `part`: what external patients become."""
    tasks = run.tasks[:1]
    idh = run.predictions[run.predictions["task"] == "idh"]
    kinds = {"mri": "volume", "wsi": "bag", "rna": "vector"}

    @cache
    def counted(part, everybody):
        moved = idh["part"].where(idh["part"] != "external", part)
        predictions = idh.assign(part="external" if everybody else moved)
        own = dict(zip(predictions["patient_id"], predictions["part"], strict=True))
        summary = make_summary(run, tasks=tasks, parts=own)
        rows = tuple(evaluate(predictions, tasks, draws=2, seed=0))
        return Metrics(rows, 2, 0), population(predictions, summary), own

    def made(shown=SHOWN, part="external", everybody=False, baseline="clinical", **changes):
        metrics, who, parts = counted(part, everybody)
        told = {"tasks": tasks, "methods": METHODS, "kinds": kinds, "parts": parts, **changes}
        return Facts(make_summary(run, **told), replace(metrics, baseline=baseline), who, shown)

    return made


@pytest.fixture(scope="module")
def whole(facts):
    return facts()


def replies(stem, facts):
    filled = fill(LISTS[stem], facts)
    return {i.id: r for i, r in zip(filled.checklist.items, filled.replies, strict=True)}


def test_the_lists_have_the_items_that_were_published():
    ids = {stem: [item.id for item in one.items] for stem, one in LISTS.items()}
    assert {re.sub(r"\D", "", i) for i in ids["tripod_ai"]} == {str(n) for n in range(1, 28)}
    assert len(ids["tripod_ai"]) == 52  # with a, b, c ...
    assert ids["claim_2024"] == [str(n) for n in range(1, 45)]
    kinds = Counter(re.sub(r"[\d.]", "", i) for i in ids["probast_ai"])
    assert kinds == {"D ": 16, "E ": 18, "D A": 3, "E A": 3}
    assert ids["metrics"] == [str(n) for n in range(1, 31)]
    assert sum(item.weight for item in LISTS["metrics"].items) == pytest.approx(1, abs=1e-9)


def test_every_rule_is_used_and_every_name_has_one():
    used = {item.rule for one in LISTS.values() for item in one.items} - {None}
    assert used == set(RULES)


def test_every_item_has_a_reply_with_a_reason_and_a_place_that_exists(whole):
    for stem in LISTS:
        for item, reply in replies(stem, whole).items():
            if reply.status == "yes":
                assert reply.note, (stem, item)
                assert reply.where, (stem, item)
            if reply.status in ("no", "not applicable"):
                assert reply.note, (stem, item)
            assert set(reply.where) <= set(PLACES) | FILES, (stem, item)


def test_what_only_people_know_is_never_claimed(whole):
    """Ethics, funding, consent, registration, blinding, dates, treatments, discussion."""
    only = {
        "tripod_ai": "3a 3c 5b 6c 8b 8c 9c 17 18a 18b 18c 18d 18e 18f 19 25 26 27b 27c",
        "claim_2024": "5 11 13 15 16 17 18 34 40 41 42 43 44",
        "probast_ai": "D1.2 D2.1 D2.3 D3.1 D3.2 D3.4 DA.1 E1.2 E2.1 E2.3 E3.1 E3.2 E3.4 EA.3",
        "metrics": "1 2 3 5 6 7 19 23 28 29 30",
    }
    for stem, ids in only.items():
        found = {i.replace(" ", ""): r for i, r in replies(stem, whole).items()}
        assert {found[i].status for i in ids.split()} == {"for the authors"}, stem


def test_foreign_predictions_claim_only_what_the_table_shows(facts):
    foreign = facts(methods={}, kinds={}, baseline=None)
    for stem in LISTS:
        claimed = {i for i, r in replies(stem, foreign).items() if r.status == "yes"}
        allowed = {
            "tripod_ai": {"4", "12a", "12d", "12e", "15", "20a", "20c", "21", "23a", "23b"},
            "claim_2024": {"4", "6", "19", "28", "29", "35", "37", "38"},
            "probast_ai": {"E 4.1", "E 4.7"},
            "metrics": {"20", "21", "22"},
        }[stem]
        assert claimed <= allowed, stem
    assert replies("metrics", foreign)["24"].status == "no"


def test_an_evaluation_answers_nothing_about_development(facts):
    there = facts(everybody=True)
    for stem in ("tripod_ai", "probast_ai"):
        for item in LISTS[stem].items:
            if item.part == "development":
                assert replies(stem, there)[item.id].status == "not applicable"
    assert replies("claim_2024", there)["32"].status == "no"
    assert replies("claim_2024", there)["33"].status == "yes"


def test_replies_follow_the_facts(facts, whole):
    assert replies("claim_2024", whole)["33"].note == "2 centres: Delft, Évora."
    assert replies("claim_2024", facts(part="test"))["33"].status == "no"
    assert replies("probast_ai", facts(shown=frozenset()))["E 4.7"].note == (
        "Discrimination, but no calibration and no net benefit."
    )
    weighted = facts(methods={**METHODS, "class weights": True})
    assert replies("probast_ai", weighted)["D 4.4"].status == "no"
    assert replies("probast_ai", whole)["D 4.4"].status == "not applicable"
    assert replies("tripod_ai", whole)["20b"].status == "no"  # nobody gave the clinical table


def test_leakage_is_answered_by_the_audit_alone(facts, whole):
    assert replies("probast_ai", whole)["E 4.5"].note == "No audit was made."
    clean = Audit((Check(name="a", question="?"),))
    assert replies("probast_ai", facts(audit=clean))["E 4.5"].status == "yes"
    partly = Audit((*clean.checks, Check(name="b", question="?", not_asked="no bundle")))
    assert replies("probast_ai", facts(audit=partly))["E 4.5"].status == "for the authors"
    finding = Finding(severity="warning", message="!")
    warned = Audit((Check(name="a", question="?", findings=(finding,)),))
    assert replies("probast_ai", facts(audit=warned))["E 4.5"].status == "for the authors"
    assert replies("metrics", facts(audit=warned))["18"].status == "for the authors"


def test_a_list_about_images_is_not_about_a_run_without(facts):
    tables = facts(methods={**METHODS, "volumes": False, "slides": False})
    for stem in ("claim_2024", "metrics"):
        filled = fill(LISTS[stem], tables)
        assert filled.count("not applicable") == len(filled.replies)
        assert score_range(filled) is None


def test_conditions_of_metrics(facts, whole):
    assert {
        replies("metrics", whole)[i].status for i in ("8", "9", "10", "12", "14", "15", "16")
    } == {"not applicable"}
    unknown = {k: v for k, v in METHODS.items() if k != "segmentation"}
    assert replies("metrics", facts(methods=unknown))["8"].status == "for the authors"


WEIGHTS = {item.id: item.weight for item in LISTS["metrics"].items}
MARKS = st.fixed_dictionaries(
    dict.fromkeys(WEIGHTS, st.sampled_from(["yes", "no", "not applicable"]))
)


def test_all_yes_is_100_and_all_no_is_0():
    assert score(dict.fromkeys(WEIGHTS, "yes"), WEIGHTS) == pytest.approx(100)
    assert score(dict.fromkeys(WEIGHTS, "no"), WEIGHTS) == 0
    with pytest.raises(UndefinedMetric):
        score(dict.fromkeys(WEIGHTS, "not applicable"), WEIGHTS)


@given(MARKS)
def test_what_does_not_apply_does_not_count(marks):
    """Leaving items out gives the same score as if the list did not have them."""
    rest = {i: m for i, m in marks.items() if m != "not applicable"}
    if not rest:
        return
    kept = {i: WEIGHTS[i] for i in rest}
    assert score(marks, WEIGHTS) == pytest.approx(score(rest, kept))
    better = {i: "yes" if m == "no" else m for i, m in marks.items()}
    assert score(better, WEIGHTS) == pytest.approx(100)


def test_the_range_holds_whatever_the_authors_answer(whole):
    filled = fill(LISTS["metrics"], whole)
    found = score_range(filled)
    assert found.open == filled.count("for the authors") > 5
    assert 0 < found.low < found.high <= 100
    for mark in ("yes", "no", "not applicable"):
        said = [mark if r.status == "for the authors" else r.status for r in filled.replies]
        marks = dict(zip(WEIGHTS, said, strict=True))
        assert found.low - 1e-9 <= score(marks, WEIGHTS) <= found.high + 1e-9
    closed = replace(filled, replies=[replace(r, status="yes") for r in filled.replies])
    assert score_range(closed).open == 0


def test_files_hold_every_item_and_escape_names(facts, tmp_path):
    evil = "<script>|"
    hostile = facts(question=evil, split_scheme=evil, versions={evil: "1"})
    filled = [fill(one, hostile) for one in LISTS.values()]
    save_checklists(tmp_path, filled)
    text = (tmp_path / "checklists.md").read_text()
    assert "<script>" not in text
    assert "&lt;script&gt;\\|" in text
    for one in filled:
        assert len(table(one)) == len(one.checklist.items)
        assert f"\n## {one.checklist.name}: " in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == sum(len(one.checklist.items) + 2 for one in filled)
    assert {line.replace("\\|", "").count("|") for line in rows} == {7}
    assert len(list((tmp_path / "checklists").glob("*.csv"))) == 4
