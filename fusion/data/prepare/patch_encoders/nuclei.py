"""Nuclei as blobs of haematoxylin, for a whole batch at once."""

import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage
from skimage.filters import threshold_otsu

_SMOOTH_UM = 0.8
_CONTRAST = 0.08
"""A nucleus is at least so much denser in haematoxylin than the tile's median: Otsu's threshold
alone would find nuclei in an empty tile."""

_SMALLEST_UM2, _LARGE_UM2 = 15.0, 80.0
_TOP = 2.0
"""Haematoxylin densities above count as this one in the histogram."""

_BINS = 256
_QUARTERS = 4
_IN_PLANE = np.zeros((3, 3, 3), dtype=bool)
_IN_PLANE[1] = ndimage.generate_binary_structure(2, 1)


def nuclei(
    haematoxylin: Float[np.ndarray, "n h w"], eosin: Float[np.ndarray, "n h w"], um: float
) -> dict[str, Float[np.ndarray, " n"]]:
    """Share of area, count, size, elongation, chromatin and clustering of the nuclei.

    Counts are per 0.01 mm2. Diameters, in microns, are those of a disc of the same area.
    Elongation is 1 - minor / major axis of the blob's moments. Means over the nuclei of a tile
    that has none are 0, as its count says.

    Args:
        haematoxylin: stain density.
        eosin: stain density.
        um: side of a pixel in microns.
    """
    n, height, width = haematoxylin.shape
    mask = _dense(haematoxylin, um)
    labels, found = ndimage.label(mask, structure=_IN_PLANE)
    tile, y, x = np.nonzero(mask)
    blob = labels[tile, y, x] - 1

    def total(weights: np.ndarray | None = None) -> Float[np.ndarray, " blobs"]:
        return np.bincount(blob, weights, minlength=found).astype(float)

    pixels = total()
    owner = np.zeros(found, dtype=int)
    owner[blob] = tile
    mean_x, mean_y = total(x) / pixels, total(y) / pixels
    dx, dy = x - mean_x[blob], y - mean_y[blob]
    # 1 / 12: the second moment of a pixel itself, so that a line of pixels has a width
    xx, yy, xy = (
        total(v) / pixels + c for v, c in ((dx * dx, 1 / 12), (dy * dy, 1 / 12), (dx * dy, 0))
    )
    spread = np.sqrt((xx - yy) ** 2 + 4 * xy**2)
    elongation = 1 - np.sqrt(np.maximum(xx + yy - spread, 0) / (xx + yy + spread))
    stain = haematoxylin[tile, y, x]
    chroma = total(stain) / pixels
    grain = np.sqrt(np.maximum(total(stain * stain) / pixels - chroma**2, 0))
    area = pixels * um**2
    keep = area >= _SMALLEST_UM2
    owner, area = owner[keep], area[keep]

    def mean(values: Float[np.ndarray, " kept"]) -> Float[np.ndarray, " n"]:
        return np.bincount(owner, values, minlength=n) / np.maximum(count, 1)

    count = np.bincount(owner, minlength=n).astype(float)
    diameter = np.sqrt(area * (4 / np.pi))
    mean_diameter = mean(diameter)
    cell = (
        mean_y[keep] * _QUARTERS // height * _QUARTERS + mean_x[keep] * _QUARTERS // width
    ).astype(int)
    per_cell = np.bincount(owner * _QUARTERS**2 + cell, minlength=n * _QUARTERS**2)
    inside = mask.sum(axis=(1, 2)) / (height * width)
    return {
        "nuclei_share": inside,
        "nuclei_count": count / (height * width * um**2 * 1e-4),
        "nuclei_diameter_um": mean_diameter,
        "nuclei_diameter_sd_um": np.sqrt(np.maximum(mean(diameter**2) - mean_diameter**2, 0)),
        "nuclei_large_share": mean((area > _LARGE_UM2).astype(float)),
        "nuclei_elongation": mean(elongation[keep]),
        "nuclei_density": mean(chroma[keep]),
        "nuclei_grain": mean(grain[keep]),
        "nuclei_clustering": per_cell.reshape(n, -1).std(axis=1) / np.sqrt(np.maximum(count, 1)),
        "nuclei_eosin": (eosin * mask).mean(axis=(1, 2)) / np.maximum(inside, 1e-3),
    }


def _dense(stain: Float[np.ndarray, "n h w"], um: float) -> Bool[np.ndarray, "n h w"]:
    smooth = ndimage.gaussian_filter(stain, (0, _SMOOTH_UM / um, _SMOOTH_UM / um))
    binned = np.minimum(smooth * (_BINS / _TOP), _BINS - 1).astype(np.uint8).reshape(len(stain), -1)
    centres = (np.arange(_BINS) + 0.5) * _TOP / _BINS
    threshold = np.empty((len(stain), 1, 1), dtype=np.float32)
    for i, row in enumerate(binned):
        counts = np.bincount(row, minlength=_BINS)
        median = centres[np.searchsorted(counts.cumsum(), row.size / 2)]
        flat = np.count_nonzero(counts) == 1
        otsu = median if flat else threshold_otsu(hist=(counts, centres))
        threshold[i] = max(otsu, median + _CONTRAST)
    return np.asarray(smooth > threshold)
