"""Cohorts that train together keep every patient, and never take one person for two."""

import re
from pathlib import Path

import pandas as pd
import pytest

from fusion.data.cohort import Cohort
from fusion.data.joined import joined
from fusion.errors import ConfigError


def write(folder: Path, ids: str, modality: str, targets: str) -> Cohort:
    folder.mkdir(parents=True)
    (folder / "t.csv").write_text("id,x\n" + "".join(f"{i},1\n" for i in ids))
    rows = "".join(f"{i},Bonn,{modality},t.csv,{i}\n" for i in ids)
    (folder / "manifest.csv").write_text("patient_id,center,modality,path,key\n" + rows)
    (folder / "targets.csv").write_text(targets)
    return Cohort.from_manifest(folder)


@pytest.fixture
def pair(tmp_path):
    one = write(tmp_path / "one", "ab", "rna", "patient_id,idh\na,mutant\nb,wildtype\n")
    two = write(tmp_path / "two", "cd", "cnv", "patient_id,os_time_days,os_event\nc,9,1\nd,,\n")
    return one, two


def test_every_patient_keeps_files_centre_and_what_is_known(pair):
    whole = joined(pair)
    assert (whole.name, whole.patients) == ("one", tuple("abcd"))
    assert whole.presence().to_numpy().tolist() == [[0, 1], [0, 1], [1, 0], [1, 0]]
    assert whole.files("cnv")["c"][0].path == pair[1].root / "t.csv"
    assert whole.targets["idh"].dropna().to_dict() == {"a": "mutant", "b": "wildtype"}
    assert whole.targets["os_time_days"].dropna().to_dict() == {"c": 9.0}
    assert whole.targets["os_event"].dtype == float
    assert set(whole.centers.values()) == {"Bonn"}
    assert whole.fingerprint() != joined(pair[::-1]).select("abc").fingerprint()
    assert whole.fingerprint() == joined(pair[::-1]).fingerprint()


def test_one_id_in_two_cohorts_is_refused(tmp_path, pair):
    three = write(tmp_path / "three", "bx", "cnv", "patient_id\nb\nx\n")
    said = "cohort.join: 1 ids are in more than one of one, two, three: b. Are they the same"
    with pytest.raises(ConfigError, match=re.escape(said)):
        joined([*pair, three])


def test_a_joined_cohort_can_be_selected_from(pair):
    assert joined(pair).select(["d", "a"]).patients == ("a", "d")
    assert isinstance(joined(pair).targets, pd.DataFrame)
