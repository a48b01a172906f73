"""Nothing outside the training patients reaches what is fitted: no label and no input of theirs."""

import json
import shutil

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from fusion.config.compose import compose
from fusion.run.clinical import clinical_predictions
from fusion.run.learn import learn
from fusion.run.prepare import prepare

pytestmark = pytest.mark.slow
# the split must not change where labels do, and each part must be large enough
SPLIT = ["split.stratify=[]", "split.val=0.2", "split.test=0.2"]
# everything that can be fitted: what harmonises centres too, and a rule that looks at others
HARMONISED = [
    "modalities.mri.normalise=nyul",
    "harmonise@modalities.rna.harmonise=combat_age_sex",
    "modalities.rna.harmonise.unseen=own",
    "modalities.rna.harmonise.minimum=2",
    "stain@modalities.wsi.stain=macenko",
    "harmonise@modalities.wsi.harmonise=combat",
    "modalities.wsi.harmonise.minimum=2",
    "missing=knn",
]


@pytest.fixture
def fitted(settings, tmp_path):
    """`fitted(cohort)`: everything that a run fits, as bytes, and its material."""

    def made(cohort, name):
        config = compose(settings("glioma_fusion", *SPLIT, *HARMONISED, root=cohort))
        folder = tmp_path / name
        material = prepare(config, folder)
        trained = learn(
            config,
            material,
            modalities=("mri", "rna", "wsi"),
            head=config.head,
            folder=folder,
            resume_command="",
        )
        trained.save(folder / "again.safetensors")
        states = {n: dict(s.state()) for n, s in material.inputs.sources.items()}
        clinical = clinical_predictions(config, material)
        seen = clinical[clinical["part"].isin(["train", "val"])].drop(columns=["target", "event"])
        fits = {
            "preprocessing": json.dumps(states, sort_keys=True),
            "weights": (folder / "weights.safetensors").read_bytes(),
            "clinical": seen.to_csv(index=False),
        }
        return fits, material

    return made


def shuffled(table, rows, seed):
    """The cells of these rows, dealt anew among them, column by column."""
    random = np.random.default_rng(seed)
    table = table.copy()
    for column in table.columns.drop("patient_id"):
        table.loc[rows, column] = random.permutation(table.loc[rows, column].to_numpy())
    return table


def alter_labels(cohort, people):
    path = cohort / "targets.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows = table["patient_id"].isin(people)
    times = [c for c in table.columns if c.startswith("os_")]  # go together
    changed = shuffled(table, rows, 0)
    order = np.random.default_rng(1).permutation(np.flatnonzero(rows))
    changed.loc[rows, times] = table.loc[order, times].to_numpy()
    changed.to_csv(path, index=False)


def alter_inputs(cohort, people):
    """RNA and age a thousandfold, noise for MRI, slides exchanged."""
    for name in ("omics/rna.csv", "clinical.csv"):
        table = pd.read_csv(cohort / name)
        rows = table["patient_id"].isin(people)
        columns = table.select_dtypes("number").columns
        table = table.astype(dict.fromkeys(columns, float))
        table.loc[rows, columns] *= 1000
        table.to_csv(cohort / name, index=False)
    for who in people:
        for path in (cohort / "mri" / who).glob("*.nii.gz"):
            if path.name == "mask.nii.gz":
                continue
            image = nib.load(path)
            noise = np.random.default_rng(0).normal(500, 200, image.shape).astype(np.float32)
            nib.save(nib.Nifti1Image(np.abs(noise), image.affine), path)
    manifest = pd.read_csv(cohort / "manifest.csv", dtype=str, keep_default_na=False)
    rows = (manifest["modality"] == "wsi") & manifest["patient_id"].isin(people)
    manifest.loc[rows, "path"] = np.roll(manifest.loc[rows, "path"], 3)
    manifest.to_csv(cohort / "manifest.csv", index=False)


def test_test_and_external_patients_change_nothing_that_is_fitted(fitted, cohort, tmp_path):
    before, material = fitted(cohort, "before")
    people = sorted(material.split.test | material.split.external)
    assert len(people) > 10
    other = shutil.copytree(cohort, tmp_path / "other")
    alter_labels(other, people)
    alter_inputs(other, people)
    after, changed = fitted(other, "after")
    assert changed.split.train == material.split.train
    # they did change
    label = [m.inputs.labels["demo"] for m in (material, changed)]
    assert any(str(label[0][p]) != str(label[1][p]) for p in people)
    for name in ("rna", "mri", "wsi"):
        loaded = []
        for m in (material, changed):
            files = m.cohort.files(name)
            who = next(p for p in people if p in files)
            loaded.append(m.inputs.sources[name].load(who, files[who]))
        first, second = (getattr(x, "image", getattr(x, "features", x)) for x in loaded)
        assert first.shape != second.shape or not bool((first == second).all()), name
    # and what was fitted did not
    assert before.keys() == after.keys()
    for name, value in before.items():
        assert value == after[name], name


def test_training_patients_do_change_it(fitted, cohort, tmp_path):
    """Else the test above would show nothing."""
    before, material = fitted(cohort, "before")
    other = shutil.copytree(cohort, tmp_path / "other")
    alter_inputs(other, sorted(material.split.train)[:4])
    after, _ = fitted(other, "after")
    assert all(before[name] != after[name] for name in before)
