"""One patient under two ids, one hospital under two names: found by how they are written."""

import numpy as np
import pytest

from fusion.audit.aliases import two_ids
from fusion.audit.alike import alike_centers
from fusion.audit.hospitals import one_hospital
from fusion.audit.look import Look
from fusion.audit.roster import Roster


def hospitals(inside, outside):
    centers = {"a": inside, "b": outside}
    return one_hospital(Roster({"a": "train", "b": "external"}, centers)).findings


@pytest.mark.parametrize(
    ("one", "other"),
    [("GBM-0001", "gbm-0001"), ("GBM-1", "GBM_001"), ("P007", "p-7"), ("12", "0012")],
)
def test_ids_that_differ_in_writing_only(one, other):
    parts = {one: "train", other: "external", "x9": "train"}
    (found,) = two_ids(Roster(parts, dict.fromkeys(parts, "Aster"))).findings
    assert found.severity == "error"
    assert set(found.patients) == {one, other}
    (found,) = two_ids(Roster(dict.fromkeys(parts, "test"), parts)).findings
    assert found.severity == "warning"


@pytest.mark.parametrize("other", ["GBM-0010", "GBM-1-1", "LGG-0001", "GBM-0001-02"])
def test_other_ids_are_other_patients(other):
    parts = {"GBM-0001": "train", other: "external"}
    assert two_ids(Roster(parts, parts)).findings == ()


@pytest.mark.parametrize(
    ("inside", "outside", "severity"),
    [
        ("Aster", "Aster", "error"),
        ("Aster", "ASTER", "error"),
        ("Case Western", "Case Western - St Joes", "error"),
        ("Hôpital Saint-Luc", "Hopital Saint Luc", "error"),
        ("Site 02", "site-2", "error"),
        ("Ulm", "University of Ulm", "warning"),
        ("Jefferson Hospital", "Jefferson Medical Center", "warning"),
    ],
)
def test_one_hospital_under_two_names(inside, outside, severity):
    (found,) = hospitals(inside, outside)
    assert found.severity == severity
    assert found.patients == ("b",)
    assert inside in found.message
    assert outside in found.message


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        ("Aster", "Birch"),
        ("Site 1", "Site 12"),
        ("Mayo Clinic - Rochester", "Rochester"),
        ("University of Florida", "University of Miami"),
        ("University Hospital", "University of Kansas"),
        ("UCSF", "UNC"),
    ],
)
def test_two_hospitals(inside, outside):
    assert hospitals(inside, outside) == ()


def test_only_across_the_border():
    """Two names among training centres make no test too good."""
    roster = Roster({"a": "train", "b": "train"}, {"a": "Aster", "b": "Aster Hospital"})
    check = one_hospital(roster)
    assert check.findings == ()
    assert check.not_asked == "the run has no external patients"


def test_two_cohorts_may_each_have_a_site_1():
    centers = {"a": "Site 1", "b": "Site 1"}
    for cohorts, severity in (({"a": "ours", "b": "ours"}, "error"), (centers, "error"),
                              ({"a": "ours", "b": "theirs"}, "warning")):  # fmt: skip
        (found,) = one_hospital(Roster({"a": "val", "b": "external"}, centers, cohorts)).findings
        assert found.severity == severity


def shifted(random, alike=()):
    """Four centres with shifts of their own; those named take that of A."""
    centers = np.repeat(["A", "B", "C", "X7"], 40)
    shift = {c: random.normal(0, 2, 6) for c in "ABC"} | {"X7": random.normal(0, 2, 6)}
    for name in alike:
        shift[name] = shift["A"]
    x = random.normal(size=(160, 6)) + np.stack([shift[c] for c in centers])
    people = tuple(f"p{i}" for i in range(160))
    parts = {p: "external" if c == "X7" else "train" for p, c in zip(people, centers, strict=True)}
    roster = Roster(parts, dict(zip(people, map(str, centers), strict=True)))
    return {"rna": Look(people, x, (frozenset(),) * 160, True)}, roster


def test_a_site_code_of_a_training_hospital_is_hinted_at_by_the_data():
    looks, roster = shifted(np.random.default_rng(0), alike=["X7"])
    hints = alike_centers(looks, roster, seed=0)
    assert [(a, b) for a, b, _ in hints] == [("A", "X7")]
    (found,) = one_hospital(roster, hints).findings
    assert found.severity == "warning"
    assert "bring rna that cannot be told apart" in found.message


def test_centres_that_all_differ_or_that_do_not_differ_at_all_give_no_hint():
    looks, roster = shifted(np.random.default_rng(0))
    assert alike_centers(looks, roster, seed=0) == []
    looks, roster = shifted(np.random.default_rng(0), alike=["B", "C", "X7"])
    assert alike_centers(looks, roster, seed=0) == []
