"""Mixed-up samples: two patients of one centre who hold each other's files."""

from collections.abc import Sequence

import pandas as pd

from fusion.testing.demo.seeds import stream

SWAPPABLE = ("mri", "rna", "wsi")
"""Modalities whose samples can be mixed up."""


def draw_swaps(
    centers: Sequence[str], present: pd.DataFrame, *, fraction: float, seed: int
) -> dict[tuple[str, int], int]:
    """Whose sample a patient holds: `{(modality, patient): owner}`, for the swapped only.

    About `fraction` of the patients have one modality swapped, in pairs within a centre, where
    both have that modality and neither is swapped already.
    """
    rng = stream(seed, "swaps")
    wanted = round(fraction * len(centers) / 2)
    free = list(rng.permutation(len(centers)))
    found: dict[tuple[str, int], int] = {}
    while wanted and free:
        one = int(free.pop())
        turn = len(found) // 2 % len(SWAPPABLE)  # all modalities alike
        for name in SWAPPABLE[turn:] + SWAPPABLE[:turn]:
            partners = [
                int(other)
                for other in free
                if centers[other] == centers[one] and present[name][one] and present[name][other]
            ]
            if partners:
                other = partners[0]
                free.remove(other)
                found[name, one], found[name, other] = other, one
                wanted -= 1
                break
    return found
