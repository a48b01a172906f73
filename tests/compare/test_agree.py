"""Runs that may not be compared are refused, by name, with what differs and what to do."""

import re
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml

from fusion.compare.agree import agree
from fusion.compare.runs import find, read
from fusion.data.split import Split
from fusion.errors import ComparisonError
from fusion.report.predictions import load, save


def entries(root):
    return agree([read(folder) for folder in find([f"{root}/*"])])


def edit(folder, change):
    path = folder / "config.yaml"
    values = yaml.safe_load(path.read_text())
    change(values)
    path.write_text(yaml.safe_dump(values))


def rewrite(folder, change):
    path = folder / "predictions.parquet"
    save(change(load(path)), path)


def test_labels_folds_and_seeds_are_told_apart(sweep):
    found = entries(sweep({"early": 1.0, "late": 1.0}, folds=2, seeds=(0, 1)))
    assert [e.label for e in found] == ["early"] * 4 + ["late"] * 4
    assert {e.fold for e in found} == {"repeat 0, fold 0 of 2", "repeat 0, fold 1 of 2"}
    assert [e.seed for e in found] == [0, 1, 0, 1, 0, 1, 0, 1]


def test_what_varies_besides_the_head_is_in_the_label(sweep):
    root = sweep({"pooled": 1.0, "late": 1.0}, folds=2)
    for number in (1, 3):
        edit(root / str(number), lambda v: v["split"].update(fold=0))
        split = root / str(number - 1)
        for name in ("split.json", "predictions.parquet"):
            (root / str(number) / name).write_bytes((split / name).read_bytes())
    edit(root / "1", lambda v: v["head"].update(how="max"))
    edit(root / "3", lambda v: v.update(modality_dropout=0.5))
    labels = [e.label for e in entries(root)]
    assert labels == [
        "pooled (mean), modality_dropout=0.2",
        "pooled (max), modality_dropout=0.2",
        "late, modality_dropout=0.2",
        "late, modality_dropout=0.5",
    ]


def unfinished(root):
    (root / "2" / "report.html").unlink()
    return r"not finished: .*/2\. Go on with"


def no_run(root):
    (root / "2" / "config.yaml").unlink()
    return r"/2 has no config\.yaml"


def other_cohort(root):
    split = Split.load(root / "3" / "split.json")
    replace(split, fingerprint="e" * 64).save(root / "3" / "split.json")
    return r"/0 and .*/3 are of different cohorts: fingerprints ffffffffffff and eeeeeeeeeeee"


def other_patients(root):
    split = Split.load(root / "3" / "split.json")
    moved = min(split.train)
    Split(
        split.train - {moved}, split.val | {moved}, split.test, split.external, "", "f" * 64
    ).save(root / "3" / "split.json")
    return rf"/1 and .*/3 divide the patients otherwise \(repeat 0, fold 1 .*patients? {moved} are"


def missing_fold(root):
    (root / "3" / "report.html").unlink()
    for path in sorted((root / "3").iterdir()):
        path.unlink()
    (root / "3").rmdir()
    return r"late has no run of repeat 0, fold 1 of 2, seed 0"


def twice(root):
    edit(root / "1", lambda v: v["split"].update(fold=0))
    for name in ("split.json", "predictions.parquet"):
        (root / "1" / name).write_bytes((root / "0" / name).read_bytes())
    return r"/0 and .*/1 are the same: early, repeat 0, fold 0"


def other_targets(root):
    edit(root / "2", lambda v: v["tasks"]["idh"].update(column="mgmt"))
    return r"/0 and .*/2 have other targets: task idh"


def other_labels(root):
    def flip(table):
        mine = table["patient_id"] == "p0004"
        table.loc[mine, "target"] = 1 - table.loc[mine, "target"]
        return table

    rewrite(root / "2", flip)
    return r"were given different labels: patient p0004, task idh"


def no_clinical(root):
    rewrite(root / "2", lambda t: t[t["model"] != "clinical"])
    return r"/2 has no clinical model for idh: without one, no claim about fusion is possible"


def other_clinical(root):
    def shift(table):
        mine = (table["model"] == "clinical") & (table["class"] == "mutant")
        table.loc[mine, "value"] = np.clip(table.loc[mine, "value"] + 0.01, 0, 1)
        return table

    rewrite(root / "2", shift)
    return r"/0 and .*/2 have different clinical models"


def old_version(root):
    edit(root / "2", lambda v: v.update(no_such_setting=1))
    return r"/2/config\.yaml does not fit this version.*no_such_setting"


@pytest.fixture(scope="module")
def sound(tmp_path_factory, plain_config, make_sweep):
    """Two heads on two folds, to spoil a copy of; as they are they may be compared."""
    root = make_sweep(
        tmp_path_factory.mktemp("sound"),
        plain_config,
        {"early": 1.0, "late": 1.0},
        folds=2,
        patients=42,
    )
    entries(root)
    return root


@pytest.mark.parametrize(
    "spoil",
    [
        unfinished,
        no_run,
        other_cohort,
        other_patients,
        missing_fold,
        twice,
        other_targets,
        other_labels,
        no_clinical,
        other_clinical,
        old_version,
    ],
)
def test_what_may_not_be_compared_is_refused(sound, tmp_path, spoil):
    root = shutil.copytree(sound, tmp_path / "runs")
    message = spoil(root)
    with pytest.raises(ComparisonError) as refused:
        entries(root)
    assert re.search(message, str(refused.value), re.DOTALL), str(refused.value)


def test_nothing_there_is_said_and_a_sweeps_folder_is_guessed_at(sweep, tmp_path):
    with pytest.raises(ComparisonError, match="no folder is called so"):
        find([str(tmp_path / "nowhere*")])
    root = sweep({"early": 1.0}, folds=2, patients=42)
    with pytest.raises(ComparisonError, match=r"did you mean runs='.*/runs/\*'"):
        find([str(root)])


def test_two_runs_are_read_as_they_were_written(sweep):
    run = read(sweep({"early": 1.0}, folds=2, patients=42) / "0")
    assert run.robustness is None
    assert run.resources == {}
    assert isinstance(run.predictions, pd.DataFrame)
