"""Regions taken apart."""

import numpy as np
import pytest

from fusion.data.label_scheme import REGIONS, label_scheme, region_bits
from fusion.lesions.compartments import with_compartments

LABELS = np.random.default_rng(0).integers(0, 5, size=(6, 5, 4)).astype(np.uint8)


@pytest.mark.parametrize("given", [("WT", "TC", "ET", "CC"), ("WT", "ET", "NETC", "CC")])
def test_what_follows_is_what_the_labels_say(given):
    scheme = label_scheme("brats_ped")
    regions = tuple(name for name in REGIONS if name in scheme.tells)
    bits = region_bits(LABELS, scheme, regions)
    truth = {name: (bits >> bit & 1).astype(bool) for bit, name in enumerate(regions)}
    found = with_compartments({name: truth[name] for name in given})
    for name in ("TC", "NETC", "SNFH"):
        np.testing.assert_array_equal(found[name], truth[name], err_msg=name)


def test_what_does_not_follow_is_not_there():
    mask = LABELS > 0
    assert with_compartments({"WT": mask}).keys() == {"WT"}
    assert with_compartments({"WT": mask, "ET": mask}).keys() == {"WT", "ET"}
