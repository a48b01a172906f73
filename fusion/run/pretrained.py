"""Whether what a run begins with has met patients whom it must not have met."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fusion.config.modality import BagConfig, OwnEncoderConfig
from fusion.config.run import RunConfig
from fusion.data.prepare.patch_encoders.own_model import read_card
from fusion.errors import LeakageError
from fusion.run.acquaintance import met_by_id
from fusion.run.first_weights import asked_weights
from fusion.run.volume_card import volume_card
from fusion.types import PatientId


@dataclass(frozen=True)
class Taught:
    """Something that learned from patients before the run."""

    what: str
    memory: Mapping[str, Any]
    """Salted hashes of the patients."""
    script: str
    """By which it is made again."""


def tile_encoders(config: RunConfig) -> list[Taught]:
    """One's own encoders of tiles.

    Raises:
        ConfigError: where one has no card.
    """
    found = []
    for name, modality in sorted(config.modalities.items()):
        if isinstance(modality, BagConfig):
            encoder = modality.patch_encoder
            if isinstance(encoder, OwnEncoderConfig):
                memory = read_card(Path(encoder.folder)).get("training_patients")
                what = f"the tile encoder of {name}, {encoder.folder}, learned from slides"
                found += [] if memory is None else [Taught(what, memory, "pretrain_tiles")]
    return found


def volume_weights(config: RunConfig) -> list[Taught]:
    """First weights of encoders of volumes that have a card.

    Raises:
        ConfigError: where the file is absent.
    """
    cards = {n: (w.file, volume_card(Path(w.file))) for n, (_, w) in asked_weights(config).items()}
    return [
        _volumes(name, file, card["training_patients"])
        for name, (file, card) in cards.items()
        if card is not None
    ]


def bundle_weights(about: Mapping[str, Any]) -> list[Taught]:
    """The same of a bundle, which needs no file of theirs."""
    return [
        _volumes(name, kept["file"], kept["training_patients"])
        for name, kept in about.get("first_weights", {}).items()
        if kept["training_patients"] is not None
    ]


def _volumes(name: str, file: str, memory: Mapping[str, Any]) -> Taught:
    what = f"the first weights of {name}, {file}, learned from volumes"
    return Taught(what, memory, "pretrain_volumes")


def refuse_taught(taught: Iterable[Taught], patients: Iterable[PatientId], *, cohort: str) -> None:
    """Stop where these patients taught what the run begins with.

    Without labels too it is fitting: features of images that a network has seen come out better
    than those of images that it has not, and so would the metrics.

    Args:
        taught: what learned before the run.
        patients: all but those of training.
        cohort: what theirs is called.

    Raises:
        LeakageError: naming them, what has met them, and what to do.
    """
    asked = list(patients)
    for one in taught:
        met = met_by_id(one.memory, asked)
        if met:
            raise LeakageError(
                f"{one.what} of {len(met)} patients of {cohort} who are not in training here: "
                f"{', '.join(met[:5])}{' ...' if len(met) > 5 else ''}. Learn it from the training "
                f"patients of this split: scripts/{one.script}.py split=split.json of this run"
            )
