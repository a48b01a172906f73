"""The audit on the page: nothing that was found is lost, and what was not asked is said."""

import pandas as pd

from fusion.audit.check import Audit, Check, Finding
from fusion.report.audit_section import audit_rows, audit_view, save_audit

CLEAN = Check(name="parts", question="Is anybody in two parts?")
NOT_ASKED = Check(name="bundle", question="Is anybody known to the bundle?", not_asked="no bundle")
NUMBERS = pd.DataFrame(
    {"modality": ["mri", "rna"], "auc": [0.93, None], "p": [0.0004, 1.0], "n": [9, 7]}
)
TOLD = Check(
    name="centre / told",
    question="Can the centre be told?",
    findings=(Finding(severity="warning", message="From mri, yes."),),
    table=NUMBERS,
)
TWICE = Check(
    name="twice",
    question="Is any volume there twice?",
    findings=(
        Finding(severity="warning", message="P1 has it twice.", patients=("P1",)),
        Finding(
            severity="warning", message="Others too.", patients=tuple(f"Q{i}" for i in range(11))
        ),
    ),
)


def test_without_an_audit_the_reader_is_told():
    view = audit_view(None)
    assert view.answers == ()
    assert view.sentence.startswith("Nobody looked for leakage and shift")


def test_a_clean_audit_says_so():
    view = audit_view(Audit((CLEAN, CLEAN)))
    assert view.sentence == (
        "2 questions about leakage and shift were asked, and none found anything."
    )
    assert [a.outcome for a in view.answers] == ["nothing found", "nothing found"]


def test_findings_come_first_and_what_was_not_asked_last():
    view = audit_view(Audit((NOT_ASKED, CLEAN, TOLD, TWICE)))
    assert [a.outcome for a in view.answers] == [
        "1 warning",
        "2 warnings",
        "nothing found",
        "not asked",
    ]
    assert view.sentence == (
        "3 questions about leakage and shift were asked; 1 found nothing. There are 3 warnings. "
        "1 question could not be asked."
    )
    assert view.answers[3].not_asked == "no bundle"


def test_patients_are_named_once_and_not_all_of_many():
    first, second = audit_view(Audit((TWICE,))).answers[0].findings
    assert first == ("warning", "P1 has it twice.")
    assert second[1] == "Others too. Patients: Q0, Q1, Q2, Q3, Q4, Q5, Q6, Q7 and 3 more."


def test_numbers_are_printed_and_saved_whole(tmp_path):
    audit = Audit((TOLD, NOT_ASKED, TWICE, CLEAN))
    table = audit_view(audit).answers[0].table
    assert table is not None
    cells = [[line.name, *(c.text for c in line.cells)] for line in table.blocks[0].lines]
    assert cells == [["mri", "0.930", "0.0004", "9"], ["rna", "–", "1", "7"]]
    save_audit(tmp_path, audit)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "audit" / "centre___told.csv"), NUMBERS)
    rows = pd.read_csv(tmp_path / "audit.csv", keep_default_na=False)
    assert rows["outcome"].tolist() == [
        "warning",
        "not asked",
        "warning",
        "warning",
        "nothing found",
    ]
    assert rows.equals(audit_rows(audit))
