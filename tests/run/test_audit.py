"""Every kind of leak, planted in the demo cohort, is found; on the cohort as it is, nothing is."""

import json
import shutil

import pandas as pd
import pytest

from fusion.config.compose import compose
from fusion.errors import LeakageError
from fusion.run.audit import examine
from fusion.run.audit_bundle import examine_cohort
from fusion.run.audit_inputs import usable
from fusion.run.audit_records import examine_run
from fusion.run.audited import audit_before
from fusion.run.bundle import load_bundle, open_folder
from fusion.run.prepare import prepare

pytestmark = pytest.mark.slow

EXTERNAL = "split.centers=[Aster Hospital,Elm]"


def read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def plant(cohort):
    """Spoil a cohort in every way that its files can be spoilt."""
    manifest, targets = read(cohort / "manifest.csv"), read(cohort / "targets.csv")
    # Dogwood becomes a training centre's second name
    manifest.loc[manifest["center"] == "Dogwood", "center"] = "Aster Hospital"
    # demo-0001 of Aster once more, at Elm: another spelling of the id, the files copied
    manifest = pd.concat([manifest, twin_of(cohort, manifest, "demo-0001", "Demo_1", "Elm")])
    row = targets[targets["patient_id"] == "demo-0001"].assign(patient_id="Demo_1")
    targets = pd.concat([targets, row])
    # its RNA with other digits; all RNA scaled over everybody
    rna = pd.read_csv(cohort / "omics" / "rna.csv", index_col=0)
    ((rna - rna.mean()) / rna.std()).round(3).to_csv(cohort / "omics" / "rna.csv")
    # the outcome among the clinical columns
    clinical = read(cohort / "clinical.csv").set_index("patient_id")
    days = pd.to_numeric(targets.set_index("patient_id")["os_time_days"])
    clinical["follow_up_months"] = (days / 30.4).round(1).reindex(clinical.index)
    clinical.to_csv(cohort / "clinical.csv")
    # nobody at Cedar has a slide; all of Elm are one subtype
    gone = (manifest["center"] == "Cedar") & (manifest["modality"] == "wsi")
    elm = manifest.loc[manifest["center"] == "Elm", "patient_id"]
    known = targets["patient_id"].isin(elm) & (targets["subtype"] != "")
    targets.loc[known, "subtype"] = "astrocytoma"
    manifest[~gone].to_csv(cohort / "manifest.csv", index=False)
    targets.to_csv(cohort / "targets.csv", index=False)


def twin_of(cohort, manifest, patient, alias, center):
    """Rows of the same patient under another id, with files and table rows of its own."""
    rows = manifest[manifest["patient_id"] == patient].copy()
    rows["patient_id"], rows["center"] = alias, center
    for number, row in rows.iterrows():
        path = cohort / row["path"]
        if row["key"]:
            table = read(path)
            again = table[table.iloc[:, 0] == patient].copy()
            again.iloc[0, 0] = rows.loc[number, "key"] = alias
            if row["modality"] == "rna":
                again.iloc[0, 1:] = [f"{float(v):.2f}" if v else v for v in again.iloc[0, 1:]]
            pd.concat([table, again]).to_csv(path, index=False)
            continue
        copy = path.parent / f"again_{path.name}"
        shutil.copy(path, copy)
        rows.loc[number, "path"] = str(copy.relative_to(cohort))
    return rows


@pytest.fixture(scope="module")
def clean(settings, tmp_path_factory):
    """The demo's material, and its audit."""
    config = compose(settings("glioma_fusion"))
    material = prepare(config, tmp_path_factory.mktemp("clean"))
    return config, material, examine(config, material)


@pytest.fixture(scope="module")
def spoilt(settings, small_demo, tmp_path_factory):
    """Check -> its findings, of a cohort that was spoilt."""
    cohort = shutil.copytree(small_demo, tmp_path_factory.mktemp("spoilt") / "cohort")
    plant(cohort)
    columns = "baseline.table.columns=[age,sex,kps,follow_up_months]"
    config = compose(settings("glioma_fusion", EXTERNAL, columns, root=cohort))
    material = prepare(config, cohort.parent / "run")
    audit = examine(config, material).audit
    return {check.name: check.findings for check in audit.checks}


def test_a_clean_cohort_has_no_findings(clean):
    _, _, found = clean
    assert found.audit.errors == ()
    assert found.audit.warnings == ()
    unasked = {check.name for check in found.audit.checks if check.not_asked}
    assert unasked == {"epoch by validation", "predictions and split", "labels as predicted"}


def test_an_alias_is_found_by_its_spelling(spoilt):
    (found,) = spoilt["patient under two ids"]
    assert found.severity == "error"
    assert set(found.patients) == {"demo-0001", "Demo_1"}


def test_an_alias_is_found_by_image_slide_and_row(spoilt):
    (found,) = spoilt["same input twice"]
    assert found.severity == "error"
    assert set(found.patients) == {"demo-0001", "Demo_1"}
    for words in ("the same mri", "the same wsi", "nearly the same rna"):
        assert words in found.message


def test_one_hospital_under_two_names_is_found(spoilt):
    (found,) = spoilt["one hospital, two centres"]
    assert found.severity == "error"
    assert "Aster (internal) and Aster Hospital (external)" in found.message
    assert len(found.patients) >= 5


