"""Are there enough events in a batch for a Cox loss, and who is at risk?"""

from collections.abc import Mapping

import torch

from fusion.config.run import RunConfig
from fusion.config.task import CoxConfig, TaskConfig
from fusion.data.dataset import PatientDataset
from fusion.data.sampler import BudgetSampler
from fusion.errors import ConfigError
from fusion.run.loading import load

LEAST_EVENTS = 4.0
"""Events in a batch, on average, below which its risk sets are said to be small."""


def risk_sets(config: RunConfig, train: PatientDataset) -> list[str]:
    """A sentence for each Cox task whose batches hold few events; said before training.

    Raises:
        ConfigError: for a bank in several processes, which would each know their own patients, or
            beside gradient blending.
    """
    tasks = {name: task for name, task in config.tasks.items() if isinstance(task, CoxConfig)}
    banked = [name for name, task in tasks.items() if task.risk_sets == "bank"]
    if banked and config.trainer.devices > 1:
        raise ConfigError(
            f"tasks.{banked[0]}.risk_sets: a bank is kept by one process, and there would be "
            f"{config.trainer.devices}; set trainer.devices=1, or risk_sets=batch and a large "
            "loader.patients"
        )
    if banked and config.penalties.blending is not None:
        raise ConfigError(
            f"tasks.{banked[0]}.risk_sets: blending takes the loss of each modality alone as well, "
            "and their log-hazards would enter the bank of the fusion; set risk_sets=batch, or go "
            "without penalties.blending"
        )
    sampler = load(train, config.loader, seed=config.seed).batch_sampler
    assert isinstance(sampler, BudgetSampler)
    batches = len(sampler.batches())
    found = []
    for name in [name for name in tasks if name not in banked]:
        known = [train.labels[p][name] for p in train.patients if name in train.labels[p]]
        events = sum(int(label[1]) for label in known)
        if batches > 1 and events / batches < LEAST_EVENTS:
            found.append(
                f"Task {name}: a batch holds {events / batches:.1f} events on average ({events} in "
                f"{batches} batches), and only its own patients are at risk in the Cox loss, so "
                f"that it learns from few comparisons. Raise loader.patients (now "
                f"{config.loader.patients}; loader.rows also limits a batch), or set "
                f"tasks.{name}.risk_sets=bank; trainer.accumulate does not help."
            )
    return found


def numbered(train: PatientDataset, tasks: Mapping[str, TaskConfig]) -> PatientDataset:
    """The training patients, with a number at the end of the labels of tasks that keep a bank.

    Numbers go from 0 over the patients with a label, in the order of the dataset: that in which
    the task was prepared.
    """
    labels = {patient: dict(train.labels[patient]) for patient in train.patients}
    for name, task in tasks.items():
        if isinstance(task, CoxConfig) and task.risk_sets == "bank":
            known = [patient for patient in train.patients if name in labels[patient]]
            for number, patient in enumerate(known):
                label = labels[patient][name]
                labels[patient][name] = torch.cat([label, label.new_tensor([number])])
    return PatientDataset(
        cohort=train.cohort,
        patients=train.patients,
        sources=train.sources,
        labels=labels,
        excluded=train.excluded,
    )
