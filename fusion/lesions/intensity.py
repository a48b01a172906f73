"""First-order statistics of an image within a mask, as IBSI defines them."""

import numpy as np
from jaxtyping import Bool, Float

from fusion.errors import UndefinedMetric


def intensity_features(
    image: Float[np.ndarray, "x y z"], mask: Bool[np.ndarray, "u v w"]
) -> dict[str, float]:
    """The 18 intensity-based statistics, named by the manual's symbols.

    Variance and moments divide by the number of voxels; kurtosis is the excess over that of a
    normal distribution, and, as skewness, 0 where all voxels are equal. Coefficients whose
    denominator is 0 are left out. Nothing is resampled, rescaled or binned.

    Raises:
        ValueError: for an image and a mask of different shapes, or voxels that are not finite.
        UndefinedMetric: for an empty mask.

    Source: Zwanenburg et al. 2020 (Radiology 295:328) and the IBSI reference manual
    (arXiv 1612.07003), section 3.3.

    Example:
        >>> image = np.arange(8.0).reshape(2, 2, 2)
        >>> features = intensity_features(image, image > 3)
        >>> features["stat.mean"], features["stat.var"], features["stat.range"]
        (5.5, 1.25, 3.0)
    """
    if image.shape != mask.shape:
        raise ValueError(
            f"an image of {image.shape} voxels with a mask of {mask.shape}; bring both to one grid"
        )
    if not mask.any():
        raise UndefinedMetric("the mask is empty, so that no voxel has an intensity to describe")
    values = image[mask].astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError(
            f"{int((~np.isfinite(values)).sum())} voxels within the mask are not finite; export "
            "the image again with a real value there"
        )
    p10, p25, median, p75, p90 = np.percentile(values, (10, 25, 50, 75, 90))
    mean, middle = values.mean(), values[(values >= p10) & (values <= p90)]
    off = values - mean
    variance = (off**2).mean()
    features = {
        "stat.mean": mean,
        "stat.var": variance,
        "stat.skew": (off**3).mean() / variance**1.5 if variance > 0 else 0.0,
        "stat.kurt": (off**4).mean() / variance**2 - 3 if variance > 0 else 0.0,
        "stat.median": median,
        "stat.min": values.min(),
        "stat.p10": p10,
        "stat.p90": p90,
        "stat.max": values.max(),
        "stat.iqr": p75 - p25,
        "stat.range": np.ptp(values),
        "stat.mad": np.abs(off).mean(),
        "stat.rmad": np.abs(middle - middle.mean()).mean(),
        "stat.medad": np.abs(values - median).mean(),
        "stat.energy": (values**2).sum(),
        "stat.rms": (values**2).mean() ** 0.5,
    }
    if mean != 0:
        features["stat.cov"] = variance**0.5 / mean
    if p75 + p25 != 0:
        features["stat.qcod"] = (p75 - p25) / (p75 + p25)
    return {name: float(value) for name, value in features.items()}
