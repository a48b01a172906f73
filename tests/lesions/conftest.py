"""The phantom of the Image Biomarker Standardisation Initiative."""

from types import SimpleNamespace

import numpy as np
import pytest

# 5 x 4 x 4 voxels of 2 mm, 74 of them in the mask; each word is a row along x, each line a slice.
# Origin: theibsi/data_sets, ibsi_1_digital_phantom (CC BY 4.0, A. Zwanenburg and others)
INTENSITIES = (
    "44641 44611 11611 11611",
    "41641 11311 11911 11111",
    "14611 11611 11111 11111",
    "14411 14411 14411 14411",
)
MASK = (
    "11111 11111 11111 11111",
    "11111 01111 11011 11111",
    "11111 11111 11111 11111",
    "11111 11111 11100 11100",
)


def _grid(slices):
    return np.array([[[int(c) for c in row] for row in line.split()] for line in slices]).T


@pytest.fixture
def phantom():
    return SimpleNamespace(
        image=_grid(INTENSITIES).astype(float),
        mask=_grid(MASK).astype(bool),
        spacing_mm=(2.0, 2.0, 2.0),
    )
