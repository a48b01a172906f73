"""A patient who is here twice is found, by image, slide and row; two patients never are one."""

import numpy as np
import pandas as pd
import torch

from fusion.audit.look import look
from fusion.audit.near import near_pairs
from fusion.audit.roster import Roster
from fusion.audit.twins import same_input
from fusion.types import Bags, Volumes

PARTS = ("train", "val", "test", "external")


def roster(patients):
    parts = {p: PARTS[i % 4] for i, p in enumerate(patients)}
    return Roster(parts, dict.fromkeys(patients, "Aster"))


def people(count):
    return [f"p{i:02d}" for i in range(count)]


def vectors(count=30, width=12, seed=0):
    random = np.random.default_rng(seed)
    return {p: torch.from_numpy(random.normal(size=(1, width))).float() for p in people(count)}


def bags(count=12, tiles=40):
    random = torch.Generator().manual_seed(0)
    return {
        p: Bags(torch.randn(tiles, 8, generator=random), torch.tensor([0, tiles]))
        for p in people(count)
    }


def volumes(count=12):
    random = torch.Generator().manual_seed(0)
    return {
        p: Volumes(torch.randn(1, 2, 4, 4, 4, generator=random), torch.tensor([[True, True]]))
        for p in people(count)
    }


def asked(given, inputs, tables=None):
    seen = look(given(inputs), dict.fromkeys(inputs, ()), list(inputs))
    return same_input(roster(inputs), {"it": seen}, tables or {}).findings


def test_different_patients_are_no_twins(given):
    for inputs in (vectors(), bags(), volumes()):
        assert asked(given, inputs) == ()


def test_the_same_row_in_two_parts_is_an_error_that_names_both(given):
    inputs = vectors()
    inputs["p06"] = inputs["p01"].clone()
    (found,) = asked(given, inputs)
    assert found.severity == "error"
    assert found.patients == ("p01", "p06")
    assert "p01 (val) and p06 (test) have the same it" in found.message


def test_within_a_part_it_is_a_warning(given):
    inputs = vectors()
    inputs["p05"] = inputs["p01"].clone()
    (found,) = asked(given, inputs)
    assert found.severity == "warning"


def test_a_rounded_row_is_found_too(given):
    inputs = vectors(count=40)
    inputs["p06"] = (inputs["p01"] * 100).round() / 100  # 0.005 off, in a column of deviation 1
    (found,) = asked(given, inputs)
    assert "nearly the same it (100 % of its numbers agree)" in found.message


def test_a_slide_of_several_is_found_in_any_order(given):
    inputs = bags()
    both = torch.cat([inputs["p01"].features.flip(0), inputs["p06"].features])
    inputs["p06"] = Bags(both, torch.tensor([0, len(both)]))
    (found,) = asked(given, inputs)
    assert found.patients == ("p01", "p06")


def test_one_sequence_of_several_is_found(given):
    inputs = volumes()
    image = inputs["p06"].image.clone()
    image[0, 1] = inputs["p01"].image[0, 0]
    inputs["p06"] = Volumes(image, inputs["p06"].channels)
    (found,) = asked(given, inputs)
    assert "the same it in part (50 %)" in found.message


def test_what_stands_in_absent_channels_is_nobodys(given):
    inputs = {
        p: Volumes(v.image * torch.tensor([1.0, 0.0])[None, :, None, None, None],
                   torch.tensor([[True, False]]))
        for p, v in volumes().items()
    }  # fmt: skip
    assert asked(given, inputs) == ()


def test_equal_rows_of_a_table_of_few_values_are_no_twins(given):
    """Two patients may well have the same sex and mutations."""
    random = np.random.default_rng(0)
    rows = (random.random((60, 20)) < 0.05).astype(float)
    inputs = {p: torch.tensor(row[None]) for p, row in zip(people(60), rows, strict=True)}
    assert len({tuple(row) for row in rows}) < 60
    assert asked(given, inputs) == ()


def test_patients_of_whom_nothing_is_known_are_no_twins(given):
    """Imputed, their vectors are equal."""
    inputs = vectors()
    for patient in ("p03", "p04", "p06", "p09"):
        inputs[patient] = torch.zeros(1, 12)
    rows = np.concatenate([x.numpy() for x in inputs.values()]).astype(float)
    rows[[3, 4, 6, 9]] = np.nan
    table = pd.DataFrame(rows, index=list(inputs))
    seen = look(given(inputs), dict.fromkeys(inputs, ()), list(inputs))
    bare = same_input(roster(inputs), {}, {}).findings
    assert bare == ()
    assert near_pairs(table.to_numpy()) == []
    assert seen.telling


def test_many_pairs_are_counted(given):
    inputs = vectors()
    for i in range(9):
        inputs[f"p{i:02d}"] = inputs["p09"].clone()
    found = asked(given, inputs)
    assert len(found) == 21
    assert "and 25 more pairs" in found[-1].message
    assert found[0].severity == "error"


def test_near_pairs_needs_columns_that_tell_people_apart():
    random = np.random.default_rng(0)
    x = random.normal(size=(50, 5))
    x[3] = x[8]
    assert near_pairs(x) == []  # five columns are too few
    wide = np.concatenate([x, random.normal(size=(50, 3))], axis=1)
    wide[3] = wide[8]
    assert [pair[:2] for pair in near_pairs(wide)] == [(3, 8)]


def test_correlated_columns_do_not_make_twins():
    """One latent runs through all: neighbours are close, and still not equal."""
    random = np.random.default_rng(0)
    latent = random.normal(size=(300, 1))
    x = latent + 0.1 * random.normal(size=(300, 40))
    assert near_pairs(x) == []
