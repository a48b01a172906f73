"""Which lesion of one visit is which of the next."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import linear_sum_assignment

State = Literal["matched", "new", "resolved", "merged", "split", "rearranged"]


@dataclass(frozen=True)
class LesionChange:
    """What became of one lesion, or of several that have to be seen together.

    Example:
        >>> LesionChange((), (3,), 0.0).state, LesionChange((1, 2), (1,), 0.7).state
        ('new', 'merged')
    """

    before: tuple[int, ...]
    """Numbers at the first visit; the best match first."""
    after: tuple[int, ...]
    """Numbers at the second visit; the best match first."""
    iou: float
    """Intersection over union of all of `before` with all of `after`."""

    @property
    def state(self) -> State:
        """`rearranged` is what merged and split at once."""
        if not self.before or not self.after:
            return "resolved" if self.before else "new"
        if len(self.before) == len(self.after) == 1:
            return "matched"
        if len(self.after) == 1:
            return "merged"
        return "split" if len(self.before) == 1 else "rearranged"


def match_lesions(
    before: Int[np.ndarray, "x y z"], after: Int[np.ndarray, "u v w"], least_overlap: float
) -> list[LesionChange]:
    """Match the lesions of two visits that lie on one grid.

    Lesions belong together where their common voxels are at least so large a share of the
    smaller one. Among these, the pairing with the largest sum of IoU is found (Hungarian method);
    a lesion that is left over joins the pair that holds the one with which it shares most.

    Args:
        before: number of each voxel's lesion, 0 outside, from `numbered`.
        after: the same of the second visit, registered to the first.
        least_overlap: in (0, 1]; a share of the smaller lesion.

    Returns:
        In order of the numbers before; the new ones last. Each lesion is in exactly one.

    Raises:
        ValueError: for grids that differ, and a share outside (0, 1].

    Example:
        >>> before, after = np.zeros((2, 9, 1, 1), dtype=np.int64)
        >>> before[0:2], before[3:5], after[0:5], after[8] = 1, 2, 1, 2
        >>> [(c.state, c.before, c.after) for c in match_lesions(before, after, 0.1)]
        [('merged', (1, 2), (1,)), ('new', (), (2,))]
    """
    if before.shape != after.shape:
        raise ValueError(
            f"lesions on {before.shape} voxels against lesions on {after.shape}; register the "
            "second visit to the first, and bring both to one grid"
        )
    if not 0 < least_overlap <= 1:
        raise ValueError(
            f"least_overlap is {least_overlap}, expected a share above 0 and up to 1 of the "
            "smaller lesion"
        )
    common = _common(before, after)
    mine, its = np.bincount(before.ravel()), np.bincount(after.ravel())
    inside = common[1:, 1:]
    smaller = np.minimum(mine[1:, None], its[None, 1:])
    linked = (inside > 0) & (inside >= least_overlap * smaller)
    shared = np.where(linked, inside, 0)
    groups = _groups(shared, np.where(linked, inside / (mine[1:, None] + its[1:] - inside), 0.0))
    changes = [_change(common, mine, its, rows, columns) for rows, columns in groups]
    return sorted(changes, key=lambda c: (not c.before, min(c.before or c.after)))


def _common(
    before: Int[np.ndarray, "x y z"], after: Int[np.ndarray, "x y z"]
) -> Int[np.ndarray, "before after"]:
    """Voxels of each lesion before that are in each after; row and column 0 are outside."""
    rows, columns = int(before.max(initial=0)) + 1, int(after.max(initial=0)) + 1
    pair = before.ravel() * columns + after.ravel()
    return np.bincount(pair, minlength=rows * columns).reshape(rows, columns)


def _groups(
    shared: Int[np.ndarray, "before after"], iou: Float[np.ndarray, "before after"]
) -> list[tuple[list[int], list[int]]]:
    """Rows and columns that belong together, the matched pair first."""
    pairs = [(int(i), int(j)) for i, j in zip(*linear_sum_assignment(-iou), strict=True)]
    groups = [([i], [j]) for i, j in pairs if shared[i, j]]
    of_row = {rows[0]: group for group in groups for rows in [group[0]]}
    of_column = {columns[0]: group for group in groups for columns in [group[1]]}
    for i in range(len(shared)):
        if i not in of_row:
            # an unmatched lesion's neighbours are all matched, or the sum could be larger
            if shared[i].any():
                of_column[int(shared[i].argmax())][0].append(i)
            else:
                groups.append(([i], []))
    for j in range(shared.shape[1]):
        if j not in of_column:
            if shared[:, j].any():
                of_row[int(shared[:, j].argmax())][1].append(j)
            else:
                groups.append(([], [j]))
    return groups


def _change(
    common: Int[np.ndarray, "before after"],
    mine: Int[np.ndarray, " before"],
    its: Int[np.ndarray, " after"],
    rows: list[int],
    columns: list[int],
) -> LesionChange:
    before, after = [i + 1 for i in rows], [j + 1 for j in columns]
    both = int(common[np.ix_(before, after)].sum()) if before and after else 0
    union = int(mine[before].sum()) + int(its[after].sum()) - both
    return LesionChange(tuple(before), tuple(after), both / union)
