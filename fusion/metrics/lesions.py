"""Lesion by lesion: which were found, how well, and what was found that is not there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int
from scipy import ndimage

from fusion.metrics.overlap import dice, same_shape
from fusion.metrics.surface import NOTHING_THERE_MM, SurfaceDistances

_TOUCH = ndimage.generate_binary_structure(3, 3)
"""Faces, edges and corners: 26 neighbours."""

_GROW = ndimage.generate_binary_structure(3, 2)
"""Faces and edges: by what a lesion is grown at each step, as in BraTS 2023."""


@dataclass(frozen=True)
class LesionRule:
    """How lesions are told apart and which of them count.

    Example:
        >>> GLIOMA
        LesionRule(grow=3, least_mm3=50.0)
    """

    grow: int
    """Lesions whose masks touch after so many steps of growing are one; so much may a prediction
    miss a lesion and still be its."""
    least_mm3: float
    """Lesions of the truth up to this volume are left out."""


GLIOMA = LesionRule(grow=3, least_mm3=50.0)
"""BraTS 2023: gliomas of adults, of children, and in sub-Saharan Africa."""

METASTASES = LesionRule(grow=1, least_mm3=2.0)
"""BraTS 2023: metastases; meningiomas grow by 1 as well, and leave out up to 50 mm3."""


@dataclass(frozen=True)
class LesionScore:
    """What lesion-wise evaluation gives for one region of one patient."""

    found: int
    """Lesions of the truth that something predicted touches."""
    missed: int
    false: int
    """Predicted lesions that touch none of the truth; of any size."""
    dices: tuple[float, ...]
    """Of each lesion that counts; 0 where it was missed."""
    distances_mm: tuple[float, ...]
    """HD95 of the same."""

    @property
    def lesions(self) -> int:
        """Of the truth, those that count."""
        return self.found + self.missed

    @property
    def dice(self) -> float:
        """Mean over counted and false lesions, 0 for the false; 1 where there is neither."""
        number = self.lesions + self.false
        return sum(self.dices) / number if number else 1.0

    @property
    def hausdorff_mm(self) -> float:
        """Mean HD95, 374 mm for the false; 0 where there is neither."""
        number = self.lesions + self.false
        total = sum(self.distances_mm) + NOTHING_THERE_MM * self.false
        return total / number if number else 0.0

    @property
    def sensitivity(self) -> float | None:
        """Share of counted lesions that were found; None where there is none."""
        return self.found / self.lesions if self.lesions else None


def components(mask: Bool[np.ndarray, "x y z"]) -> tuple[Int[np.ndarray, "x y z"], int]:
    """Number of each voxel's connected component, from 1 on, and how many there are.

    Voxels that touch by a face, an edge or a corner belong together.
    """
    marked, count = ndimage.label(mask, structure=_TOUCH)
    return marked.astype(np.int64), int(count)


def lesion_scores(
    predicted: Bool[np.ndarray, "x y z"],
    truth: Bool[np.ndarray, "x y z"],
    spacing_mm: Sequence[float],
    rule: LesionRule,
) -> LesionScore:
    """Compare two masks lesion by lesion.

    A predicted component belongs to every lesion that it touches after the lesion has been
    grown; all that belong to one are compared with it together, the lesion as it was drawn.

    Raises:
        ValueError: for masks of different shapes.

    Source: Moawad et al. 2023 (arXiv 2306.00838, BraTS-METS) and the evaluation of BraTS 2023;
    written anew from its description.

    Example:
        >>> truth, predicted = np.zeros((2, 20, 20, 20), dtype=bool)
        >>> truth[2:6, 2:6, 2:6] = predicted[2:6, 2:6, 2:6] = predicted[14:16, 14:16, 14:16] = True
        >>> score = lesion_scores(predicted, truth, (1.0, 1.0, 1.0), GLIOMA)
        >>> score.found, score.missed, score.false, score.dice
        (1, 0, 1, 0.5)
    """
    same_shape(predicted, truth)
    # SciPy takes 0 iterations for as many as change anything
    grown = ndimage.binary_dilation(truth, _GROW, iterations=rule.grow) if rule.grow else truth
    near, count = components(grown)
    lesion = np.where(truth, near, 0)
    marked, candidates = components(predicted)
    voxel_mm3 = float(np.prod(spacing_mm))
    volumes = np.bincount(lesion.ravel(), minlength=count + 1) * voxel_mm3
    touched = [set[int]() for _ in range(count + 1)]
    for number, part in zip(*_pairs(near, marked), strict=True):
        touched[number].add(int(part))
    dices, distances, found, missed = [], [], 0, 0
    for number in range(1, count + 1):
        if volumes[number] <= rule.least_mm3:
            continue
        if not touched[number]:
            missed += 1
            dices.append(0.0)
            distances.append(NOTHING_THERE_MM)
            continue
        found += 1
        mine, its = np.isin(marked, sorted(touched[number])), lesion == number
        dices.append(dice(mine, its))
        distances.append(SurfaceDistances.between(mine, its, spacing_mm).hausdorff_mm())
    true = set[int]().union(*touched)
    return LesionScore(found, missed, candidates - len(true), tuple(dices), tuple(distances))


def _pairs(
    near: Int[np.ndarray, "x y z"], marked: Int[np.ndarray, "x y z"]
) -> tuple[np.ndarray, np.ndarray]:
    both = (near > 0) & (marked > 0)
    pairs = np.unique(np.stack([near[both], marked[both]]), axis=1)
    return pairs[0], pairs[1]
