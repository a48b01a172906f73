"""Whatever learned from a patient that it may not see is named, with the patient."""

import torch

from fusion.audit.fits import Fit, chosen_on_others, fitted_on_others
from fusion.audit.refit import refit
from fusion.audit.roster import Roster

PARTS = {"a": "train", "b": "train", "c": "val", "d": "test", "e": "external"}
ROSTER = Roster(PARTS, dict.fromkeys(PARTS, "Aster"))


def test_fits_may_see_training_patients_only():
    fits = [Fit("scaling of rna", "fit", ("a", "b")), Fit("ComBat", "fit", ("a", "c", "e"))]
    (found,) = fitted_on_others(fits, ROSTER).findings
    assert found.severity == "error"
    assert found.patients == ("c", "e")
    assert "the ComBat saw 2 of 3 patients who are not in train: c (val), e (ext" in found.message


def test_choices_may_see_validation_patients_too():
    fits = [Fit("epoch of fusion", "choice", ("c",)), Fit("threshold of idh", "choice", ("c", "d"))]
    (found,) = chosen_on_others(fits, ROSTER).findings
    assert found.patients == ("d",)
    assert found.subject == "threshold of idh"


def test_a_patient_of_no_part_is_not_a_training_patient():
    (found,) = fitted_on_others([Fit("bins", "fit", ("a", "stranger"))], ROSTER).findings
    assert found.patients == ("stranger",)


def test_without_notes_the_question_is_not_asked():
    assert fitted_on_others([], ROSTER).not_asked == "nothing of the kind is on record"


def test_a_source_that_saw_others_is_found_without_any_note(given):
    inputs = {p: torch.full((1, 1), float(i)) for i, p in enumerate(PARTS)}
    files = dict.fromkeys(inputs, ())
    honest, spoilt = given(inputs), given(inputs)
    honest.fit({"a": (), "b": ()})
    spoilt.fit(files)
    check = refit({"rna": honest, "cnv": spoilt}, {"rna": files, "cnv": files}, ROSTER)
    (found,) = check.findings
    assert found.severity == "error"
    assert "what cnv was fitted to (total) is not what its training patients give" in found.message
    assert spoilt.state() == {"total": 10.0}  # the one in use is as it was
