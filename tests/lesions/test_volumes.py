"""Volumes by counting."""

import numpy as np
import pytest

from fusion.errors import ConfigError
from fusion.lesions.volumes import region_volumes_ml, region_voxels


def test_ball_has_its_volume():
    at = np.indices((45, 45, 23)) * np.array([1.0, 1.0, 2.0])[:, None, None, None] - 22
    ball = (at**2).sum(axis=0) <= 20**2
    found = region_volumes_ml(ball[None], ["WT"], (1.0, 1.0, 2.0))["WT"]
    # the surface cuts some 2500 voxels, each of which is counted right by half; those that mirror
    # each other err together, in eights: 8 * sqrt(2500 / 8) / 2 voxels of 2 mm3 are 0.14 ml, and
    # 1 % of the volume is twice that
    assert found == pytest.approx(4 / 3 * np.pi * 20**3 / 1000, rel=0.01)


def test_box_has_its_volume_exactly():
    masks = np.zeros((2, 10, 10, 10), dtype=bool)
    masks[0, 1:6, 2:6, 3:8] = masks[1, 1:2, 2:3, 3:4] = True
    found = region_volumes_ml(masks, ["WT", "ET"], (0.5, 2.0, 3.0))
    assert found == {"WT": pytest.approx(0.3), "ET": pytest.approx(0.003)}
    assert region_voxels(masks, ["WT", "ET"]) == {"WT": 100, "ET": 1}


@pytest.mark.parametrize("regions", [["WT"], ["WT", "WT"], ["WT", "TC", "ET"]])
def test_names_must_fit(regions):
    with pytest.raises(ConfigError, match="2 masks for the regions"):
        region_voxels(np.zeros((2, 2, 2, 2), dtype=bool), regions)


def test_without_a_spacing_it_refuses():
    with pytest.raises(ConfigError, match="keep to counts of voxels"):
        region_volumes_ml(np.ones((1, 2, 2, 2), dtype=bool), ["WT"], None)
