"""Bad input reaches the user as a message before any training, all of it at once."""

import os
import re

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import tifffile

from fusion.config.compose import compose
from fusion.errors import (
    CacheError,
    CohortError,
    ConfigError,
    LeakageError,
    SplitError,
    TrainingError,
)
from fusion.run.clinical import clinical_predictions
from fusion.run.learn import check
from fusion.run.main import census, comparable
from fusion.run.prepare import prepare
from fusion.run.publish import notes

pytestmark = pytest.mark.slow  # each takes a second, but there are many


@pytest.fixture
def ready(settings, cohort, tmp_path):
    """`ready(*more, experiment=...)`: the material of the cohort as it stands."""

    def prepared(*more, experiment="glioma_fusion", folder="run"):
        overrides = settings(experiment, *more, root=cohort)
        return prepare(compose(overrides), tmp_path / folder)

    return prepared


@pytest.fixture
def refused(ready):
    """`refused(message, *more, ...)`: the cohort as it stands is refused with these words."""

    def check(message, *more, error=CohortError, **where):
        with pytest.raises(error, match=message) as found:
            ready(*more, **where)
        return str(found.value)

    return check


@pytest.fixture
def sheet(cohort):
    """`sheet(name, change)`: change a CSV of the cohort, cell by cell as text."""

    def changed(name, change):
        table = pd.read_csv(cohort / name, dtype=str, keep_default_na=False)
        change(table).to_csv(cohort / name, index=False)

    return changed


def image(cohort, sequence="T1"):
    """The first file of a sequence, and its patient."""
    path = sorted((cohort / "mri").glob(f"*/{sequence}.nii.gz"))[0]
    return path, path.parent.name


def slide(cohort):
    path = sorted((cohort / "slides").rglob("*.tif*"))[0]
    line = next(
        row for row in (cohort / "manifest.csv").read_text().splitlines() if path.name in row
    )
    return path, line.split(",")[0]


def test_a_truncated_volume(refused, cohort):
    path, who = image(cohort)
    path.write_bytes(path.read_bytes()[:400])
    said = refused(rf"manifest.csv:\d+: patient {who}: .*T1.nii.gz: truncated or damaged")
    assert "go on without them: cohort.on_fault=exclude" in said


def test_a_volume_with_time(refused, cohort):
    path, who = image(cohort)
    found = nib.load(path)
    data = np.stack([np.asarray(found.dataobj)] * 3, axis=-1)
    nib.save(nib.Nifti1Image(data, found.affine), path)
    refused(rf"patient {who}: .*T1.nii.gz: .*(4-D|4 dimensions|dimension)")


def test_an_affine_of_zeros(refused, cohort):
    path, who = image(cohort)
    found = nib.load(path)
    found.header.set_sform(np.zeros((4, 4)), code=1)
    found.header.set_qform(None, code=0)
    bad = nib.Nifti1Image(np.asarray(found.dataobj), None, found.header)
    bad.header.set_sform(np.zeros((4, 4)), code=1)
    nib.save(bad, path)
    refused(rf"patient {who}: .*T1.nii.gz: the affine is singular")


def test_sequences_on_different_grids(refused, cohort):
    path, who = image(cohort, "FLAIR")
    found = nib.load(path)
    affine = found.affine.copy()
    affine[:3, :3] *= 2
    nib.save(nib.Nifti1Image(np.asarray(found.dataobj)[::2, ::2, ::2], affine), path)
    refused(rf"patient {who}: .*FLAIR.nii.gz: its grid is .*register the patient's sequences")


def test_two_bad_files_are_told_at_once(refused, cohort):
    for sequence in ("T1", "FLAIR"):
        path, _ = image(cohort, sequence)
        path.write_bytes(b"no nifti")
    said = refused("T1.nii.gz")
    assert "FLAIR.nii.gz" in said
    assert "3 faults" in said  # two files and what to do


def without_mpp(path):
    with tifffile.TiffFile(path) as file:
        levels = [level.asarray() for level in file.series[0].levels]
    with tifffile.TiffWriter(path) as file:
        for number, level in enumerate(levels):
            file.write(level, photometric="rgb", tile=(64, 64), subfiletype=min(number, 1))


