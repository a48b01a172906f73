"""Every scheme gives disjoint, complete, reproducible parts, and refuses what cannot be."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fusion.data.cohort import Cohort
from fusion.data.split import PARTS
from fusion.data.splitting.external_centers import external_centers
from fusion.data.splitting.folds import published_folds
from fusion.data.splitting.fractions import fractions
from fusion.data.splitting.from_file import from_file
from fusion.data.splitting.kfold import kfold
from fusion.data.splitting.leave_center_out import leave_center_out
from fusion.errors import SplitError


def make_cohort(count: int = 103, reverse: bool = False) -> Cohort:
    rng = np.random.default_rng(7)
    patients = [f"P{i:03d}" for i in range(count)]
    idh = np.where(rng.random(count) < 0.2, None, rng.choice(["mutant", "wildtype"], count))
    time = np.where(rng.random(count) < 0.3, np.nan, rng.integers(1, 2000, count))
    event = np.where(np.isnan(time), np.nan, rng.integers(0, 2, count))
    index = pd.Index(patients, name="patient_id")
    targets = pd.DataFrame({"idh": idh, "os_time_days": time, "os_event": event}, index=index)
    centers = dict(zip(patients, rng.choice(["Bonn", "Köln", "Ulm"], count).tolist(), strict=True))
    if reverse:
        centers = dict(reversed(centers.items()))
        targets = targets.iloc[::-1]
    return Cohort(name="made", root=Path("/"), centers=centers, entries={}, targets=targets)


COHORT = make_cohort()
BY = ["idh", "os_event", "center"]
K5 = partial(kfold, folds=5, val_fraction=0.2, stratify=BY)
SCHEMES = {
    "kfold": partial(K5, fold=1, seed=0),
    "repeat": partial(K5, fold=1, repeat=3, seed=0),
    "fractions": partial(fractions, val_fraction=0.1, test_fraction=0.2, stratify=BY, seed=0),
    "leave_center_out": partial(leave_center_out, center="Ulm", val_fraction=0.2, seed=0),
    "external": partial(external_centers, centers=["Ulm"], inner=partial(K5, fold=0, seed=0)),
}


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
def test_every_patient_has_a_part_and_the_cohort_is_known(scheme):
    able = COHORT.patients[:90]
    split = scheme(COHORT, able)
    split.check(COHORT)
    assert split.unused == set(COHORT.patients[90:])
    assert split.internal | split.external == set(able)


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
def test_the_same_seed_gives_the_same_split_whatever_the_order(scheme):
    backwards = make_cohort(reverse=True)
    assert scheme(COHORT, COHORT.patients) == scheme(backwards, backwards.patients)


@pytest.mark.parametrize("name", ["kfold", "fractions", "leave_center_out"])
def test_another_seed_gives_another_split(name):
    first, other = (SCHEMES[name](COHORT, COHORT.patients, seed=seed) for seed in (0, 1))
    assert first.train != other.train


def test_the_folds_of_a_repeat_test_everybody_once():
    tests = {}
    for repeat in (0, 1):
        splits = [K5(COHORT, COHORT.patients, fold=f, repeat=repeat, seed=0) for f in range(5)]
        tests[repeat] = [split.test for split in splits]
        assert sorted(p for test in tests[repeat] for p in test) == list(COHORT.patients)
        assert sorted(map(len, tests[repeat])) == [20, 20, 21, 21, 21]
        assert all(len(s.val) == round(0.2 * (103 - len(s.test))) for s in splits)
    assert set(tests[0]).isdisjoint(tests[1])


def test_labels_and_centres_are_balanced_with_labels_missing():
    for fold in range(5):
        split = K5(COHORT, COHORT.patients, fold=fold, seed=0)
        for values in (COHORT.targets["idh"], COHORT.targets["os_event"], COHORT.centers):
            column = pd.Series(values)
            for value, total in column.value_counts().items():
                here = (column[sorted(split.test)] == value).sum()
                # within 2 patients of an even share: 7 labels in folds of fixed size
                assert abs(here - total * len(split.test) / 103) < 2


def test_external_centres_are_wholly_external():
    split = SCHEMES["external"](COHORT, COHORT.patients)
    assert split.external == {p for p, c in COHORT.centers.items() if c == "Ulm"}
    assert split.scheme.startswith("Ulm is external. At the other centres: Fold 0 tests, of 5")
    both = external_centers(
        COHORT,
        COHORT.patients,
        centers=["Ulm", "Köln"],
        inner=partial(fractions, val_fraction=0.2, test_fraction=0.0, seed=0),
    )
    assert {COHORT.centers[p] for p in both.internal} == {"Bonn"}


def test_leaving_each_centre_out_makes_everybody_external_once():
    splits = [
        leave_center_out(COHORT, COHORT.patients, center=c, val_fraction=0.2, seed=0)
        for c in ("Bonn", "Köln", "Ulm")
    ]
    assert sorted(p for s in splits for p in s.external) == list(COHORT.patients)
    assert all(s.test == frozenset() for s in splits)
    asked = leave_center_out(
        COHORT, COHORT.patients, center="Ulm", val_fraction=0.2, test_fraction=0.2, seed=0
    )
    assert len(asked.test) == round(0.2 * len(asked.internal))


@pytest.mark.parametrize(
    ("scheme", "settings", "message"),
    [
        ("kfold", {"fold": 5}, "fold 5 of 5; expected 0 to 4"),
        ("kfold", {"fold": -1}, "fold -1 of 5"),
        ("kfold", {"folds": 1}, "1 folds of 103 patients; expected 2 to 103"),
        ("kfold", {"folds": 104}, "104 folds of 103 patients; expected 2 to 103"),
        ("kfold", {"repeat": -1}, "repeat -1 is below zero"),
        ("kfold", {"seed": -1}, "seed -1 is below zero"),
        ("kfold", {"val_fraction": 1.0}, "val_fraction is 1.0, expected 0 or more, and below 1"),
        ("kfold", {"val_fraction": 0.001}, "val_fraction 0.001 of 82 patients is nobody; raise"),
        ("kfold", {"stratify": ["idhh"]}, "cannot stratify on 'idhh'.*did you mean 'idh'"),
        ("kfold", {"stratify": ["sex"]}, "cohort made lacks it; it has center, idh, os_event"),
        ("kfold", {"stratify": ["os_time_days"]}, "the time 'os_time_days'; stratify on 'os_event"),
        ("fractions", {"test_fraction": 0.95}, "leave nobody of 103 patients to train on"),
        ("fractions", {"test_fraction": -0.1}, "test_fraction is -0.1, expected 0 or more"),
        ("leave_center_out", {"center": "Koln"}, "has no center 'Koln'; did you mean 'Köln'?"),
        ("external", {"centers": ["Rom"]}, "has no center 'Rom'; it has Bonn, Köln, Ulm"),
        ("external", {"centers": []}, "no external center is named"),
        ("external", {"centers": ["Ulm", "Köln", "Bonn"]}, "every patient is external"),
    ],
)
def test_what_cannot_be_is_refused(scheme, settings, message):
    with pytest.raises(SplitError, match=message):
        SCHEMES[scheme](COHORT, COHORT.patients, **settings)


def test_who_takes_part_must_exist():
    with pytest.raises(SplitError, match="cohort made does not have patient X"):
        SCHEMES["kfold"](COHORT, ["X", "P001"])
    with pytest.raises(SplitError, match="no patient of cohort made can take part"):
        SCHEMES["kfold"](COHORT, [])
    bonn = [p for p, c in COHORT.centers.items() if c == "Bonn"]
    with pytest.raises(SplitError, match="center 'Ulm' has no patient who can take part"):
        SCHEMES["external"](COHORT, bonn)


def write_parts(path: Path, parts: dict[str, str]) -> Path:
    path.write_text("patient_id,part\n" + "".join(f"{k},{v}\n" for k, v in parts.items()))
    return path


def test_published_folds_are_read_and_bound(tmp_path):
    cohort = make_cohort(10)
    parts = {p: PARTS[i % 5] for i, p in enumerate(cohort.patients)}
    split = from_file(cohort, cohort.patients, path=write_parts(tmp_path / "f.csv", parts))
    split.check(cohort)
    assert {p: split.part_of(p) for p in cohort.patients} == parts
    split.save(tmp_path / "f.json")
    assert from_file(cohort, cohort.patients, path=tmp_path / "f.json") == split


def test_who_cannot_take_part_is_moved_to_unused(tmp_path):
    cohort = make_cohort(10)
    path = write_parts(tmp_path / "f.csv", dict.fromkeys(cohort.patients, "train"))
    split = from_file(cohort, cohort.patients[1:], path=path)
    assert split.unused == {"P000"}


def test_all_that_is_wrong_with_published_folds_is_told(tmp_path):
    cohort = make_cohort(3)
    path = tmp_path / "f.csv"
    path.write_text("patient_id,part\nP000,trian\nP001,test\nP001,val\n../x,val\nP002,fold1\n")
    with pytest.raises(SplitError, match="4 faults") as caught:
        from_file(cohort, cohort.patients, path=path)
    told = str(caught.value)
    assert "f.csv:2: part 'trian' does not exist; did you mean 'train'?" in told
    assert "f.csv:4: P001 has a part on line 3 already" in told
    assert "f.csv:5: patient_id '../x' is not allowed" in told
    assert "f.csv:6: part 'fold1' does not exist; expected one of train, val, test" in told


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("f.csv", "patient_id,part\nP000,train\n", "does not name patients P001, P002 of cohort"),
        ("f.csv", "patient_id,part\nP009,train\n", "names patient P009, whom cohort made does"),
        ("f.csv", "patient,part\nP000,train\n", "unknown column 'patient'; did you mean 'patient_"),
        ("f.txt", "", "a split is a .json or .csv file, not '.txt'"),
    ],
)
def test_a_file_of_folds_that_does_not_fit(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    cohort = make_cohort(3)
    with pytest.raises(SplitError, match=message):
        from_file(cohort, cohort.patients, path=tmp_path / name)


def test_a_split_of_a_changed_cohort_is_refused(tmp_path):
    cohort = make_cohort(10)
    SCHEMES["fractions"](cohort, cohort.patients).save(tmp_path / "f.json")
    cohort.targets.loc["P003", "idh"] = "unheard"
    with pytest.raises(SplitError, match="cohort made has changed since the split was made"):
        from_file(cohort, cohort.patients, path=tmp_path / "f.json")
    with pytest.raises(SplitError, match="no such file"):
        from_file(cohort, cohort.patients, path=tmp_path / "none.csv")


def write_folds(path: Path, text: str) -> Path:
    path.write_text("patient_id,fold\n" + text)
    return path


def test_a_published_fold_tests_and_the_rest_is_divided(tmp_path):
    cohort = make_cohort(60)
    fold_of = {p: 1 + i % 3 for i, p in enumerate(cohort.patients[:50])}
    path = write_folds(tmp_path / "f.csv", "".join(f"{p},{f}\n" for p, f in fold_of.items()))
    able = cohort.patients[5:]
    for fold in (1, 2, 3):
        split = published_folds(
            cohort, able, path=path, fold=fold, val_fraction=0.2, stratify=["idh"], seed=0
        )
        split.check(cohort)
        assert split.test == {p for p in able if fold_of.get(p) == fold}
        assert split.internal == set(able) & set(fold_of)
        assert len(split.val) == round(0.2 * (45 - len(split.test)))


@pytest.mark.parametrize(
    ("text", "fold", "message"),
    [
        ("P000,0\nP001,1\n", 2, "no fold 2; expected one of 0, 1"),
        ("P000,0\nP900,1\n", 0, "names patient P900, whom cohort made lacks"),
        ("P000,0\nP000,1\n", 0, "f.csv:3: P000 is there twice"),
        ("P000,0\nP001,one\n", 0, "f.csv:3: fold 'one' is no whole number"),
    ],
)
def test_published_folds_that_do_not_fit(tmp_path, text, fold, message):
    cohort = make_cohort(3)
    path = write_folds(tmp_path / "f.csv", text)
    with pytest.raises(SplitError, match=message):
        published_folds(cohort, cohort.patients, path=path, fold=fold, val_fraction=0.2, seed=0)
