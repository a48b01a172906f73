"""Files of a run that contradict each other; class shares from predictions."""

import numpy as np
import pandas as pd
import pytest

from fusion.audit.accept import accepted
from fusion.audit.check import Audit, Check, Finding
from fusion.audit.fits import Fit
from fusion.audit.known import known_patients
from fusion.audit.predicted_shares import predicted_shares
from fusion.audit.records import best_epochs, parts_agree
from fusion.audit.roster import Roster
from fusion.errors import ConfigError, LeakageError

HISTORY = pd.DataFrame({"epoch": [0.0, 1.0, 2.0], "val_loss": [0.9, 0.5, 0.7]})


def chosen(epoch):
    return [Fit("epoch of fusion", "choice", ("v",), epoch)]


def test_the_epoch_of_the_lowest_validation_loss_is_right_and_any_other_is_not():
    assert best_epochs(chosen(1.0), {"fusion": HISTORY}).findings == ()
    (found,) = best_epochs(chosen(2.0), {"fusion": HISTORY}).findings
    assert found.severity == "error"
    assert "weights of epoch 2, but the validation loss was lowest in epoch 1" in found.message


def test_epochs_without_a_loss_are_passed_over():
    torn = HISTORY.assign(val_loss=[np.nan, 0.5, 0.7])
    assert best_epochs(chosen(1.0), {"fusion": torn}).findings == ()
    assert best_epochs([], {"fusion": HISTORY}).not_asked


def test_a_patient_who_was_moved_after_the_split_is_named():
    roster = Roster({"a": "train", "b": "test"}, {"a": "X", "b": "X"})
    rows = pd.DataFrame({"patient_id": ["a", "b"], "part": ["test", "test"]})
    (found,) = parts_agree(rows, roster).findings
    assert found.patients == ("a",)
    assert "a as test, in the split train" in found.message
    assert parts_agree(rows[1:], roster).findings == ()


def test_shares_are_recovered_from_probabilities_alone():
    random = np.random.default_rng(0)
    truth = random.random(800) < 0.8
    x = random.normal(np.where(truth, 1, -1))
    p = 1 / (1 + np.exp(-2 * x))  # of equal shares
    people = [f"p{i}" for i in range(800)]
    rows = pd.concat(
        pd.DataFrame(
            {"patient_id": people, "center": "Elm", "part": "external", "task": "idh",
             "class": name, "value": value, "target": target}
        )
        for name, value, target in (("no", 1 - p, ~truth * 1.0), ("yes", p, truth * 1.0))
    )  # fmt: skip
    table = predicted_shares(rows, {"idh": {"no": 0.5, "yes": 0.5}}).table.set_index("label")
    # 400 informative patients give a standard error near 0.02
    assert table.loc["yes", "predicted"] == pytest.approx(truth.mean(), abs=0.06)
    assert table.loc["yes", "known"] == truth.mean()
    assert predicted_shares(None, {}).not_asked == "nothing is predicted yet"


ERROR = Finding(severity="error", message="rna is scaled.", subject="rna")
AUDIT = Audit((Check(name="scaled", question="?", findings=(ERROR,)),))


@pytest.mark.parametrize("key", ["scaled", "scaled/rna"])
def test_what_is_accepted_is_a_warning_with_its_reason(key):
    with pytest.raises(LeakageError, match="the audit found 1 error"):
        AUDIT.refuse()
    found = accepted(AUDIT, {key: "no other is public"})
    found.refuse()
    assert [f.message for f in found.warnings] == ["rna is scaled. Accepted: no other is public"]


def test_accepting_another_subject_accepts_nothing():
    assert accepted(AUDIT, {"scaled/cnv": "x"}).errors == (ERROR,)
    with pytest.raises(ConfigError, match="there is no check 'scald'; did you mean 'scaled'"):
        accepted(AUDIT, {"scald/rna": "x"})


def test_patients_that_a_model_knows_are_named_once():
    check = known_patients(["a"], {"a": "rna", "b": "mri and wsi"})
    assert [f.patients for f in check.findings] == [("a",), ("b",)]
    assert "b (mri and wsi)" in check.findings[1].message
    assert known_patients([], {}).findings == ()
