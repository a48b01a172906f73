"""Which patients make a batch: filled up to a budget of rows, ordered by (seed, epoch) alone."""

from collections.abc import Iterator, Sequence
from itertools import cycle, islice

import numpy as np
from torch.utils.data import Sampler


class BudgetSampler(Sampler[list[int]]):
    """Batches of at most `patients` patients and, beyond the first patient, at most `rows` rows.

    The order depends on nothing but (seed, epoch), so that a resumed run sees the batches that an
    unbroken one would. With several processes every rank gets the same number of batches: batches
    are dealt in turn, and the first ones again where they do not divide.

    Args:
        sizes: rows of each patient, e.g. tiles.
        patients: most patients in a batch.
        rows: most rows in a batch; a single patient above it stands alone.
        seed: of the run. None keeps the given order (evaluation).
        rank: this process.
        world: number of processes.

    Example:
        >>> list(BudgetSampler(sizes=[5, 5, 9, 1], patients=3, rows=10, seed=None))
        [[0, 1], [2, 3]]
    """

    def __init__(
        self,
        *,
        sizes: Sequence[int],
        patients: int,
        rows: int,
        seed: int | None,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self.sizes = tuple(sizes)
        self.patients = patients
        self.rows = rows
        self.seed = seed
        self.rank = rank
        self.world = world
        self.epoch = 0
        self.skip = (0, 0)
        """(epoch, batches of it that are done): what a resumed run leaves out."""

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order comes next."""
        self.epoch = epoch

    def batches(self) -> list[list[int]]:
        """All batches of this epoch, for all ranks."""
        order = np.arange(len(self.sizes))
        if self.seed is not None:
            order = np.random.default_rng([self.seed, self.epoch]).permutation(order)
        filled: list[list[int]] = []
        rows = 0
        for index in order.tolist():
            size = self.sizes[index]
            full = not filled or len(filled[-1]) == self.patients or rows + size > self.rows
            if full:
                filled.append([])
                rows = 0
            filled[-1].append(index)
            rows += size
        return filled

    def __iter__(self) -> Iterator[list[int]]:
        dealt = self.dealt()
        epoch, done = self.skip
        return iter(dealt[done if epoch == self.epoch else 0 :])

    def dealt(self) -> list[list[int]]:
        """This rank's batches."""
        batches = self.batches()
        short = -len(batches) % self.world
        return list(islice(cycle(batches), len(batches) + short))[self.rank :: self.world]

    def __len__(self) -> int:
        return len(self.dealt())