def test_a_slide_without_mpp_is_refused_unless_the_manifest_gives_it(refused, ready, cohort, sheet):
    path, who = slide(cohort)
    without_mpp(path)
    refused(rf"patient {who}: .*{path.name}: .*mpp")

    def given(table):
        table.loc[table["path"].str.endswith(path.name), "mpp"] = "1.0"
        return table

    sheet("manifest.csv", given)
    material = ready()
    assert who in {p for place in material.places for p in place.patients}


def test_a_slide_of_pure_background(refused, cohort):
    path, who = slide(cohort)
    white = np.full((512, 512, 3), 243, np.uint8)
    tifffile.imwrite(
        path,
        white,
        photometric="rgb",
        tile=(64, 64),
        resolution=(10000, 10000),
        resolutionunit="CENTIMETER",
    )
    refused(rf"patient {who}: .*{path.name}: .*(no tissue|background)")


def test_text_in_a_column_of_numbers(refused, sheet):
    def spoil(table):
        table.iloc[3, 5] = "high"
        return table

    sheet("omics/rna.csv", spoil)
    said = refused(r"rna.csv: .*'high'")
    assert "NumberError" not in said


def test_infinity_in_a_table(refused, sheet):
    def spoil(table):
        table.iloc[3, 5] = "inf"
        return table

    sheet("omics/rna.csv", spoil)
    refused(r"rna.csv: .*inf")


def test_nan_in_a_table_is_a_missing_value(ready, sheet):
    def spoil(table):
        table.iloc[3, 5:9] = "NaN"
        table.iloc[4, 5:9] = ""
        return table

    sheet("omics/rna.csv", spoil)
    material = ready()
    who = material.place("train").patients
    files = material.cohort.files("rna")
    source = material.inputs.sources["rna"]
    assert all(bool(source.load(p, files[p]).isfinite().all()) for p in who if p in files)


def test_a_patient_with_nothing_is_named(ready):
    """How many, who, why: in the lines that a run prints, and in its report."""
    material = ready()
    assert len(material.left_out) == 2  # the demo plants two
    names = sorted(p for p, _ in material.left_out)
    line = next(line for line in census(material) if line.startswith("left out"))
    assert line == f"left out     2 patients (has none of mri, rna, wsi): {', '.join(names)}"
    assert not set(names) & {p for place in material.places for p in place.patients}


def test_a_patient_whom_the_split_does_not_use_is_named(ready, tmp_path, cohort):
    material = ready("split=fixed")
    rows = [
        (p, part)
        for part in ("train", "val", "test", "unused")
        for p in sorted(getattr(material.split, part))
    ]
    spared = rows[0][0]
    rows[0] = (spared, "unused")
    pd.DataFrame(rows, columns=["patient_id", "part"]).to_csv(tmp_path / "s.csv", index=False)
    again = ready(
        "split=file",
        f"split.path={tmp_path / 's.csv'}",
        "~split.stratify",
        folder="other",
    )
    assert (spared, "is not used by the split") in again.left_out


def test_going_on_without_a_broken_file(ready, cohort, settings):
    path, who = image(cohort)
    path.write_bytes(path.read_bytes()[:400])
    material = ready("cohort.on_fault=exclude")
    assert material.inputs.unusable["mri"] == {who}
    part = next(place for place in material.places if who in place.patients)
    dataset = material.inputs.dataset(part, ("mri", "rna", "wsi"))
    sample = dataset[dataset.patients.index(who)]
    assert "mri" not in sample.inputs
    sentence = f"1 patients go without mri: their files cannot be used ({who})."
    assert sentence in census(material)
    assert sentence in notes(compose(settings("glioma_fusion")), material)


def test_a_whole_table_cannot_be_gone_on_without(refused, cohort):
    (cohort / "omics" / "rna.csv").write_bytes(b"patient_id\n")
    refused("rna.csv", "cohort.on_fault=exclude")


