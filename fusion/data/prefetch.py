"""Training batches that one thread reads while the ones before are learned from."""

import math
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

import torch
from torch import Tensor

from fusion.data.draws import TrainingDraws
from fusion.data.sample import Batch, Sample, collate
from fusion.data.sampler import BudgetSampler
from fusion.errors import ReadError


class Prefetched:
    """The batches that a plain loader would give, in its order, ready before they are asked for.

    Volumes are copied from the disk's cache into memory that is set aside once and used in turn:
    fresh memory would have to be cleared, page by page, for every batch. They keep their type of
    number, half precision for parts of prepared volumes, until they are augmented.

    A batch is whole until two more have been asked for. Whoever keeps one longer clones it.

    Args:
        dataset: what is drawn from; it reads without the interpreter's lock for the most part.
        batch_sampler: which patients make a batch.
        ahead: batches that are ready or being read; so many and three more stay in memory.

    Raises:
        ReadError: where a patient's input cannot be read, with the patient; batches before it
            have been given.
    """

    def __init__(self, dataset: TrainingDraws, batch_sampler: BudgetSampler, *, ahead: int) -> None:
        self.dataset = dataset
        self.batch_sampler = batch_sampler
        self.ahead = ahead
        self._places = [_Place() for _ in range(ahead + 3)]

    def __len__(self) -> int:
        return len(self.batch_sampler)

    def __iter__(self) -> Generator[Batch, None, None]:
        todo = zip(list(self.batch_sampler), cycle(self._places), strict=False)
        pool = ThreadPoolExecutor(1, thread_name_prefix="prefetch")
        try:
            coming = deque(pool.submit(self._read, *one) for one in islice(todo, self.ahead))
            while coming:
                batch = coming.popleft().result()
                coming.extend(pool.submit(self._read, *one) for one in islice(todo, 1))
                yield batch
        finally:
            # who stops early does not wait for what nobody will see
            pool.shutdown(wait=True, cancel_futures=True)

    def _read(self, indices: Sequence[int], place: "_Place") -> Batch:
        place.clear()
        return collate([self._sample(i) for i in indices], empty=place.empty)

    def _sample(self, index: int) -> Sample:
        patient = self.dataset.dataset.patients[index]
        try:
            return self.dataset[index]
        except ReadError as error:
            if error.patient is not None:
                raise
            raise ReadError(error.path, error.message, patient) from error
        except Exception as error:
            error.add_note(f"while patient {patient} was read for training")
            raise


class _Place:
    """Memory of one batch, kept for the next that comes to stand there."""

    def __init__(self) -> None:
        self._kept: list[Tensor] = []
        self._used = 0

    def clear(self) -> None:
        self._used = 0

    def empty(self, shape: Sequence[int], dtype: torch.dtype) -> Tensor:
        """As `torch.empty`, but of the memory that is kept."""
        needed = math.prod(shape) * dtype.itemsize
        if self._used == len(self._kept):
            self._kept.append(torch.empty(0, dtype=torch.uint8))
        if len(self._kept[self._used]) < needed:
            self._kept[self._used] = torch.empty(needed, dtype=torch.uint8)
        found = self._kept[self._used][:needed].view(dtype).view(tuple(shape))
        self._used += 1
        return found
