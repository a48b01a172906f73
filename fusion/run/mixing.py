"""Do training batches mix centres enough for the penalty on telling them?"""

from fusion.config.parts.encoders import token_width
from fusion.config.parts.invariance import build_invariance
from fusion.config.run import RunConfig
from fusion.data.layout import layout
from fusion.data.sampler import BudgetSampler
from fusion.errors import ConfigError
from fusion.invariance.base import comparable
from fusion.run.loading import load
from fusion.run.material import Material


def mixing(config: RunConfig, material: Material) -> list[str]:
    """A sentence where most batches of the first epoch hold nothing to compare, by modality.

    The batches of an epoch are known before it begins, so this is said before training.

    Raises:
        ConfigError: where all training patients come from one centre.
    """
    modalities = tuple(sorted(config.modalities))
    train = material.inputs.dataset(material.place("train"), modalities)
    centers = [train.cohort.centers[p] for p in train.patients]
    sources = material.inputs.sources
    dims = {m: token_width(config.modalities[m], layout(sources[m])) for m in modalities}
    invariance = build_invariance(config.invariance, dims=dims, centers=centers, seed=config.seed)
    if invariance is None:
        return []
    name, least = config.invariance.name, invariance.least
    if len(invariance.places) < 2:
        raise ConfigError(
            f"invariance {name} compares training centres, and all {len(centers)} training "
            f"patients come from {centers[0]}; choose another split, or invariance=none"
        )
    sampler = load(train, config.loader, seed=config.seed).batch_sampler
    assert isinstance(sampler, BudgetSampler)
    batches = sampler.batches()
    idle = {}
    for modality in modalities:
        having = [train.has(p, modality) for p in train.patients]
        empty = [
            not comparable([centers[i] for i in batch if having[i]], least) for batch in batches
        ]
        if sum(empty) > len(batches) / 2:
            idle[modality] = f"{modality} in {sum(empty)} of {len(batches)}"
    if not idle:
        return []
    noun = "patient" if least == 1 else "patients"
    return [
        f"The penalty {name} has nothing to compare in most batches ({', '.join(idle.values())}): "
        f"it takes two centres with {least} {noun} who have the modality. Raise loader.patients "
        f"(now {config.loader.patients}; loader.rows also limits a batch)."
    ]
