"""Encoders that begin where those of a bundle ended, or with the weights of a file."""

from collections.abc import Sequence
from typing import Any

from fusion.config.modality import ModalityConfig
from fusion.config.run import RunConfig
from fusion.data.source import Source
from fusion.data.sources.bag import BagSource
from fusion.data.sources.vector import VectorSource
from fusion.encoders.base import Encoder
from fusion.encoders.lora import load_plain, plain_weights
from fusion.errors import ConfigError, LeakageError
from fusion.run.acquaintance import met_by_id
from fusion.run.bundle import load_bundle
from fusion.run.first_weights import first_weights
from fusion.run.material import Material
from fusion.run.place import Place
from fusion.run.pretrained import bundle_weights
from fusion.run.trained import Trained


def start(config: RunConfig, trained: Trained, material: Material) -> None:
    """Take the first weights of every encoder that names a bundle, or a file.

    Raises:
        LeakageError: where the bundle has met a patient that this run is tested on.
        ConfigError: where the bundle has no such modality, or reads or encodes it otherwise; or
            where the file does not fit.
    """
    first_weights(config, trained, material.fitted.path.parent)
    for name in trained.modalities:
        folder = config.modalities[name].adapt.start
        if folder is None:
            continue
        bundle = load_bundle(folder)
        if name not in bundle.trained.modalities:
            there = ", ".join(bundle.trained.modalities)
            raise ConfigError(f"modalities.{name}.adapt.start: {folder} has only {there}")
        for memory in (
            bundle.about["training_patients"],
            *(taught.memory for taught in bundle_weights(bundle.about)),
        ):
            refuse_met(memory, material.places, f"{name}: {folder}")
        mine, theirs = config.modalities[name], bundle.config.modalities[name]
        differing = differences(mine, theirs, material.inputs.sources[name], bundle.sources[name])
        if differing:
            raise ConfigError(
                f"modalities.{name}.adapt.start: {folder} reads {name} otherwise, by its "
                f"{', '.join(differing)}; an encoder must see what it has learned to read"
            )
        source, target = bundle.trained.model.encoders[name], trained.model.encoders[name]
        assert isinstance(source, Encoder)
        assert isinstance(target, Encoder)
        try:
            load_plain(target, plain_weights(source))
        except ConfigError as error:
            raise ConfigError(f"modalities.{name}.adapt.start: {folder}: {error}") from error


def refuse_met(memory: Any, places: Sequence[Place], what: str) -> None:
    """Stop where a patient of the test part or of an external cohort is known already.

    Patients of validation may be: they choose the epoch here as they did there.

    Raises:
        LeakageError: naming the patients.
    """
    tested = [p for place in places if place.part in ("test", "external") for p in place.patients]
    met = met_by_id(memory, tested)
    if met:
        raise LeakageError(
            f"{what} has learned from {len(met)} patients that this run is tested on: "
            f"{', '.join(met[:5])}{' ...' if len(met) > 5 else ''}; train it on the same split"
        )


def differences(
    mine: ModalityConfig, theirs: ModalityConfig, source: Source, other: Source
) -> list[str]:
    """Settings by which a modality is read differently, and columns that are not the same."""
    beside = {
        "adapt",
        "augment",
        "encoder",
        "keep_tiles",
        "mix_tiles",
        "noise",
        "patch_encoder",
        "workers",
        "table",
    }
    ours, its = (config.model_dump(exclude=beside) for config in (mine, theirs))
    found = sorted(key for key in ours.keys() | its.keys() if ours.get(key) != its.get(key))
    if isinstance(source, BagSource) and isinstance(other, BagSource):
        found += ["patch_encoder"] * (source.state()["made_by"] != other.state()["made_by"])
    if isinstance(source, VectorSource) and isinstance(other, VectorSource):
        assert source.preprocess is not None
        assert other.preprocess is not None
        found += ["columns"] * (source.preprocess.names != other.preprocess.names)
    return found
