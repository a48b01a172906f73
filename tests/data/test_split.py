"""A split is disjoint, complete, bound to its cohort, and survives the disk."""

import json
from pathlib import Path

import pandas as pd
import pytest

from fusion.data.cohort import Cohort
from fusion.data.split import Split
from fusion.errors import SplitError

NOBODY = frozenset()


def cohort_of(*patients: str, center: str = "Bonn") -> Cohort:
    return Cohort(
        name="small",
        root=Path("/"),
        centers=dict.fromkeys(patients, center),
        entries={},
        targets=pd.DataFrame(index=pd.Index(patients, name="patient_id")),
    )


def split_of(
    train: str, val: str = "", test: str = "", external: str = "", unused: str = ""
) -> Split:
    parts = (frozenset(part) for part in (train, val, test, external))
    return Split(*parts, scheme="by hand", unused=frozenset(unused))


def test_every_patient_has_one_part():
    split = split_of("ab", "c", "d", "e", "f")
    assert [split.part_of(p) for p in "abcdef"] == [
        *("train", "train", "val", "test", "external", "unused"),
    ]
    assert split.internal == frozenset("abcd")
    with pytest.raises(SplitError, match="patient z not in the split"):
        split.part_of("z")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (("ab", "b"), "patient b in both train and val; a patient has one part"),
        (("ab", "", "ab"), "patients a, b in both train and test"),
        (("a", "b", "", "b"), "patient b in both val and external"),
        (("a", "b", "c", "d", "d"), "patient d in both external and unused"),
        (("abcdefgh", "abcdefgh"), "patients a, b, c, d, e and 3 more in both"),
    ],
)
def test_overlap_is_refused(parts, message):
    with pytest.raises(SplitError, match=message):
        split_of(*parts)


def test_a_split_belongs_to_its_cohort():
    cohort = cohort_of("a", "b", "c")
    bound = split_of("a", "b", "c").bind(cohort)
    bound.check(cohort)
    with pytest.raises(SplitError, match=r"bound to no cohort; call split.bind\(cohort\)"):
        split_of("a", "b", "c").check(cohort)
    moved = cohort_of("a", "b", "c", center="Ulm")
    with pytest.raises(SplitError, match="cohort small has changed since the split was made"):
        bound.check(moved)
    bound.bind(moved).check(moved)


def test_nobody_is_unknown_and_nobody_forgotten():
    split = split_of("a", "b", "c")
    with pytest.raises(SplitError, match="split names patient c, whom cohort small does not have"):
        split.check(cohort_of("a", "b"))
    with pytest.raises(SplitError, match="does not name patient d of cohort small; give them a"):
        split.check(cohort_of("a", "b", "c", "d"))


def test_restriction_moves_the_others_to_unused():
    split = split_of("ab", "cd", "e", "f", "g").restrict("acf")
    assert split == split_of("a", "c", "", "f", "bdeg")


def test_the_disk_keeps_everything(tmp_path):
    split = split_of("ba", "c", "d", "e", "f").bind(cohort_of(*"abcdef"))
    split.save(tmp_path / "splits" / "small.json")
    assert Split.load(tmp_path / "splits" / "small.json") == split
    assert [p.name for p in (tmp_path / "splits").iterdir()] == ["small.json"]
    content = json.loads((tmp_path / "splits" / "small.json").read_text())
    assert content["train"] == ["a", "b"]
    assert list(content)[:2] == ["scheme", "fingerprint"]


def test_a_failed_save_leaves_the_old_file_whole(tmp_path, monkeypatch):
    path = tmp_path / "small.json"
    split_of("a").save(path)

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        split_of("b").save(path)
    assert Split.load(path) == split_of("a")
    assert [p.name for p in tmp_path.iterdir()] == ["small.json"]


GOOD = {
    **{"scheme": "s", "fingerprint": "f"},
    **{"train": ["a"], "val": [], "test": [], "external": [], "unused": []},
}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "has list, expected"),
        (json.dumps({"train": []}), r"has \['train'\], expected \['external', 'fingerprint'"),
        (json.dumps(GOOD | {"extra": 1}), "has .*'extra'"),
        (json.dumps(GOOD | {"val": "a"}), "val is not a list of patient ids"),
        (json.dumps(GOOD | {"val": [1]}), "val is not a list of patient ids"),
        (json.dumps(GOOD | {"val": ["../x"]}), "val: patient_id '../x' is not allowed"),
        (json.dumps(GOOD | {"val": ["b", "b"]}), "patient b twice in val"),
        (json.dumps(GOOD | {"val": ["a"]}), "split.json: patient a in both train and val"),
        (json.dumps(GOOD | {"scheme": 3}), "scheme is not text"),
    ],
)
def test_a_file_that_is_no_split_is_refused(tmp_path, content, message):
    path = tmp_path / "split.json"
    path.write_text(content)
    with pytest.raises(SplitError, match=message):
        Split.load(path)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(SplitError, match="No such file"):
        Split.load(tmp_path / "none.json")
