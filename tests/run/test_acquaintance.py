"""A model recognises the patients it was trained on, and tells nobody who they are."""

import json

import pytest

from fusion.errors import LeakageError
from fusion.run.acquaintance import refuse_known, remember


def test_patients_are_recognised_and_not_readable():
    memory = remember(["anna", "ben"])
    assert "anna" not in json.dumps(memory)
    refuse_known(memory, ["carl"], cohort="elsewhere")
    with pytest.raises(LeakageError, match=r"1 patients of elsewhere took part .*: ben\. An"):
        refuse_known(memory, ["carl", "ben"], cohort="elsewhere")


def test_many_are_counted():
    people = [f"p{i}" for i in range(9)]
    with pytest.raises(LeakageError, match=r"9 patients of x .*: p0, p1, p2, p3, p4 \.\.\."):
        refuse_known(remember(people), people, cohort="x")


def test_two_bundles_cannot_be_matched_with_each_other():
    """Each has a salt of its own."""
    assert not set(remember(["anna"])["hashes"]) & set(remember(["anna"])["hashes"])
