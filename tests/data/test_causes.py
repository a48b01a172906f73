"""Causes of events in targets.csv: which are labels, which are faults."""

import pytest

from fusion.data.check import check_causes
from fusion.data.cohort import Cohort
from fusion.data.labels import cause_labeller

CAUSES = {"death": ["tumour", "other"]}


@pytest.fixture
def cohort(tmp_path):
    def written(*rows):
        head = "patient_id,death_time_days,death_event,death_cause"
        (tmp_path / "targets.csv").write_text("\n".join([head, *rows]) + "\n")
        ids = [row.split(",")[0] for row in rows]
        lines = [f"{i},A,," for i in ids]
        (tmp_path / "manifest.csv").write_text(
            "\n".join(["patient_id,center,modality,path", *lines]) + "\n"
        )
        return Cohort.from_manifest(tmp_path)

    return written


def test_causes_become_numbers(cohort):
    targets = cohort("a,9,1,other", "b,8,0,", "c,7,1,tumour", "d,,,").targets
    label = cause_labeller("death", CAUSES["death"])
    found = [label(row) for _, row in targets.iterrows()]
    assert [x if x is None else x.tolist() for x in found] == [[9, 2], [8, 0], [7, 1], None]


def test_faults_name_patient_and_line(cohort):
    found = check_causes(cohort("a,9,1,", "b,8,0,other", "c,7,1,tumor", "d,6,1,other"), CAUSES)
    assert [(f.patient, f.line) for f in found] == [("a", 2), ("b", 3), ("c", 4)]
    assert "death_cause is blank though death_event is 1" in found[0].message
    assert "death_cause is 'other' though death_event is not 1" in found[1].message
    assert "did you mean 'tumour'" in found[2].message


def test_the_column_must_be_there(cohort):
    (fault,) = check_causes(cohort("a,9,1,other"), {"relapse": ["local", "distant"]})
    assert "no column 'relapse_cause'" in fault.message
