"""Shift is measured and is no finding; what nobody can evaluate is a warning."""

import numpy as np
import pytest

from fusion.audit.association import Labelled
from fusion.audit.distance import distance
from fusion.audit.look import Look
from fusion.audit.missing import missing_by_center
from fusion.audit.roster import Roster
from fusion.audit.shares import label_shift
from fusion.audit.told import center_told

CENTERS = np.repeat(["A", "B", "C"], 40)
PEOPLE = tuple(f"p{i}" for i in range(120))
PARTS = np.where(CENTERS == "C", "external", np.where(np.arange(120) % 4 == 0, "test", "train"))
ROSTER = Roster(dict(zip(PEOPLE, PARTS, strict=True)), dict(zip(PEOPLE, CENTERS, strict=True)))


def looks(shift):
    x = np.random.default_rng(0).normal(size=(120, 5)) + shift * (CENTERS == "C")[:, None]
    return {"rna": Look(PEOPLE, x, (frozenset(),) * 120, True)}


def test_a_shifted_centre_is_told_and_far_and_no_finding():
    told = center_told(looks(2.0), ROSTER, seed=0)
    assert told.findings == ()
    row = told.table.iloc[0]
    assert row["low"] > 0.5
    assert (row["modality"], row["n"], row["centers"]) == ("rna", 120, 3)
    far = distance(looks(2.0), ROSTER, permutations=200, seed=0).table.set_index("place")
    assert far.loc["external: C", "p_holm"] < 0.05 < far.loc["test", "p_holm"]


def test_centres_that_are_alike_are_not_told():
    row = center_told(looks(0.0), ROSTER, seed=0).table.iloc[0]
    assert row["low"] < 0.5 < row["high"]
    far = distance(looks(0.0), ROSTER, permutations=200, seed=0).table
    assert (far["p_holm"] > 0.05).all()


def test_one_centre_cannot_be_told_and_the_reason_is_given():
    alone = Roster(ROSTER.parts, dict.fromkeys(PEOPLE, "A"))
    check = center_told(looks(0.0), alone, seed=0)
    assert check.not_asked
    assert "found 1" in check.table.iloc[0]["why_not"]


def labelled(values, classes=("no", "yes")):
    return Labelled("idh", "idh", classes, dict(zip(PEOPLE, values, strict=True)))


def test_shares_are_counted_and_tested():
    random = np.random.default_rng(0)
    same = random.random(120) < 0.5
    other = np.where(CENTERS == "C", random.random(120) < 0.9, same)
    for values, differs in ((same, False), (other, True)):
        check = label_shift([labelled([(float(v),) for v in values])], ROSTER, seed=0)
        table = check.table.set_index(["place", "label"])
        row = table.loc[("external: C", "yes")]
        assert row["share"] == values[CENTERS == "C"].mean()
        assert row["training"] == values[PARTS == "train"].mean()
        assert row["low"] < row["share"] < row["high"]
        assert (row["p_holm"] < 0.05) == differs
        assert check.findings == ()


def test_an_external_centre_of_one_class_is_a_warning():
    values = [(1.0 if c == "C" else float(i % 2),) for i, c in enumerate(CENTERS)]
    (found,) = label_shift([labelled(values)], ROSTER, seed=0).findings
    assert found.severity == "warning"
    assert "all 40 labelled patients of C are yes" in found.message


def test_an_external_centre_without_events_is_a_warning():
    values = [(100.0 + i, 0.0 if c == "C" else 1.0) for i, c in enumerate(CENTERS)]
    (found,) = label_shift([labelled(values, classes=())], ROSTER, seed=0).findings
    assert "without the event" in found.message


def test_survival_is_compared_by_log_rank():
    days = np.random.default_rng(0).exponential(np.where(CENTERS == "C", 100, 1000))
    table = label_shift([labelled([(d, 1.0) for d in days], ())], ROSTER, seed=0).table
    p = table.set_index("place")["p_holm"]
    assert p["external: C"] < 0.001 < p["test"]


def test_gaps_are_tested_and_a_centre_with_none_is_a_warning():
    some = [p for i, p in enumerate(PEOPLE) if i % 3]
    check = missing_by_center({"mri": some}, ROSTER, seed=0)
    assert check.findings == ()
    assert check.table["p"].iloc[0] > 0.5
    without = [p for p, c in zip(PEOPLE, CENTERS, strict=True) if c != "B"]
    check = missing_by_center({"mri": without}, ROSTER, seed=0)
    (found,) = check.findings
    assert found.message.startswith("mri: nobody has it in 1 of 3 centres (B)")
    row = check.table.set_index("center").loc["B"]
    assert (row["share"], row["low"]) == (0.0, 0.0)
    assert row["high"] == pytest.approx(1 - 0.025 ** (1 / 40))
    assert row["p"] < 0.01
