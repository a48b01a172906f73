"""What a clinic knows comes through as it stands in the table; subgroups are checked early."""

import numpy as np
import pandas as pd
import pytest

from fusion.config.compose import compose
from fusion.data.cohort import Cohort
from fusion.errors import ConfigError
from fusion.run.characteristics import characteristics, check_subgroups, known_subgroups
from fusion.run.place import Place

FUSION = "+experiment=glioma_fusion"


def places(folder):
    cohort = Cohort.from_manifest(folder)
    half = len(cohort.patients) // 2
    return [
        Place(cohort, "train", cohort.patients[:half]),
        Place(cohort, "external", cohort.patients[half:]),
    ]


@pytest.fixture
def table(cohort):
    return pd.read_csv(cohort / "clinical.csv", dtype={"patient_id": str}).set_index("patient_id")


def test_values_are_those_of_the_table(cohort, table):
    found = characteristics(compose([FUSION]), places(cohort))
    assert list(found.columns) == ["age", "kps", "sex"]
    assert list(found.index) == [
        p for p in Cohort.from_manifest(cohort).patients if p in table.index
    ]
    raw = table.loc[found.index]
    np.testing.assert_array_equal(found["age"], raw["age"].astype(float))
    np.testing.assert_array_equal(found["kps"], raw["kps"].astype(float))
    assert found["sex"].isna().tolist() == raw["sex"].isna().tolist()
    assert found["sex"].dropna().tolist() == raw["sex"].dropna().tolist()


def test_another_hospital_may_lack_a_column_and_know_other_categories(cohort, table):
    table.drop(columns="kps").replace({"sex": {"F": "woman"}}).to_csv(cohort / "clinical.csv")
    config = compose([FUSION, "+evaluation.subgroups.kps=[70]"])
    found = characteristics(config, places(cohort))
    assert list(found.columns) == ["age", "sex"]
    assert "woman" in set(found["sex"])
    assert set(known_subgroups(config, found)) == {"age", "sex"}
    assert known_subgroups(config, None) == {}


def test_without_a_clinical_table_nothing_is_known(cohort):
    assert characteristics(compose([FUSION, "~baseline"]), places(cohort)) is None
    bedside = compose([FUSION, "baseline.modality=bedside"])
    assert characteristics(bedside, places(cohort)) is None
    check_subgroups(compose([FUSION, "~baseline"]), places(cohort))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["+evaluation.subgroups.agee=[40]"], r"no column 'agee'; did you mean 'age'\?"),
        (["+evaluation.subgroups.height=[150]"], "no column 'height'; it has age, kps, sex"),
        (["evaluation.subgroups.age=[60,40]"], r"edges \[60.0, 40.0\] do not increase"),
        (["evaluation.subgroups.age=[]"], "values would be as many groups; give edges"),
        (["evaluation.subgroups.sex=[1]"], "is text and has no edges"),
        (["~baseline", "+evaluation.subgroups.sex=[]"], "sex are columns of .* the run has none"),
    ],
)
def test_a_subgroup_that_cannot_be_told_is_refused(cohort, overrides, message):
    with pytest.raises(ConfigError, match=message):
        check_subgroups(compose([FUSION, *overrides]), places(cohort))
