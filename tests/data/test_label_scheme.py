"""What the numbers of a mask mean, by the tables that were published."""

import numpy as np
import pytest

from fusion.data.label_scheme import (
    COMPARTMENTS,
    REGIONS,
    SCHEMES,
    check_regions,
    known_regions,
    label_scheme,
    region_bits,
    strange_labels,
)
from fusion.errors import ConfigError

ALL = tuple(REGIONS)


def test_schemes_and_regions_speak_of_compartments_that_exist():
    assert {c for s in SCHEMES.values() for c in s.labels.values()} <= set(COMPARTMENTS)
    assert {c for parts in REGIONS.values() for c in parts} <= set(COMPARTMENTS)
    assert all(name == scheme.name for name, scheme in SCHEMES.items())


@pytest.mark.parametrize(
    ("name", "label", "compartment"),
    [
        ("brats_2022", 4, "ET"),
        ("brats_2023", 3, "ET"),
        ("brats_post_treatment", 3, "ET"),
        ("brats_post_treatment", 4, "RC"),
        ("brats_ped", 1, "ET"),
        ("brats_ped", 4, "SNFH"),
        ("msd_brain", 1, "SNFH"),
        ("whole_tumour", 1, "tumour"),
    ],
)
def test_one_number_means_several_things(name, label, compartment):
    """4 is enhancing tumour, a cavity or oedema; 1 is nearly everything."""
    assert label_scheme(name).labels[label] == compartment


@pytest.mark.parametrize("name", SCHEMES)
def test_bits_are_sets_of_compartments(name):
    scheme = label_scheme(name)
    mask = np.random.default_rng(0).choice([0, *scheme.labels], (5, 6, 7)).astype(np.uint8)
    found = region_bits(mask, scheme, ALL)
    for index in np.ndindex(mask.shape):
        compartment = scheme.labels.get(int(mask[index]))
        for bit, region in enumerate(ALL):
            assert bool(found[index] >> bit & 1) == (compartment in REGIONS[region])


@pytest.mark.parametrize("name", SCHEMES)
def test_what_a_scheme_tells(name):
    """A region is known where each of its voxels has a label of its own, or more than one."""
    known = dict(zip(ALL, known_regions(label_scheme(name), ALL).tolist(), strict=True))
    assert known["WT"]
    assert known["RC"] == (name == "brats_post_treatment")
    assert known["CC"] == (name == "brats_ped")
    assert known["TC"] == known["ET"] == known["SNFH"] == (name != "whole_tumour")


def test_a_cavity_is_no_tumour():
    cavity = np.array([4], dtype=np.uint8)
    assert region_bits(cavity, label_scheme("brats_post_treatment"), ("WT", "TC", "RC")) == 4
    assert region_bits(cavity, label_scheme("brats_2022"), ("WT", "TC", "RC")) == 3


def test_strange_labels_are_counted():
    mask = np.array([[0, 1, 2], [3, 3, 9]], dtype=np.uint8)
    assert strange_labels(mask, label_scheme("brats_2022")) == {3: 2, 9: 1}
    assert strange_labels(mask, label_scheme("brats_2023")) == {9: 1}
    assert strange_labels(mask & 0, label_scheme("brats_2023")) == {}


def test_a_scheme_that_does_not_exist():
    with pytest.raises(ConfigError, match=r"'brats_2032' does not exist, there are .*did you mean"):
        label_scheme("brats_2032")
    with pytest.raises(ConfigError, match=r"'mine' does not exist, there are .*whole_tumour$"):
        label_scheme("mine")


@pytest.mark.parametrize("regions", [["WT", "XX"], ["WT", "WT"], ["wt"]])
def test_regions_that_cannot_be(regions):
    with pytest.raises(ConfigError, match=r"name each once, up to 8, out of WT, TC, ET"):
        check_regions(regions)


def test_all_regions_fit_a_byte():
    check_regions(ALL)
    check_regions([])