def test_a_task_with_one_class_in_training(ready, settings, sheet, cohort):
    def spoil(table):
        table.loc[table["subtype"] != "", "subtype"] = "astrocytoma"
        return table

    sheet("targets.csv", spoil)
    material = ready()
    config = compose(settings("glioma_fusion", root=cohort))
    modalities = tuple(sorted(config.modalities))
    message = (
        r"task subtype, patients with mri, rna, wsi: no training patient has class "
        r"oligodendroglioma, glioblastoma"
    )
    with pytest.raises(TrainingError, match=message):
        check(config, material, modalities)
    with pytest.raises(TrainingError, match=r"task subtype: the clinical.*~baseline"):
        clinical_predictions(config, material)


def test_a_fold_without_events(ready, settings, sheet, cohort):
    def spoil(table):
        table.loc[table["os_event"] != "", "os_event"] = "0"
        return table

    sheet("targets.csv", spoil)
    material = ready("split.stratify=[subtype]")
    config = compose(settings("glioma_fusion", root=cohort))
    with pytest.raises(TrainingError, match=r"task survival, .*: Cox: no event among \d+ training"):
        check(config, material, ("mri", "rna", "wsi"))
    with pytest.raises(TrainingError, match=r"task survival: the clinical baseline: no event"):
        clinical_predictions(config, material)


def test_a_task_without_a_label_in_training(ready, settings, sheet, cohort):
    def spoil(table):
        table["grade"] = ""
        return table

    sheet("targets.csv", spoil)
    material = ready()
    config = compose(settings("glioma_fusion", root=cohort))
    with pytest.raises(TrainingError, match=r"task grade: none of the \d+ training patients with"):
        check(config, material, ("mri", "rna", "wsi"))


def test_a_clinical_table_that_nobody_has(ready, settings, cohort):
    material = ready()
    config = compose(settings("glioma_fusion", "baseline.modality=bedside", root=cohort))
    with pytest.raises(ConfigError, match=r"no patient of .* has 'bedside'; .*~baseline"):
        clinical_predictions(config, material)


def test_a_full_disk_while_caching(refused, monkeypatch, tmp_path):
    replace = os.replace

    def full(source, target):
        if str(target).endswith(".safetensors"):
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr("fusion.data.prepare.cache.os.replace", full)
    refused(
        r"cannot write the cache entry .*No space left on device.*free some space",
        f"cache={tmp_path / 'cache'}",
        error=CacheError,
    )
    assert not [p for p in (tmp_path / "cache").rglob("*") if p.is_file()]  # nothing is left over


@pytest.mark.parametrize("name", ["../../x", "<script>"])
def test_an_id_that_is_no_name(refused, sheet, name):
    def spoil(table):
        table.loc[table["patient_id"] == "demo-0003", "patient_id"] = name
        return table

    sheet("manifest.csv", spoil)
    refused(rf"manifest.csv:\d+: patient_id '{re.escape(name)}' is not allowed")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("../../etc/passwd", r"climbs out \('..'\)"),
        ("/etc/passwd", "is absolute"),
        ("mri/none.nii.gz", "no file 'mri/none.nii.gz'"),
    ],
)
def test_a_path_that_leaves_the_cohort(refused, sheet, path, message):
    def spoil(table):
        table.loc[3, "path"] = path
        return table

    sheet("manifest.csv", spoil)
    refused(rf"manifest.csv:5: .*{message}")


def test_a_link_that_leaves_the_cohort(refused, cohort):
    path, who = image(cohort)
    path.unlink()
    path.symlink_to("/etc/hostname")
    refused(rf"patient {who}: .* is a link to /etc/hostname, outside the data root")


def test_ids_that_a_spreadsheet_mangled(refused, sheet, cohort):
    for name in ("manifest.csv", "targets.csv"):
        sheet(
            name,
            lambda t: t.assign(patient_id=t["patient_id"].str.removeprefix("demo-")),
        )
    table = pd.read_csv(cohort / "targets.csv", dtype=str, keep_default_na=False)
    table["patient_id"] = table["patient_id"].str.lstrip("0")  # what a spreadsheet does
    table.to_csv(cohort / "targets.csv", index=False)
    refused(r"'0001' is not in targets.csv; line 2 there has '1': did a spreadsheet change")


