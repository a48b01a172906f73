"""The same fusion on what was read, without a penalty: what harmonising has to beat."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fusion.config.invariance import NoInvarianceConfig
from fusion.config.modality import BagConfig, ModalityConfig, VectorConfig
from fusion.config.run import RunConfig
from fusion.config.volume import VolumeConfig
from fusion.run.ensemble import learn_fusion
from fusion.run.material import Material
from fusion.run.prepare import prepare
from fusion.run.trained import Trained


@dataclass(frozen=True)
class Unharmonised:
    """A run that differs from another one in that it harmonises nothing."""

    config: RunConfig
    material: Material
    trained: Trained


def plain(config: RunConfig) -> RunConfig:
    """The same run with nothing harmonised; equal to the run where it harmonises nothing."""
    modalities = {name: _plain(modality) for name, modality in config.modalities.items()}
    none = NoInvarianceConfig(name="none")
    return config.model_copy(update={"modalities": modalities, "invariance": none})


def _plain(modality: ModalityConfig) -> ModalityConfig:
    match modality:
        case VolumeConfig(normalise="nyul"):
            return modality.model_copy(update={"normalise": "brain_zscore"})
        case BagConfig():
            return modality.model_copy(update={"stain": None, "harmonise": None})
        case VectorConfig():
            return modality.model_copy(update={"harmonise": None})
        case _:
            return modality


def learn_unharmonised(
    config: RunConfig,
    material: Material,
    *,
    folder: Path,
    resume_command: str,
    say: Callable[[str], None],
) -> Unharmonised | None:
    """Read and train once more without harmonising, on the same split.

    Args:
        config: of the run.
        material: of the run; read again only where reading differs.
        folder: of the run, which holds its split.
        resume_command: told to the user after an interruption.
        say: tells the user what goes on.

    Returns:
        None where the run harmonises nothing, or does not want to know.

    Raises:
        CohortError: for files that cannot be used; those of the run's own reading can.
        Interrupted: after a signal, with the checkpoint saved.
    """
    before = plain(config)
    if before == config or not config.evaluation.unharmonised:
        return None
    say("[bold]4/5 training[/] the same fusion without harmonising")
    as_read = material if before.modalities == config.modalities else prepare(before, folder)
    trained = learn_fusion(
        before,
        as_read,
        folder=folder / "models" / "not_harmonised",
        prefix="not_harmonised_",
        resume_command=resume_command,
        say=say,
    )
    return Unharmonised(before, as_read, trained)
