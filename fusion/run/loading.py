"""Patients -> batches."""

from torch.utils.data import DataLoader

from fusion.config.run import LoaderConfig
from fusion.data.dataset import PatientDataset
from fusion.data.draws import TrainingDraws
from fusion.data.prefetch import Prefetched
from fusion.data.sample import Batch, collate
from fusion.data.sampler import BudgetSampler


def load(
    dataset: PatientDataset,
    config: LoaderConfig,
    *,
    seed: int | None,
    rank: int = 0,
    world: int = 1,
) -> DataLoader[Batch]:
    """Batches filled to the budget.

    Args:
        dataset: the patients.
        config: patients and rows of a batch, and worker processes.
        seed: of the order and of what training draws; None gives the dataset's order and whole
            patients.
        rank: this process.
        world: number of processes.
    """
    sampler = BudgetSampler(
        sizes=dataset.sizes(),
        patients=config.patients,
        rows=config.rows,
        seed=seed,
        rank=rank,
        world=world,
    )
    return DataLoader(
        dataset if seed is None else TrainingDraws(dataset, sampler, seed),  # type: ignore[arg-type]
        batch_sampler=sampler,
        collate_fn=collate,
        num_workers=config.workers,
        persistent_workers=False,  # a worker keeps no state from one epoch to the next
    )


def ahead(loader: DataLoader[Batch], config: LoaderConfig) -> DataLoader[Batch] | Prefetched:
    """Training batches, the same ones, read ahead where the configuration says so."""
    dataset, sampler = loader.dataset, loader.batch_sampler
    if config.workers or not config.prefetch:
        return loader
    assert isinstance(dataset, TrainingDraws)
    assert isinstance(sampler, BudgetSampler)
    return Prefetched(dataset, sampler, ahead=config.prefetch)
