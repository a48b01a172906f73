"""The page: read back as a parser reads it, never as the template wrote it."""

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fusion.errors import PredictionsError, ReadError
from fusion.report.card import model_card
from fusion.report.headline import headline
from fusion.report.limits import limits
from fusion.report.metric_row import MetricRow
from fusion.report.metrics_file import Metrics, load_metrics
from fusion.report.numbers import interval, number, p_value, value
from fusion.report.population import population
from fusion.report.predictions import load, save
from fusion.report.tasks import TaskInfo
from fusion.report.write import write_report

DRAWS = 15
IDH = TaskInfo("idh", "classification", classes=("wildtype", "mutant"))
GRADE = TaskInfo("grade", "ordinal", classes=("2", "3", "4"))
SURVIVAL = TaskInfo("overall_survival", "survival", horizons_days=(365.0, 730.0))
EVIL = "<script>alert(1)</script>"
VOID = {"meta", "img", "br", "link", "input", "wbr"}


class Page(HTMLParser):
    """Tags, attributes, and the cells of each table."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.tables, self.text, self.open = [], [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, content) for name, content in attrs]
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append({"caption": "", "rows": []})
        elif tag == "tr":
            self.tables[-1]["rows"].append([])
        elif tag in ("td", "th"):
            self.tables[-1]["rows"][-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"{tag} closes nothing"

    def handle_data(self, data):
        self.text.append(data)
        if "td" in self.open or "th" in self.open:
            self.tables[-1]["rows"][-1][-1] += data
        elif self.open and self.open[-1] == "caption":
            self.tables[-1]["caption"] += data

    def table(self, caption):
        return next(t["rows"] for t in self.tables if t["caption"] == caption)


@pytest.fixture(scope="module")
def curves(tmp_path_factory):
    path = tmp_path_factory.mktemp("log") / "metrics.csv"
    train = pd.DataFrame({"epoch": [0, 1, 2], "step": [3, 6, 9], "train_loss": [1.0, 0.7, 0.5]})
    val = pd.DataFrame(
        {"epoch": [0, 1, 2], "val_loss": [1.1, 0.9, 1.0], "val_auc": [0.5, 0.6, 0.7]}
    )
    pd.concat([train, val]).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def folder(run, make_summary, curves, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    predictions = load(save(run.predictions, folder / "predictions.parquet"))
    write_report(folder, predictions, make_summary(run, curves=curves), draws=DRAWS, seed=0)
    return folder


@pytest.fixture(scope="module")
def run(make_run):
    return make_run(tasks=(IDH, GRADE, SURVIVAL))


@pytest.fixture(scope="module")
def page(folder):
    return Page((folder / "report.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def metrics(folder):
    return load_metrics(folder / "metrics.json")


def test_every_result_in_the_page_is_in_the_metrics_file(page, metrics, run):
    seen = 0
    for task in run.tasks:
        head, *rows = page.table(f"{task.name}: all patients of a part")
        single_days = iter(())
        if task.kind == "survival":
            second, *more = page.table(f"{task.name}: at single days, and over the curve")
            single_days = (dict(zip(second, r, strict=True)) for r in more if len(r) > 1)
        part = None
        for row in rows:
            if len(row) == 1:
                part = {"External centres": "external"}.get(row[0], row[0].lower())
                continue
            cells = dict(zip(head, row, strict=True))
            cells |= next(single_days, {})
            for found in metrics.rows:
                mine = (found.task, found.part, found.model) == (task.name, part, cells["Model"])
                if mine and found.pooled and found.versus is None:
                    assert cells["Patients"] == str(found.n)
                    assert_shows(cells[found.metric[0].upper() + found.metric[1:]], found)
                    seen += 1
            if cells["Model"] != "fusion":
                gap = metrics.one(
                    model="fusion",
                    task=task.name,
                    part=part,
                    metric=task.primary,
                    versus=cells["Model"],
                )
                assert_shows(cells[f"fusion minus this: {task.primary}"], gap)
                assert float(cells["p"].removeprefix("< ")) == pytest.approx(gap.p, abs=5.1e-4)
                seen += 1
    plain = [r for r in metrics.rows if r.pooled and r.versus is None]
    gaps = [r for r in metrics.rows if r.pooled and r.versus and r.metric in PRIMARY]
    assert seen == len(plain) + len(gaps)


PRIMARY = ("AUC", "macro AUC", "C-index")


def test_every_number_by_centre_is_in_the_metrics_file(page, metrics, run):
    seen = 0
    for task in run.tasks:
        head, *rows = page.table(f"{task.name}: {task.primary} by centre")
        part = None
        for row in rows:
            if len(row) == 1:
                part = {"External centres": "external"}.get(row[0], row[0].lower())
                continue
            cells = dict(zip(head, row, strict=True))
            center = "all" if cells["Centre"] == "All centres" else cells["Centre"]
            for model in head[2:]:
                gap = model == "fusion minus clinical"
                found = next(
                    r
                    for r in metrics.rows
                    if (r.task, r.part, r.center) == (task.name, part, center)
                    and r.metric == task.primary
                    and (r.versus == "clinical" if gap else r.versus is None and r.model == model)
                )
                assert_shows(cells[model], found)
                seen += 1
    assert seen == 3 * 7 * 6


def assert_shows(text, row):
    """The printed numbers are those of the row, to the three decimals printed."""
    if row.value is None:
        assert text == "not defined"
        return
    printed = [float(x) for x in re.findall(r"[+-]?\d+\.\d+", text.replace("−", "-"))]
    expected = [x for x in (row.value, row.low, row.high) if x is not None]
    assert printed == pytest.approx(expected, abs=5.1e-4)


def test_nothing_is_loaded_and_nothing_runs(page, folder):
    assert not {"script", "iframe", "object", "embed", "link", "base", "form"} & set(page.tags)
    assert (
        "meta",
        "content",
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'",
    ) in page.attributes
    for tag, name, content in page.attributes:
        assert not name.startswith("on"), (tag, name)
        if name == "src":
            assert content.startswith("data:image/png;base64,")
            assert base64.b64decode(content.split(",", 1)[1], validate=True)[:4] == b"\x89PNG"
        if name in ("href", "action", "srcset", "style"):
            assert content.startswith("#"), (tag, name, content)
    text = (folder / "report.html").read_text()
    assert not re.search(r"https?:|//[a-z]|@import|url\(", re.sub(r"base64,[^\"]*", "", text))
    assert not page.open


def test_anchors_lead_somewhere(page):
    targets = {content for _, name, content in page.attributes if name == "id"}
    links = {content[1:] for _, name, content in page.attributes if name == "href"}
    assert links
    assert links <= targets


def test_the_page_is_small_and_says_what_it_is_for(page, folder):
    assert (folder / "report.html").stat().st_size < 5_000_000
    assert "Research use only." in page.text
    assert page.tags.count("h1") == 1
    assert all(content for tag, name, content in page.attributes if name == "alt")


def test_every_figure_comes_with_its_numbers(folder, run):
    pictures = {p.stem for p in (folder / "figures").glob("*.png")}
    assert pictures == {p.stem for p in (folder / "figures").glob("*.csv")}
    named = {f"centers_{t.name}" for t in run.tasks} | {f"calibration_{t.name}" for t in run.tasks}
    named |= {f"roc_{t.name}" for t in run.tasks[:2]} | {"kaplan_meier_overall_survival"}
    named |= {f"{what}_{t.name}" for t in run.tasks for what in ("forest", "decision", "subgroups")}
    assert pictures == named | {"flow", "presence", "training_curves"}
    for path in (folder / "figures").glob("*.png"):
        with Image.open(path) as image:
            image.load()
            assert image.width > 600
            assert len(image.convert("RGB").getcolors(1 << 24)) > 20, f"{path.name} is blank"


def test_the_same_run_gives_the_same_bytes(make_run, make_summary, curves, tmp_path):
    run = make_run(patients=60, tasks=(IDH,))
    for name in ("a", "b"):
        summary = make_summary(run, curves=curves)
        write_report(tmp_path / name, run.predictions, summary, draws=5, seed=0)
    paths = [p for p in (tmp_path / "a").rglob("*") if p.is_file()]
    assert len(paths) > 10
    for path in paths:
        twin = tmp_path / "b" / path.relative_to(tmp_path / "a")
        assert path.read_bytes() == twin.read_bytes(), path.name


def test_who_took_part_is_counted_and_who_did_not_is_named(page, run):
    table = page.table("Patients by centre and part")
    total = table[-1]
    parts = list(run.parts.values())
    assert total[:6] == [
        "All",
        *(str(parts.count(p)) for p in ("train", "val", "test", "external")),
        str(len(parts)),
    ]
    delft = next(row for row in table if row[0] == "Delft")
    mine = [p for p, c in run.centers.items() if c == "Delft"]
    assert delft[5] == str(len(mine))
    missing = page.table("Modalities that are missing, by centre")
    delft = next(row for row in missing if row[0] == "Delft")
    assert delft[:3] == ["Delft", str(len(mine)), delft[2]]
    assert delft[2].split(" ")[0] == str((~run.presence.loc[mine, "mri"]).sum())
    rows = next(t["rows"] for t in page.tables if t["rows"][0][0] == "Reason")
    assert rows[1:] == [["no file at all", "2", "X001, X002"], ["slide: no MPP", "1", "X3"]]


def test_hostile_names_are_only_text(make_run, make_summary, tmp_path):
    run = make_run(tasks=(TaskInfo("idh", "classification", classes=("wildtype", EVIL)),))
    mapped = {"Delft": EVIL, "Évora": '"><img src=x onerror=alert(1)>', "Aachen": "=cmd()$x_{$"}
    p = run.predictions.replace({"center": mapped}).replace({"patient_id": {"P001": EVIL}})
    centers = {(EVIL if k == "P001" else k): mapped.get(v, v) for k, v in run.centers.items()}
    parts = {(EVIL if k == "P001" else k): v for k, v in run.parts.items()}
    run = replace(
        run,
        predictions=p,
        centers=centers,
        parts=parts,
        presence=run.presence.rename(index={"P001": EVIL}, columns={"mri": "{{7*7}}<b>"}),
    )
    summary = make_summary(
        run,
        title=EVIL,
        question=EVIL,
        command=EVIL,
        split_scheme=EVIL,
        notes=[EVIL],
        versions={EVIL: EVIL},
        excluded=[(EVIL, EVIL)],
        attention={"{{7*7}}<b>": 0.5},
    )
    path = write_report(tmp_path, p, summary, draws=5, seed=0)
    page = Page(path.read_text(encoding="utf-8"))
    assert "script" not in page.tags
    assert page.tags.count("b") == page.tags.count("figcaption")
    assert not [a for a in page.attributes if a[1].startswith("on")]
    assert all(c.startswith("data:") for _, name, c in page.attributes if name == "src")
    text = "".join(page.text)
    assert text.count(EVIL) > 10
    assert "{{7*7}}<b>" in text
    assert "49<b>" not in text
    csv = (tmp_path / "metrics.csv").read_text()
    assert ",'=cmd()" in csv
    assert ",=cmd()" not in csv
    card = model_card(summary, load_metrics(tmp_path / "metrics.json"), population(p, summary))
    assert "<script>" not in card.split("---", 2)[2]


def row(**changes):
    fields = {
        "model": "fusion", "task": "idh", "metric": "AUC", "part": "external", "cohort": "all",
        "center": "all", "n": 40, "events": 20, "value": 0.8, "low": 0.7, "high": 0.9,
    }  # fmt: skip
    return MetricRow(**{**fields, **changes})


def answer(*rows):
    return headline(Metrics(rows, 1000, 0), IDH)


@pytest.mark.parametrize(
    ("low", "high", "verdict", "words"),
    [
        (0.01, 0.2, "better", "On external centres, fusion beat the clinical model for idh"),
        (-0.2, -0.01, "worse", "fusion was worse than the clinical model"),
        (0.0, 0.2, "unclear", "there is no evidence that fusion beats the clinical model"),
        (-0.1, 0.2, "unclear", "there is no evidence that fusion beats the clinical model"),
    ],
)
def test_the_headline_claims_no_more_than_the_interval(low, high, verdict, words):
    gap = row(value=(low + high) / 2, low=low, high=high, versus="clinical", p=0.03)
    found = answer(row(), row(model="clinical", value=0.7), gap)
    assert found.verdict == verdict
    assert words in found.sentence
    assert "an AUC of 0.800 (95 % interval 0.700 to 0.900) against 0.700" in found.sentence
    assert "in 40 patients" in found.sentence
    assert ("beat " in found.sentence) == (verdict == "better")


def test_the_headline_of_different_patients_compares_only_those_of_both():
    gap = row(value=0.1, low=0.01, high=0.2, n=30, versus="clinical", p=0.03)
    found = answer(row(), row(model="clinical", value=0.7, n=30), gap)
    assert "against" not in found.sentence
    assert "in the 30 patients that both models predicted" in found.sentence


def test_the_headline_falls_back_aloud():
    inside = [row(part="internal test"), row(part="internal test", model="clinical", value=0.7)]
    gap = row(part="internal test", value=0.1, low=0.01, high=0.2, versus="clinical", p=0.03)
    sentence = answer(*inside, gap).sentence
    assert sentence.startswith("On the internal test alone (no external patients), fusion beat")
    assert "no model called clinical predicted it" in answer(row()).sentence
    undefined = row(value=None, low=None, high=None, reason="one class")
    assert "is not defined: one class." in answer(undefined).sentence
    assert answer(undefined).verdict == answer().verdict == "unknown"
    assert "no test or external patient has a label" in answer().sentence


def test_the_headline_says_how_it_compares_with_every_single_modality():
    def gap(name, low, high):
        return row(value=(low + high) / 2, low=low, high=high, versus=name, p=0.5)

    found = answer(row(), gap("a", 0.1, 0.2), gap("b", -0.1, 0.2), gap("c", -0.1, 0.3))
    assert found.singles == "It beat a. There is no evidence that it beats b or c."


def test_limits_follow_from_the_numbers(run, make_summary, metrics):
    text = " ".join(limits(metrics, make_summary(run, notes=["Synthetic patients."])))
    assert text.startswith("Synthetic patients.")
    assert "Only 2 external centres" in text
    assert "Research use only." in text
    inside = {p: "test" if part == "external" else part for p, part in run.parts.items()}
    text = " ".join(limits(metrics, make_summary(run, parts=inside)))
    assert "nothing is known about how the model does elsewhere" in text


def test_numbers_are_written_alike():
    assert number(-0.12345) == "−0.123"
    assert value(row(value=None)) == "not defined"
    assert interval(row(low=None, high=None)) == "no interval"
    assert interval(row(versus="b", low=-0.1, high=0.25)) == "−0.100 to +0.250"
    assert p_value(0.05) == "0.050"


def test_a_run_without_outsiders_training_or_baseline_still_has_a_page(
    make_run, make_summary, tmp_path
):
    run = make_run(patients=60)
    p = run.predictions
    p = p[(p["part"] == "test") & (p["model"] == "fusion")]
    keep = sorted(set(p["patient_id"]))
    run = replace(
        run,
        predictions=p,
        presence=run.presence.loc[keep],
        centers={k: run.centers[k] for k in keep},
        parts=dict.fromkeys(keep, "test"),
    )
    summary = make_summary(run, excluded=(), attention=None)
    text = "".join(Page(write_report(tmp_path, p, summary, draws=5, seed=0).read_text()).text)
    assert "no cut points: 0 training patients" in text
    assert "Nobody was left out." in text
    assert "There is no other model to compare with." in text
    assert "no model called clinical predicted it" in text


def test_one_class_in_all_of_a_part_still_has_a_page(make_run, make_summary, tmp_path):
    run = make_run(tasks=(IDH,))
    p = run.predictions
    p["target"] = (p["class"] == "mutant").astype(float)
    page = Page(write_report(tmp_path, p, make_summary(run), draws=5, seed=0).read_text())
    text = "".join(page.text)
    assert "ROC curves: idh: no test or external patients of two classes." in text
    assert "is not defined: AUC needs both classes" in text
    assert "needs both classes" in (tmp_path / "metrics.json").read_text()


def test_risk_groups_are_cut_by_training_patients_alone(run, make_summary, folder):
    table = pd.read_csv(folder / "figures" / "kaplan_meier_overall_survival.csv")
    p = run.predictions
    p = p[(p["model"] == "fusion") & (p["class"] == "risk")]
    edge = np.median(p.loc[p["part"] == "train", "value"])
    for part, rows in table.groupby("part"):
        risk = p.loc[p["part"] == part, "value"]
        sizes = rows.groupby("group")["n"].first()
        assert sizes["high"] == (risk > edge).sum()
        assert sizes["low"] == (risk <= edge).sum()


def test_a_log_that_is_none_is_named(tmp_path, run, make_summary):
    from fusion.report.figure_training import training_curves

    with pytest.raises(ReadError, match="is not the CSV of Lightning's logger"):
        training_curves(tmp_path / "none.csv")
    odd = tmp_path / "odd.csv"
    odd.write_text("step,loss\n1,2\n")
    with pytest.raises(ReadError, match=r"odd\.csv: has no column epoch"):
        training_curves(odd)
    odd.write_text("epoch,lr\n1,2\n")
    assert "no column of a training" in training_curves(odd).reason


def test_facts_about_other_patients_are_refused(run, make_summary):
    with pytest.raises(PredictionsError, match="must name the same patients; 1 are not in all"):
        make_summary(run, centers={**run.centers, "stranger": "Delft"})
    with pytest.raises(PredictionsError, match=r"attention share of mri is 1\.5, expected 0 to 1"):
        make_summary(run, attention={"mri": 1.5})


def test_the_card_has_its_sections_and_no_patient(run, make_summary, metrics):
    summary = make_summary(run, notes=["P001 was hard."], excluded=[("P777", "P777 is corrupt")])
    card = model_card(summary, metrics, population(run.predictions, summary))
    _, header, body = card.split("---\n", 2)
    import yaml

    fields = yaml.safe_load(header)
    assert fields["license"] == "apache-2.0"
    found = metrics.one(model="fusion", task="idh", metric="AUC", part="external")
    results = fields["model-index"][0]["results"]
    assert found.value in [r["metrics"][0]["value"] for r in results]
    for section in (
        "Model details", "Intended use", "Factors", "Metrics", "Evaluation data", "Training data",
        "Quantitative analyses", "Ethical considerations", "Caveats and recommendations",
    ):  # fmt: skip
        assert f"\n## {section}\n" in body
    assert "Research use only" in body
    assert f"{value(found)} ({interval(found)})" in body
    assert not re.search(r"P\d{3}", card)
    assert summary.command not in card
