"""Does a ranking of tiles hold? Take them away, or bring them, in its order, and ask again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

SHARES: tuple[float, ...] = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Shares of the tiles that are left."""


@runtime_checkable
class Weighed(Protocol):
    """A question whose answer is held against that of an empty input."""

    def whole(self) -> float:
        """Evidence from all parts."""
        ...

    def nothing(self) -> float:
        """Evidence without any."""
        ...


@runtime_checkable
class Parted(Weighed, Protocol):
    """One that can be asked of some of the parts: tiles, or cells."""

    def of(self, kept: Tensor) -> float:
        """Evidence from some of them, by index."""
        ...


@dataclass(frozen=True)
class Curves:
    """What is said with a share of the tiles, in the direction that all of them push it.

    Zero is what is said of average tiles; all three end where every tile is there.
    """

    shares: tuple[float, ...]
    insertion: Float[np.ndarray, " shares"]
    """Of the most telling tiles: rises early where the ranking holds."""
    deletion: Float[np.ndarray, " shares"]
    """Of the least telling ones, the others deleted: rises late where it holds."""
    random: Float[np.ndarray, " shares"]
    """Of tiles drawn blindly, mean over draws."""

    @property
    def gain(self) -> float:
        """Area between insertion and random: above 0 where the ranking beats chance."""
        return self._area(self.insertion - self.random)

    @property
    def loss(self) -> float:
        """Area between random and deletion: above 0 where the ranking beats chance."""
        return self._area(self.random - self.deletion)

    def _area(self, heights: Float[np.ndarray, " shares"]) -> float:
        return float(np.trapezoid(heights, self.shares))


def direction(question: Weighed) -> float:
    """1 where the patient's tiles raise the answer above that for average tiles, else -1."""
    return 1.0 if question.whole() >= question.nothing() else -1.0


def curves(
    question: Parted,
    ranking: Float[np.ndarray, " tiles"],
    *,
    draws: int,
    seed: int,
    shares: Sequence[float] = SHARES,
) -> Curves:
    """Insertion and deletion of tiles, beside blind draws of as many.

    Args:
        question: of one patient.
        ranking: how telling each tile is, in the direction of the answer; ties stay in the order
            of the bag.
        draws: blind ones.
        seed: of theirs.
        shares: of tiles that are left, each in (0, 1], ascending.

    Source: Petsiuk, Das and Saenko 2018 (deletion and insertion).
    """
    sign, zero = direction(question), question.nothing()
    order = np.argsort(-ranking, kind="stable")
    counts = [max(1, round(share * len(order))) for share in shares]
    rng = np.random.default_rng(seed)
    blind = [rng.permutation(len(order)) for _ in range(draws)]

    def said(order: Int[np.ndarray, " tiles"]) -> Float[np.ndarray, " shares"]:
        # in the order of the bag: an encoder that draws a part of it still gets the same part
        kept = [torch.from_numpy(np.sort(order[:count])) for count in counts]
        return np.array([sign * (question.of(some) - zero) for some in kept])

    return Curves(
        shares=tuple(shares),
        insertion=said(order),
        deletion=said(order[::-1]),
        random=np.mean([said(some) for some in blind], axis=0),
    )
