"""How a modality is trained alone: to compare with, and for an ensemble."""

from fusion.config.head import SingleConfig
from fusion.config.heads.votes import EnsembleConfig
from fusion.config.run import RunConfig
from fusion.errors import TrainingError
from fusion.run.ensemble_members import members
from fusion.run.learn import check
from fusion.run.material import Material

HIDDEN = 32
DROPOUT = 0.1


def alone_head(config: RunConfig, modality: str) -> SingleConfig:
    """Its head; that of an ensemble's members is as the ensemble says."""
    hidden, dropout = HIDDEN, DROPOUT
    if isinstance(config.head, EnsembleConfig):
        hidden, dropout = config.head.hidden, config.head.dropout
    return SingleConfig(name="single", modality=modality, hidden=hidden, dropout=dropout)


def comparable(config: RunConfig, material: Material) -> tuple[list[str], list[str]]:
    """Modalities that can be trained alone, and a sentence for each one that cannot."""
    alone: list[str] = []
    remarks: list[str] = []
    if isinstance(config.head, EnsembleConfig):  # these are trained anyway
        remarks += members(config, material, config.head)[1]
    elif not config.evaluation.singles:
        return alone, remarks
    if len(config.modalities) == 1:
        return alone, remarks
    for name in sorted(config.modalities):
        try:
            check(config, material, (name,))
            alone.append(name)
        except TrainingError as error:
            remarks.append(f"{name} alone is not among the comparisons: {error}.")
    return alone, remarks