def test_a_byte_order_mark_is_no_fault(ready, cohort):
    for name in ("manifest.csv", "targets.csv"):
        (cohort / name).write_bytes(b"\xef\xbb\xbf" + (cohort / name).read_bytes())
    assert ready().places


def test_semicolons(refused, cohort):
    path = cohort / "manifest.csv"
    path.write_text(path.read_text().replace(",", ";"))
    refused("manifest.csv: is separated by ';', expected ','")


def test_a_class_that_no_configuration_names(refused, cohort):
    path = cohort / "targets.csv"
    path.write_text(path.read_text().replace("astrocytoma", "astrocytomas", 1))
    refused(r"subtype 'astrocytomas' is a class .* did you mean 'astrocytoma'")


def test_a_modality_that_nobody_has(refused):
    refused(
        "no patient of .* has ct; the manifest has clinical, mri, mutations, rna, wsi",
        "+modality@modalities.ct=ct",
        error=ConfigError,
    )


def test_a_cohort_that_changed_since_its_split(ready, refused, sheet):
    ready()

    def spoil(table):
        known = table.index[table["grade"] == "G2"][0]
        table.loc[known, "grade"] = "G3"
        return table

    sheet("targets.csv", spoil)
    refused("has changed since the split was made", error=SplitError)


def test_a_patient_in_two_cohorts(refused, cohort, small_demo):
    refused(
        r"\d+ patients of the external cohort theirs are in demo too: demo-0001",
        f"+cohort.external.theirs={small_demo}",
        error=LeakageError,
    )
    refused(
        "demo is the run's own cohort; name it otherwise",
        f"+cohort.external.demo={small_demo}",
        error=ConfigError,
    )


def test_ids_that_two_external_cohorts_share(refused, tmp_path):
    (tmp_path / "manifest.csv").write_text("patient_id,center,modality,path\n7,Elsewhere,,\n")
    refused(
        "1 ids of b are in a too: 7. A table of predictions could not tell them apart",
        f"+cohort.external.a={tmp_path}",
        f"+cohort.external.b={tmp_path}",
        error=ConfigError,
    )


def test_a_pattern_that_matches_nothing(refused):
    """What defines a label must not slip through because its column is spelt otherwise."""
    refused("'IDH9'", "+tasks.subtype.defining.rna=[IDH9]", error=ConfigError)


def test_columns_that_define_a_label_are_no_inputs(ready):
    material = ready(
        "+modality@modalities.mutations=table", "tasks.subtype.defining.mutations=[IDH1_mut,codel*]"
    )
    used = material.inputs.sources["mutations"].preprocess.columns
    assert "TP53_mut" in used
    assert not [c for c in used if c.startswith(("IDH1", "codel"))]


def test_the_demo_needs_no_raw_data_but_the_public_cohort_does(settings, tmp_path):
    config = compose(settings("tcga_glioma", root=tmp_path / "none"))
    with pytest.raises(ConfigError, match="give data_root=FOLDER"):
        prepare(config, tmp_path / "run")


def test_a_modality_that_cannot_learn_alone_does_not_stop_the_run(ready, settings, sheet, cohort):
    manifest = pd.read_csv(cohort / "manifest.csv", dtype=str)
    having = set(manifest.loc[manifest["modality"] == "rna", "patient_id"])

    def spoil(table):
        table.loc[table["patient_id"].isin(having), "grade"] = ""
        return table

    sheet("targets.csv", spoil)
    material = ready()
    config = compose(settings("glioma_fusion", "evaluation.singles=true", root=cohort))
    alone, remarks = comparable(config, material)
    assert "rna" not in alone
    assert any(
        line.startswith("rna alone is not among the comparisons: task grade: none of the")
        for line in remarks
    )


def test_who_lacks_a_required_modality_takes_no_part(ready):
    material = ready("cohort.require=[rna]")
    having = set(material.cohort.files("rna"))
    assert material.split.internal | material.split.external <= having
    reasons = dict(material.left_out)
    assert {p for p, why in reasons.items() if why == "has no rna"} == (
        set(material.cohort.patients) - having
    )
    with pytest.raises(ConfigError, match=r"cohort\.require: dna is no modality of this run"):
        ready("cohort.require=[dna]", folder="other")
