"""A finished model on patients of another hospital, with labels, with some, with none."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fusion.errors import CohortError, LeakageError
from fusion.run.evaluate import evaluate
from fusion.testing.demo import write_demo

pytestmark = pytest.mark.slow
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "evaluate.py"


def rename(folder):
    """The same patients under ids that training has never seen."""
    for name in ("manifest.csv", "targets.csv", "clinical.csv", "omics/rna.csv"):
        table = pd.read_csv(folder / name, dtype=str, keep_default_na=False)
        for column in {"patient_id", "key"} & set(table.columns):
            table[column] = table[column].str.replace("demo-", "theirs-")
        table.to_csv(folder / name, index=False)
    table = pd.read_csv(folder / "manifest.csv", dtype=str, keep_default_na=False)
    table = table[table["modality"] != "mutations"]  # the model does not ask for it
    table.to_csv(folder / "manifest.csv", index=False)


@pytest.fixture(scope="module")
def written(once):
    def make(folder):
        write_demo(folder, patients=16, seed=7, volume_mm=5.0, slide_px=512)
        rename(folder)

    return once("theirs", make)


@pytest.fixture
def theirs(written, tmp_path):
    return shutil.copytree(written, tmp_path / "theirs")


@pytest.fixture
def ask(finished, small_cache, tmp_path):
    def asked(cohort, **more):
        settings = {"name": None, "patch_encoders": {}, "on_fault": None, "draws": 20, **more}
        out = tmp_path / "out"
        evaluate(bundle=finished / "bundle", cohort=cohort, out=out, cache=small_cache, **settings)
        metrics = json.loads((out / "metrics.json").read_text())["metrics"]
        page = (out / "report.html").read_text()
        return pd.read_parquet(out / "predictions.parquet"), metrics, page

    return asked


def test_the_script_evaluates_another_cohort(finished, theirs, small_cache, tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, SCRIPT, f"bundle={finished / 'bundle'}", f"cohort={theirs}"),
            *("name=Far away", f"cache={small_cache}", "draws=20"),
        ],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    out = tmp_path / "runs" / "evaluation" / "theirs"
    assert done.stdout.endswith("report  runs/evaluation/theirs/report.html\n")
    rows = pd.read_parquet(out / "predictions.parquet")
    assert set(rows["cohort"]) == {"Far away"}
    assert set(rows["part"]) == {"external"}
    assert "theirs-0003" in set(rows["patient_id"])
    assert np.isfinite(rows["value"]).all()
    found = json.loads((out / "metrics.json").read_text())["metrics"]
    assert any(row["metric"] == "macro AUC" and row["value"] is not None for row in found)


def test_without_any_label_there_are_predictions(ask, theirs):
    (theirs / "targets.csv").unlink()
    rows, metrics, page = ask(theirs)
    assert rows["target"].isna().all()
    assert all(row["value"] is None for row in metrics)
    assert "For grade there is no answer: no test or external patient has a label" in page


def test_labels_may_be_missing_in_part(ask, theirs):
    """One task's column is away, another's has gaps; the third is as it was."""
    targets = pd.read_csv(theirs / "targets.csv", dtype=str, keep_default_na=False)
    targets = targets.drop(columns=["os_time_days", "os_event"])
    targets.loc[::2, "grade"] = ""
    targets.to_csv(theirs / "targets.csv", index=False)
    rows, metrics, _ = ask(theirs)
    known = rows.groupby("task")["target"].apply(lambda column: column.notna().any())
    assert known.to_dict() == {"grade": True, "subtype": True, "survival": False}
    counts = {row["n"] for row in metrics if row["task"] == "survival"}
    assert counts == {0}


def test_a_patient_of_training_is_refused(ask, finished, theirs):
    known = sorted(json.loads((finished / "split.json").read_text())["train"])[0]
    for name in ("manifest.csv", "targets.csv"):
        path = theirs / name
        path.write_text(path.read_text().replace("theirs-0003", known))
    rna = theirs / "omics" / "rna.csv"
    rna.write_text(rna.read_text().replace("theirs-0003", known))
    clinical = theirs / "clinical.csv"
    clinical.write_text(clinical.read_text().replace("theirs-0003", known))
    with pytest.raises(LeakageError, match=f"1 patients of theirs took part .*: {known}. An eval"):
        ask(theirs)


def test_a_class_that_the_model_does_not_know(ask, theirs):
    path = theirs / "targets.csv"
    path.write_text(path.read_text().replace("astrocytoma", "astrocytomas", 1))
    with pytest.raises(CohortError, match=r"subtype 'astrocytomas' .* did you mean 'astrocytoma'"):
        ask(theirs)


def test_files_that_cannot_be_used(ask, theirs):
    """Told by name; or gone on without, and the report says so."""
    broken = next((theirs / "mri").glob("*/T1.nii.gz"))
    broken.write_bytes(broken.read_bytes()[:500])
    patient = broken.parent.name.replace("demo", "theirs")
    with pytest.raises(CohortError, match=rf"patient {patient}: .*T1.nii.gz"):
        ask(theirs)
    _, _, page = ask(theirs, on_fault="exclude")
    assert f"1 patients go without mri: their files cannot be used ({patient})" in page


def test_a_cohort_with_none_of_the_modalities(ask, theirs):
    table = pd.read_csv(theirs / "manifest.csv", dtype=str, keep_default_na=False)
    table = table[table["modality"] == "clinical"]
    table.to_csv(theirs / "manifest.csv", index=False)
    (theirs / "targets.csv").unlink()
    with pytest.raises(CohortError, match="theirs-0002: has none of mri, rna, wsi"):
        ask(theirs)


def test_external_cohorts_of_a_run_are_predicted_as_by_its_bundle(finish, ask, theirs, tmp_path):
    """Named in the configuration, or evaluated afterwards: the same numbers."""
    folder = finish(tmp_path / "run", "glioma_fusion", f"+cohort.external.theirs={theirs}")
    table = pd.read_parquet(folder / "predictions.parquet")
    here = table[(table["cohort"] == "theirs") & (table["model"] == "fusion")]
    assert set(here["part"]) == {"external"}
    later, _, _ = ask(theirs)
    key = ["patient_id", "task", "class"]
    both = here.merge(later, on=key, suffixes=("", "_later"), validate="1:1")
    assert len(both) == len(here) == len(later) > 0
    np.testing.assert_allclose(both["value_later"], both["value"], rtol=0, atol=1e-6)
    run = json.loads((folder / "metrics.json").read_text())["metrics"]
    assert {row["cohort"] for row in run} >= {"all", "demo", "theirs"}
