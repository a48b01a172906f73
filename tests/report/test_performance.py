"""The sections on the page: each number has its file, and each gap its reason."""

import numpy as np
import pandas as pd
import pytest

from fusion.report.performance import performance
from fusion.report.summary import RunSummary
from fusion.report.tasks import TaskInfo
from fusion.report.write import write_report
from tests.report.test_report import Page

IDH = TaskInfo("idh", "classification", classes=("wildtype", "mutant"))
SURVIVAL = TaskInfo("overall_survival", "survival", horizons_days=(365.0, 730.0))
IDS = ("discrimination", "operating", "calibration", "net-benefit", "subgroups", "robustness")
IDS = (*IDS, "most-wrong")


@pytest.fixture(scope="module")
def told(make_run, make_summary, tmp_path_factory):
    """A run with everything that a report can be told: folder, page."""
    run = make_run(tasks=(IDH,))
    sexes = pd.DataFrame({"sex": ["F", "M", None] * 50}, index=pd.Index(list(run.centers)))
    rows = run.predictions[run.predictions["model"].isin(["fusion", "mri alone", "rna alone"])]
    has_all = set.intersection(*(set(r["patient_id"]) for _, r in rows.groupby("model")))
    rows = rows[rows["patient_id"].isin(has_all) & rows["part"].isin(["test", "external"])]
    names = {"fusion": "mri + rna", "mri alone": "mri", "rna alone": "rna"}
    left = rows.assign(model=rows["model"].map(names))
    summary = make_summary(
        run, characteristics=sexes, subgroups={"sex": []}, robustness=left, attention=None
    )
    folder = tmp_path_factory.mktemp("told")
    page = write_report(folder, run.predictions, summary, draws=10, seed=0)
    return folder, Page(page.read_text(encoding="utf-8"))


def test_every_section_is_there_and_in_the_contents(told):
    _, page = told
    for name in IDS:
        assert ("section", "id", name) in page.attributes
        assert ("a", "href", f"#{name}") in page.attributes


def test_every_table_and_figure_has_its_numbers(told):
    folder, page = told
    figures = {p.stem for p in (folder / "figures").glob("*.csv")}
    tables = {p.stem for p in (folder / "tables").glob("*.csv")}
    for kind in ("forest", "calibration", "decision", "subgroups", "robustness"):
        assert f"{kind}_idh" in figures
    for kind in ("calibration", "net_benefit", "subgroups", "robustness", "most_wrong"):
        assert f"{kind}_idh" in tables
    assert {"pooled", "operating_idh", "fairness_idh", "update_idh"} <= tables
    for name in tables:
        assert len(pd.read_csv(folder / "tables" / f"{name}.csv")), name
    wide = [t for t in page.tables if t["rows"]]
    for table in wide:  # a cell too many or too few would shift all that follow
        widths = {len(row) for row in table["rows"] if len(row) > 1}
        assert len(widths) <= 1, table["caption"]


def test_printed_numbers_are_those_of_the_files(told):
    folder, page = told
    data = pd.read_csv(folder / "tables" / "calibration_idh.csv")
    (slope,) = data.loc[
        (data["measure"] == "slope")
        & (data["part"] == "external")
        & (data["group"] == "all")
        & (data["model"] == "fusion"),
        ["value", "low", "high"],
    ].to_numpy()
    head, *rows = page.table("idh: calibration")
    external = rows[next(i for i, r in enumerate(rows) if r[0] == "External centres") + 1]
    shown = external[head.index("Slope")].replace("−", "-")
    assert shown == f"{slope[0]:.2f} ({slope[1]:.2f} to {slope[2]:.2f})"


def test_predictions_of_somebody_else_say_what_they_cannot_tell(make_run, tmp_path):
    """External patients alone, one model, no baseline, no modalities."""
    run = make_run(patients=100, tasks=(IDH, SURVIVAL))
    p = run.predictions
    p = p[(p["part"] == "external") & (p["model"] == "fusion")].assign(model="theirs")
    who = p.drop_duplicates("patient_id").set_index("patient_id")
    summary = RunSummary(
        title="theirs",
        question="?",
        command="report",
        versions={},
        fingerprint="f",
        split_scheme="?",
        tasks=run.tasks,
        presence=pd.DataFrame(index=who.index),
        centers=who["center"].to_dict(),
        parts=who["part"].to_dict(),
    )
    page = write_report(tmp_path, p, summary, draws=5, seed=0, model="theirs", baseline=None)
    read = Page(page.read_text(encoding="utf-8"))
    text = "".join(read.text)
    assert text.count("no validation patients to choose a threshold on") == 2
    assert "Not examined: that takes the model itself" in text
    assert "Had" not in read.table("idh: the most wrong")[0]
    assert read.table("idh: net benefit")[0][-1] == "Avoided per 100"
    assert not read.open


OWN = ("added", "outline", "regions")
"""Of models with a clinical offset, that outline, or that tell regions."""


def test_the_order_of_the_sections_is_that_of_the_page(run, make_summary):
    from fusion.report.metrics_file import Metrics
    from fusion.report.wishes import Wishes

    found = performance([], make_summary(run), Metrics((), 5, 0), Wishes())
    names = [name.replace("_", "-") for name in found if name not in OWN]
    assert tuple(names) == IDS
    assert not any(np.size(section.items) for section in found.values())
