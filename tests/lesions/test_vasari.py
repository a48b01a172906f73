"""VASARI of tumours that were put together by hand."""

import numpy as np
import pytest

from fusion.errors import ConfigError
from fusion.lesions.side import TEMPLATE_MIDLINE
from fusion.lesions.vasari import vasari
from fusion.lesions.vasari_terms import FEATURES, NOT_ASSESSED, proportion

AFFINE = np.array([[1.0, 0, 0, -29.5], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
ONE_MM = (1.0, 1.0, 1.0)


def head():
    """WT of 20 x 10 x 10, in it a core of 10 x 10 x 8 whose half enhances; all on the left."""
    regions = {name: np.zeros((60, 20, 20), dtype=bool) for name in ("WT", "TC", "ET")}
    regions["WT"][2:22, 2:12, 2:12] = True
    regions["TC"][2:12, 2:12, 2:10] = True
    regions["ET"][2:12, 2:12, 2:6] = True
    return regions


def told(regions, midline=TEMPLATE_MIDLINE, netc="mixed"):
    return vasari(regions, AFFINE, ONE_MM, midline=midline, netc=netc)


def test_the_plain_case():
    found = told(head())
    assert list(found) == list(FEATURES)
    assert {name: answer for name, answer in found.items() if answer != NOT_ASSESSED} == {
        "F2 side of tumour centre": "left",
        "F5 proportion enhancing": "6-33%",  # 400 of 2000
        "F9 multifocal or multicentric": "focal",
        "F14 proportion of oedema": "34-67%",  # 1200 of 2000
        "F15 oedema crosses midline": "no",
        "F23 enhancing tumour crosses midline": "no",
        "F24 satellites": "absent",
        "F29 longest diameter (mm)": pytest.approx(500**0.5),  # the diagonal of 20 x 10
        "F30 perpendicular diameter (mm)": pytest.approx(10 * 500**0.5 / 20),
    }


def test_netc_is_necrosis_or_nCET_only_if_said():
    necrosis, other = told(head(), netc="necrosis"), told(head(), netc="nCET")
    assert necrosis["F7 proportion necrosis"] == "6-33%"
    assert necrosis["F6 proportion nCET"] == NOT_ASSESSED
    assert other["F6 proportion nCET"] == "6-33%"
    assert other["F7 proportion necrosis"] == NOT_ASSESSED
    assert other["F22 nCET crosses midline"] == "no"
    solid = head()
    solid["ET"] = solid["TC"].copy()
    assert told(solid)["F7 proportion necrosis"] == "none"
    assert told(solid)["F6 proportion nCET"] == NOT_ASSESSED  # it may hide in SNFH


def test_crossing_and_the_centre():
    wide = head()
    wide["WT"][2:40] = wide["WT"][2]
    assert told(wide)["F15 oedema crosses midline"] == "yes"
    assert told(wide)["F23 enhancing tumour crosses midline"] == "no"
    middle = {name: np.roll(mask, 24, axis=0) for name, mask in head().items()}
    assert told(middle)["F2 side of tumour centre"] == "centre"
    assert told(middle)["F23 enhancing tumour crosses midline"] == "yes"


def test_satellites_lie_within_and_second_foci_without():
    satellite = head()
    for name in ("TC", "ET"):
        satellite[name][15:19, 4:8, 4:8] = True  # 64 mm3, within WT
    assert told(satellite)["F24 satellites"] == "present"
    assert told(satellite)["F9 multifocal or multicentric"] == "focal"
    second = head()
    for mask in second.values():
        mask[45:50, 4:8, 4:8] = True  # 80 mm3, apart
    assert told(second)["F24 satellites"] == "absent"
    assert told(second)["F9 multifocal or multicentric"] == "multifocal or multicentric"
    specks = head()
    for mask in specks.values():
        mask[45:48, 4:8, 4:8] = True  # 48 mm3 are a speck
    assert told(specks)["F9 multifocal or multicentric"] == "focal"


def test_without_a_midline_nothing_is_said_of_sides():
    found = told(head(), midline=None)
    assert {found[name] for name in FEATURES if "midline" in name or "side" in name} == {
        NOT_ASSESSED
    }


def test_a_mask_of_the_whole_tumour_tells_little():
    found = told({"WT": head()["WT"]})
    assert {name for name, answer in found.items() if answer != NOT_ASSESSED} == {
        "F2 side of tumour centre",
        "F9 multifocal or multicentric",
        "F29 longest diameter (mm)",
        "F30 perpendicular diameter (mm)",
    }


def test_no_tumour_has_no_features():
    found = told({name: mask & False for name, mask in head().items()})
    assert set(found.values()) == {NOT_ASSESSED}


def test_without_a_spacing_it_refuses():
    with pytest.raises(ConfigError, match="VASARI needs millimetres"):
        vasari(head(), AFFINE, None, midline=None, netc="mixed")


@pytest.mark.parametrize(
    ("share", "bin_"),
    [
        (0.0, "none"),
        (1e-9, "<5%"),
        (0.05, "<5%"),
        (0.3301, "34-67%"),
        (0.6701, ">67%"),
    ],
)
def test_bins(share, bin_):
    assert proportion(share) == bin_
