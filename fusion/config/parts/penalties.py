"""Penalty configuration -> what training adds to the loss."""

from collections.abc import Mapping

from fusion.config.head import HeadConfig
from fusion.config.penalties import PenaltiesConfig
from fusion.errors import ConfigError
from fusion.penalties.base import Penalty
from fusion.penalties.blending import Blending
from fusion.penalties.contrastive import Contrastive
from fusion.penalties.orthogonal import Orthogonal


def build_penalties(
    config: PenaltiesConfig, *, dims: Mapping[str, int], seed: int
) -> list[Penalty]:
    """Those that compare modalities; none for a model of one modality."""
    found: list[Penalty] = []
    if len(dims) < 2:
        return found
    if config.orthogonal is not None:
        found.append(Orthogonal(dims=dims, seed=seed, **config.orthogonal.model_dump()))
    if config.contrastive is not None:
        found.append(Contrastive(dims=dims, seed=seed, **config.contrastive.model_dump()))
    return found


def build_blending(
    config: PenaltiesConfig, *, dims: Mapping[str, int], out_features: int, seed: int
) -> Blending | None:
    """Gradient blending, or None; none for a model of one modality."""
    if config.blending is None or len(dims) < 2:
        return None
    settings = config.blending.model_dump()
    return Blending(dims=dims, out_features=out_features, seed=seed, **settings)


def check_penalties(config: PenaltiesConfig, modalities: tuple[str, ...], head: HeadConfig) -> None:
    """Refuse what could do nothing, before hours of training.

    Raises:
        ConfigError: for a penalty that compares modalities where there is one, and for any with a
            head that is not trained as a whole.
    """
    names = [name for name, given in config if given is not None]
    if names and head.name == "ensemble":
        raise ConfigError(
            f"penalties {', '.join(names)} with head=ensemble: its models are each trained alone, "
            "so there is no loss to add to; set penalties=none, or choose another head"
        )
    on = [name for name in names if name != "bottleneck_kl"]
    if on and len(modalities) < 2:
        raise ConfigError(
            f"penalties {', '.join(on)} compare modalities, and the run has only "
            f"{', '.join(modalities)}; add a modality, or set penalties=none"
        )
