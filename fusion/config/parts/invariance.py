"""Invariance configuration -> what training is penalised for."""

from collections.abc import Mapping, Sequence

from fusion.config.invariance import (
    AdversarialConfig,
    CoralConfig,
    InvarianceConfig,
    NoInvarianceConfig,
)
from fusion.invariance.adversarial import Adversarial
from fusion.invariance.base import Invariance
from fusion.invariance.coral import Coral
from fusion.types import Center


def build_invariance(
    config: InvarianceConfig, *, dims: Mapping[str, int], centers: Sequence[Center], seed: int
) -> Invariance | None:
    """The penalty, for tokens of these widths and training patients of these centres."""
    settings = config.model_dump(exclude={"name"})
    match config:
        case NoInvarianceConfig():
            return None
        case CoralConfig():
            return Coral(centers=centers, **settings)
        case AdversarialConfig():
            return Adversarial(dims=dims, centers=centers, seed=seed, **settings)
