"""Encoders whose network begins with the weights of a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fusion.config.run import RunConfig
from fusion.config.volume import VolumeConfig
from fusion.config.volume_encoders import TumourEncoderConfig
from fusion.config.weights import WeightsConfig
from fusion.encoders.base import Encoder
from fusion.encoders.weights import compare, take
from fusion.encoders.weights_refuse import refuse_misfit
from fusion.errors import ConfigError
from fusion.lit.rank import rank
from fusion.run.bundle_files import read_json, write_json
from fusion.run.trained import Trained
from fusion.run.volume_card import refuse_other_reading, volume_card


def asked_weights(config: RunConfig) -> dict[str, tuple[VolumeConfig, WeightsConfig]]:
    """Modality -> its configuration, where that names a file."""
    return {
        name: (modality, modality.encoder.weights)
        for name, modality in sorted(config.modalities.items())
        if isinstance(modality, VolumeConfig) and modality.encoder.weights is not None
    }


def report_path(folder: Path, modality: str) -> Path:
    """Where a run says what became of each tensor."""
    return folder / f"weights_{modality}.json"


def first_weights(config: RunConfig, trained: Trained, folder: Path) -> None:
    """Load them, and write `weights_MODALITY.json`, also where they are then refused.

    Args:
        config: of the run.
        trained: has learned nothing yet.
        folder: of the run.

    Raises:
        ConfigError: where the file does not fit, or `adapt.start` names a bundle as well.
    """
    for name, (modality, weights) in asked_weights(config).items():
        if name not in trained.modalities:
            continue
        where = f"modalities.{name}.encoder.weights"
        if modality.adapt.start is not None:
            raise ConfigError(f"{where} and adapt.start both say what {name} begins with; keep one")
        place, encoder = Path(weights.file), trained.model.encoders[name]
        assert isinstance(encoder, Encoder)
        try:
            card = volume_card(place)
            found = compare(encoder, place, network=network_of(modality), prefix=weights.prefix)
            memory = None if card is None else card["training_patients"]
            if rank() == 0:
                report = {**found.report(), "training_patients": memory}
                write_json(report_path(folder, name), report)
            refuse_misfit(found, least_share=weights.least_share)
            if card is not None:
                refuse_other_reading(modality, card, weights.file)
        except ConfigError as error:
            raise ConfigError(f"{where}: {error}") from error
        take(encoder, found)


def network_of(config: VolumeConfig) -> str:
    """Name of the network that the encoder wraps."""
    encoder = config.encoder
    return encoder.network if isinstance(encoder, TumourEncoderConfig) else encoder.name


def recorded(config: RunConfig, folder: Path) -> dict[str, Mapping[str, Any]]:
    """Modality -> what the bundle keeps of the weights that its encoder began with.

    Args:
        config: of the run.
        folder: of the run, after training.
    """
    kept = ("file", "sha256", "network", "prefix", "tensors", "share", "training_patients")
    return {
        name: {key: report[key] for key in kept}
        for name in asked_weights(config)
        for report in [read_json(report_path(folder, name))]
    }


def told(config: RunConfig, folder: Path) -> list[str]:
    """A sentence for each modality, for the report."""
    return [
        f"{name} began with {len(report['matched'])} of {report['tensors']} tensors of its network "
        f"{report['network']} from {report['file']} (SHA-256 {report['sha256'][:12]}); "
        f"{report_path(folder, name).name} lists them."
        for name in asked_weights(config)
        for report in [read_json(report_path(folder, name))]
    ]