def test_an_input_that_is_the_outcome_is_found(spoilt):
    found = spoilt["column determines label"]
    assert [f.subject for f in found] == ["clinical.follow_up_months"]
    assert found[0].severity == "error"


def test_a_table_that_was_scaled_over_everybody_is_found(spoilt):
    (found,) = spoilt["table normalised over all"]
    assert found.severity == "error"
    assert found.subject == "rna"


def test_what_cannot_be_judged_is_a_warning(spoilt):
    (found,) = spoilt["missing modalities"]
    assert "wsi: nobody has it in 1 of 5 centres (Cedar)" in found.message
    (found,) = spoilt["labels by centre"]
    assert "labelled patients of Elm are astrocytoma" in found.message


@pytest.fixture
def leaky(clean):
    """The material with RNA fitted to everybody, for one test."""
    config, material, _ = clean
    source, everybody = material.inputs.sources["rna"], usable(material, "rna")
    before, training = dict(source.state()), set(material.split.train)
    source.fit(everybody)
    material.fitted.note("preprocessing of rna", "fit", everybody)
    yield config, material
    source.restore(before)
    material.fitted.note("preprocessing of rna", "fit", [p for p in everybody if p in training])


def test_a_run_that_fitted_on_others_stops_before_training(leaky, tmp_path):
    """By the note of it, and without any note: another fit gives another state."""
    config, material = leaky
    with pytest.raises(LeakageError, match="the audit found 2 errors:\n  what rna was fitted"):
        audit_before(config, material, tmp_path, lambda line: None)
    written = json.loads((tmp_path / "audit.json").read_text())
    assert (written["errors"], written["warnings"]) == (2, 0)
    found = {f["subject"]: f for check in written["checks"] for f in check["findings"]}
    assert found.keys() == {"rna", "preprocessing of rna"}
    assert set(material.split.external) & set(found["preprocessing of rna"]["patients"])


def test_with_a_reason_it_goes_on_and_says_so(leaky, tmp_path):
    config, material = leaky
    accept = {"refit differs/rna": "it is a test", "fitted on others": "of ours"}
    audit = config.audit.model_copy(update={"accept": accept})
    said = []
    audit_before(config.model_copy(update={"audit": audit}), material, tmp_path, said.append)
    assert said[0] == "    audit: 13 questions, 0 errors, 2 warnings"
    assert said[1].endswith("Accepted: it is a test")
    assert (tmp_path / "audit" / "labels_by_centre.csv").is_file()


@pytest.fixture
def run(finished, tmp_path):
    """A finished run to spoil."""
    return shutil.copytree(finished, tmp_path / "run")


def test_a_finished_run_is_clean_and_was_asked_everything(finished):
    assert examine_run(finished).errors == ()
    written = json.loads((finished / "audit.json").read_text())
    assert (written["errors"], written["warnings"]) == (0, 0)
    assert [c["name"] for c in written["checks"] if c["not_asked"]] == []
    notes = {fit["what"] for fit in json.loads((finished / "fitted.json").read_text())}
    assert {"preprocessing of wsi", "clinical model of grade", "epoch of fusion"} <= notes


def spoil_notes(run, what, patients):
    path = run / "fitted.json"
    notes = json.loads(path.read_text())
    for note in notes:
        if note["what"] == what:
            note["patients"] += patients
    path.write_text(json.dumps(notes))


def test_an_epoch_that_was_chosen_on_test_patients_is_found(run):
    test = json.loads((run / "split.json").read_text())["test"]
    spoil_notes(run, "epoch of fusion", test)
    (found,) = examine_run(run).errors
    assert set(found.patients) == set(test)
    assert "the epoch of fusion saw" in found.message


def test_an_epoch_that_validation_did_not_choose_is_found(run):
    path = run / "models" / "fusion" / "history.csv"
    table = pd.read_csv(path)
    better = table.assign(epoch=table["epoch"] + 1, val_loss=table["val_loss"] / 2)
    pd.concat([table, better]).to_csv(path, index=False)
    (found,) = examine_run(run).errors
    assert "fusion uses the weights of epoch 0" in found.message


def test_a_split_that_was_changed_afterwards_is_found(run):
    path = run / "split.json"
    split = json.loads(path.read_text())
    moved = split["test"].pop()
    split["train"].append(moved)
    path.write_text(json.dumps(split))
    (found,) = examine_run(run).errors
    assert found.patients == (moved,)


def test_a_bundle_recognises_its_patients_under_other_ids(finished, cohort, small_cache):
    """By image, slide and row; patients of its test set are no training patients."""
    manifest, targets = read(cohort / "manifest.csv"), read(cohort / "targets.csv")
    for table in (manifest, targets):
        table["patient_id"] = table["patient_id"].str.replace("demo-", "other-x")
    manifest.to_csv(cohort / "manifest.csv", index=False)
    targets.to_csv(cohort / "targets.csv", index=False)
    model = load_bundle(finished / "bundle", cache=small_cache)
    place, inputs = model.take(open_folder(cohort, "elsewhere"))
    (found,) = examine_cohort(model, place, inputs).errors
    split = json.loads((finished / "split.json").read_text())
    trained = {p.replace("demo-", "other-x") for p in split["train"] + split["val"]}
    assert found.subject == "inputs"
    assert set(found.patients) == trained
    memory = (finished / "bundle" / "bundle.json").read_text()
    assert "demo-0001" not in memory
